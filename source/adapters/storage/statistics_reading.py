"""What is counted: of one thread, and of what people caused."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    Subquery,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from source.adapters.storage.octets import octets
from source.adapters.storage.seen_places import is_of
from source.adapters.storage.tables import conversations, messages, threads, usage
from source.domain.forever import ReplyCalls, forever_input_tokens
from source.domain.message import MessageType, Standing
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import Purpose
from source.ports.store import ThreadStatistics, UsageTotals

# The places of rows of the same moment: a call comes after what it answers and before what it said.
_ASKED: Final = 0
_CALLED: Final = 1
_ANSWERED: Final = 2
# Calls are stored in nearly the order in which they began: a long one comes this much later at the most.
_OUT_OF_ORDER: Final = timedelta(hours=1)
_CHAT: Final = MessageType.CHAT.value


def thread_statistics(connection: Connection, thread: ThreadKey) -> ThreadStatistics:
    """Count everything of one thread; texts are measured where they are."""
    here = select(conversations.c.id).join(threads, threads.c.id == conversations.c.thread_key).where(is_of(thread))
    said = select(func.count()).where(
        messages.c.conversation_id.in_(here),
        messages.c.message_type == _CHAT,
        messages.c.standing == Standing.KEPT.value,
    )
    return ThreadStatistics(
        conversations=connection.execute(select(func.count()).select_from(here.subquery())).scalar_one(),
        messages=connection.execute(said).scalar_one(),
        usage=_totals(connection, here),
        forever_input_tokens=forever_input_tokens(_reply_calls(connection, here)),
    )


def tokens_since(connection: Connection, platform: Platform, since: datetime) -> dict[str, int]:
    """Sum what people's calls took, reading backwards from the newest call as far as needed."""
    before = (
        select(usage.c.id)
        .where(usage.c.created_at < since - _OUT_OF_ORDER)
        .order_by(usage.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    # Summed first: joined first, all the platform's conversations would be gone through.
    recent = (
        select(
            usage.c.person,
            usage.c.conversation_id,
            func.sum(usage.c.input_tokens + usage.c.output_tokens).label("tokens"),
        )
        .where(usage.c.id > func.coalesce(before, 0), usage.c.created_at >= since, usage.c.person.is_not(None))
        .group_by(usage.c.person, usage.c.conversation_id)
        .subquery()
    )
    query = (
        select(recent.c.person, func.sum(recent.c.tokens).label("tokens"))
        .join(conversations, conversations.c.id == recent.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(threads.c.platform == platform.value)
        .group_by(recent.c.person)
    )
    return {row.person: int(row.tokens) for row in connection.execute(query)}


def _totals(connection: Connection, here: Select[tuple[int]]) -> UsageTotals:
    query = select(
        func.count(),
        *(func.sum(usage.c[name]) for name in ("input_tokens", "cached_tokens", "output_tokens", "cost")),
    ).where(usage.c.conversation_id.in_(here))
    calls, input_tokens, cached_tokens, output_tokens, cost = connection.execute(query).one()
    return UsageTotals(
        calls,
        int(input_tokens or 0),
        int(cached_tokens or 0),
        int(output_tokens or 0),
        None if cost is None else int(cost),
    )


def _reply_calls(connection: Connection, here: Select[tuple[int]]) -> list[ReplyCalls]:
    """Return the calls of each model in each conversation; where no call is known, each reply stands for one."""
    timeline = _timeline(here)
    calls = _calls(timeline)
    grew = (calls.c.tokens > calls.c.tokens_before) & (calls.c.shown > calls.c.shown_before)
    is_first = calls.c.shown_before.is_(None)
    query = select(
        func.count(),
        func.sum(calls.c.before),
        func.sum(case((grew, calls.c.tokens - calls.c.tokens_before), else_=0)),
        func.sum(case((grew, calls.c.shown - calls.c.shown_before), else_=0)),
        func.max(case((is_first, calls.c.tokens))),
        func.max(case((is_first, calls.c.shown), else_=0)),
    ).group_by(calls.c.conversation_id, calls.c.model)
    found = [
        ReplyCalls(number, int(before), int(grown), int(longer), tokens, int(shown))
        for number, before, grown, longer, tokens, shown in connection.execute(query)
    ]
    if found:
        return found
    replies = select(func.count(), func.sum(timeline.c.before - timeline.c.size))
    number, size = connection.execute(replies.where(timeline.c.place == _ANSWERED, timeline.c.is_chat)).one()
    return [ReplyCalls(number, int(size or 0))]


def _timeline(here: Select[tuple[int]]) -> Subquery:
    """Everything said and every call for a reply in order, each with what had been said up to it.

    `before` counts what was said in the thread, `shown` what the model was shown of the conversation.
    """
    rows = union_all(_said(here), _called(here)).subquery()
    order = (rows.c.created_at, rows.c.place, rows.c.key)
    return select(
        *rows.c,
        func.sum(rows.c.size).over(order_by=order, rows=(None, 0)).label("before"),
        func.sum(rows.c.shown_size)
        .over(partition_by=rows.c.conversation_id, order_by=order, rows=(None, 0))
        .label("shown"),
    ).subquery()


def _said(here: Select[tuple[int]]) -> Select[Any]:
    is_chat = messages.c.message_type == _CHAT
    size = octets(messages.c.content)
    return select(
        messages.c.conversation_id,
        messages.c.created_at,
        case((messages.c.requester.is_(None), _ANSWERED), else_=_ASKED).label("place"),
        messages.c.id.label("key"),
        is_chat.label("is_chat"),
        case((is_chat, size), else_=0).label("size"),
        (size + func.coalesce(octets(cast(messages.c.tools, Text)), 0)).label("shown_size"),
        cast(null(), String).label("model"),
        cast(null(), Integer).label("tokens"),
    ).where(
        messages.c.conversation_id.in_(here),
        messages.c.message_type != MessageType.THINKING.value,
        messages.c.standing == Standing.KEPT.value,
    )


def _called(here: Select[tuple[int]]) -> Select[Any]:
    return select(
        usage.c.conversation_id,
        usage.c.created_at,
        literal(_CALLED),
        usage.c.id,
        literal(False),
        literal(0),
        literal(0),
        usage.c.model,
        case((usage.c.estimated, null()), else_=usage.c.input_tokens),
    ).where(usage.c.conversation_id.in_(here), usage.c.purpose == Purpose.REPLY.value)


def _calls(timeline: Subquery) -> Subquery:
    """The calls alone, each with the one before it of the same model in the same conversation."""
    order = (timeline.c.created_at, timeline.c.key)

    def earlier(column: ColumnElement[int]) -> ColumnElement[int]:
        return func.lag(column).over(partition_by=(timeline.c.conversation_id, timeline.c.model), order_by=order)

    return (
        select(
            timeline.c.conversation_id,
            timeline.c.model,
            timeline.c.before,
            timeline.c.shown,
            timeline.c.tokens,
            earlier(timeline.c.shown).label("shown_before"),
            earlier(timeline.c.tokens).label("tokens_before"),
        )
        .where(timeline.c.place == _CALLED)
        .subquery()
    )
