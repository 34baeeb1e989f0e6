"""The statements of recall, each made once for a gaze: what somebody asks for is given as values."""

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal_column, select, text

from source.adapters.storage.row_reading import THREAD_COLUMNS
from source.adapters.storage.seen_places import Gaze
from source.adapters.storage.tables import (
    aliases,
    conversations,
    message_changes,
    messages,
    participants,
    search_progress,
    threads,
)
from source.domain.message import MessageType, Standing

SAID: Final = (
    messages.c.message_type == MessageType.CHAT.value,
    messages.c.standing == Standing.KEPT.value,
)
TURN: Final = (
    messages.c.conversation_id,
    messages.c.id,
    messages.c.created_at,
    messages.c.requester,
    messages.c.content,
    threads.c.platform,
)
TOLD_COLUMNS: Final = (
    *TURN,
    messages.c.event_id,
    aliases.c.display_name,
    *(each for each in THREAD_COLUMNS if each.name != "platform"),
)

# Around a hit, as far as its neighbours are looked at.
_AROUND: Final = 2
_LAST_ID: Final = 2**63 - 1

REVISION: Final = select(search_progress.c.revision)
# The oldest change that is remembered: of what came before nothing is known.
OLDEST_CHANGE: Final = select(func.min(message_changes.c.revision))
CHANGED: Final = (
    select(message_changes.c.conversation_id)
    .where(message_changes.c.revision > bindparam("since"))
    .distinct()
    .limit(bindparam("most"))
)


def is_one_of(column: ColumnElement[int], dialect: str, name: str = "numbers") -> ColumnElement[bool]:
    """Limit a statement to numbers that are given as one value, a list as JSON, however many they are."""
    each = f"value::bigint FROM json_array_elements_text(CAST(:{name} AS json))"
    # A constant but for the name of the parameter.
    numbers = text(f"SELECT {each if dialect == 'postgresql' else f'value FROM json_each(:{name})'}")  # noqa: S608
    return column.in_(numbers.columns(messages.c.seq))


@cache
def last_in(gaze: Gaze) -> Select[Any]:
    """Select the newest `most` conversations that are seen, each with the id of its last message."""
    last = select(func.max(messages.c.id)).where(messages.c.conversation_id == conversations.c.id).scalar_subquery()
    return (
        select(conversations.c.id, last)
        .where(*gaze.limits(conversations.c.id))
        .order_by(conversations.c.id.desc())
        .limit(bindparam("most"))
    )


@cache
def people_in(dialect: str) -> Select[Any]:
    """Select who took part in conversations."""
    return _people().where(is_one_of(participants.c.conversation_id, dialect))


@cache
def people_seen(gaze: Gaze) -> Select[Any]:
    """Select who took part in any conversation that is seen, up to `most` of them."""
    return _people().where(*gaze.limits(participants.c.conversation_id)).limit(bindparam("most"))


def _people() -> Select[Any]:
    return (
        select(aliases.c.platform, aliases.c.external_id, aliases.c.display_name)
        .join(participants, participants.c.external_id == aliases.c.external_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, and_(threads.c.id == conversations.c.thread_key, threads.c.platform == aliases.c.platform))
        .distinct()
    )


@cache
def askers_of(gaze: Gaze) -> Select[Any] | None:
    """Select the accounts of the one who looks; None: there is not one."""
    is_asker = gaze.is_asker()
    return None if is_asker is None else select(aliases.c.platform, aliases.c.external_id).where(is_asker)


@cache
def told_to(gaze: Gaze, dialect: str) -> Select[Any]:
    """Select messages that are seen, by their ids."""
    sees = gaze.sees(messages.c.conversation_id)
    return _told().where(is_one_of(messages.c.id, dialect), *sees)


@cache
def standing_of(dialect: str) -> Select[Any]:
    """Select those of messages, by `seq`, that were said and stand; none of the conversation `besides`."""
    is_elsewhere = messages.c.conversation_id != bindparam("besides")
    return select(messages.c.seq).where(is_one_of(messages.c.seq, dialect), *SAID, is_elsewhere)


@cache
def newest_said_by() -> Select[Any]:
    """Select the newest `most` messages of an account, by `seq`; none of the conversation `besides`."""
    there = (
        select(participants.c.conversation_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(participants.c.external_id == bindparam("external_id"), threads.c.platform == bindparam("platform"))
    )
    theirs = (messages.c.conversation_id.in_(there), messages.c.requester == bindparam("external_id"))
    query = select(messages.c.seq).where(*theirs, *SAID, messages.c.conversation_id != bindparam("besides"))
    return query.order_by(messages.c.seq.desc()).limit(bindparam("most"))


@cache
def turns_of(gaze: Gaze, dialect: str) -> Select[Any]:
    """Select messages that are seen, by `seq`, in order."""
    query = _told().where(is_one_of(messages.c.seq, dialect), *gaze.sees(messages.c.conversation_id))
    return query.order_by(messages.c.conversation_id, messages.c.id)


@cache
def turns_around(dialect: str) -> Select[Any]:
    """Select messages, by `seq`, and those around each, in order."""
    hit, near = messages.alias("hit"), messages.alias("near")
    first = _beside(hit.c.conversation_id, hit.c.id, is_before=True)
    last = _beside(hit.c.conversation_id, hit.c.id, is_before=False)
    together = and_(
        near.c.conversation_id == hit.c.conversation_id,
        near.c.id >= func.coalesce(first.scalar_subquery(), 0),
        near.c.id <= func.coalesce(last.scalar_subquery(), literal_column(str(_LAST_ID))),
    )
    around = select(near.c.seq).select_from(hit).join(near, together).where(is_one_of(hit.c.seq, dialect))
    query = _told().where(messages.c.seq.in_(around))
    return query.order_by(messages.c.conversation_id, messages.c.id)


def _beside(conversation_id: ColumnElement[int], message_id: ColumnElement[int], *, is_before: bool) -> Select[Any]:
    """Select the id of the message that was said so many before or after another in its conversation."""
    other = messages.alias("other")
    said = (other.c.message_type == MessageType.CHAT.value, other.c.standing == Standing.KEPT.value)
    there = other.c.id < message_id if is_before else other.c.id > message_id
    order = other.c.id.desc() if is_before else other.c.id
    query = select(other.c.id).where(other.c.conversation_id == conversation_id, there, *said)
    return query.order_by(order).limit(1).offset(_AROUND - 1)


@cache
def said_in_whole(dialect: str) -> Select[Any]:
    """Select the first `most` turns of conversations, in order."""
    query = spoken(*TURN).where(is_one_of(messages.c.conversation_id, dialect))
    return query.order_by(messages.c.conversation_id, messages.c.id).limit(bindparam("most"))


@cache
def said_since() -> Select[Any]:
    """Select the first `most` turns of a conversation after a message."""
    since = and_(messages.c.conversation_id == bindparam("conversation"), messages.c.id > bindparam("after"))
    return spoken(*TURN).where(since).order_by(messages.c.id).limit(bindparam("most"))


def _told() -> Select[Any]:
    theirs = and_(aliases.c.platform == threads.c.platform, aliases.c.external_id == messages.c.requester)
    return spoken(*TOLD_COLUMNS).outerjoin(aliases, theirs)


def spoken(*columns: Any) -> Select[Any]:
    """Select columns of what was said and stands."""
    return (
        select(*columns)
        .select_from(messages)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(*SAID)
    )
