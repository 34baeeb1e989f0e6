"""Figures for the people who run Echo, counted in the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from source.adapters.storage.database_space import database_bytes
from source.adapters.storage.operation_tables import archives, conversation_memories
from source.adapters.storage.session_figures import session_figures
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import (
    BY_PEOPLE,
    SAID,
    UNFINISHED,
    conversations,
    events,
    feedback,
    messages,
    people,
    threads,
    usage,
)
from source.domain.turn import EventState
from source.ports.operations import Activity, Span, SpanFigures, StoreFigures
from source.ports.store import UsageTotals

# Calls are stored in nearly the order in which they began: a long one comes this much later at the most.
_OUT_OF_ORDER: Final = timedelta(hours=1)


class OperationsReading:
    """Implements OperationsStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def figures(self) -> StoreFigures:
        size = await database_bytes(self._access)
        return await self._access.read(_figures, size)

    async def activity(self, parts: Sequence[Span]) -> Activity:
        return await self._access.read(_activity, list(parts))


def _figures(connection: Connection, database_size: int) -> StoreFigures:
    archived = select(archives.c.conversation_id)
    archived_chats = (
        select(func.count(func.distinct(conversations.c.thread_key)))
        .select_from(archives)
        .join(conversations, conversations.c.id == archives.c.conversation_id)
    )
    return StoreFigures(
        chats=_rows_of(connection, threads),
        conversations=_rows_of(connection, conversations),
        messages=_number(connection, _said()),
        archived_chats=_number(connection, archived_chats),
        archived_conversations=_rows_of(connection, archives),
        archived_messages=_number(connection, _said().where(messages.c.conversation_id.in_(archived))),
        memories=_rows_of(connection, conversation_memories),
        people=_rows_of(connection, people),
        database_bytes=database_size,
        oldest_message=_first(connection, messages.c.created_at.asc()),
        newest_message=_first(connection, messages.c.created_at.desc()),
    )


def _activity(connection: Connection, parts: list[Span]) -> Activity:
    whole = Span(parts[0].start, parts[-1].end)
    last = parts[-1]
    opinions: dict[int, int] = {row.value: row.number for row in connection.execute(_opinions(whole))}
    return Activity(
        parts=[_span_figures(connection, span) for span in parts],
        people_in_last=_number(connection, _people_in(last)),
        sessions=session_figures(connection, whole),
        usage={row.model: _totals(row) for row in connection.execute(_usage(whole, usage.c.model))},
        usage_in_last=_totals(connection.execute(_usage(last)).one()),
        feedback_up=opinions.get(1, 0),
        feedback_down=opinions.get(-1, 0),
        unanswered=_number(connection, _unanswered()),
    )


def _span_figures(connection: Connection, span: Span) -> SpanFigures:
    begun = select(func.count()).where(_in(conversations.c.created_at, span))
    return SpanFigures(
        sessions=_number(connection, begun),
        messages=_number(connection, _said().where(_in(messages.c.created_at, span))),
    )


def _said() -> Select[Any]:
    # As text: a bound value would hide from the planner that the partial index applies.
    return select(func.count()).select_from(messages).where(SAID)


def _first(connection: Connection, order: ColumnElement[Any]) -> datetime | None:
    said: datetime | None = connection.execute(
        select(messages.c.created_at).where(SAID).order_by(order).limit(1)
    ).scalar()
    return said


def _people_in(span: Span) -> Select[Any]:
    """Select how many people spoke; one id on two platforms is two people."""
    spoke = (
        select(threads.c.platform, messages.c.requester)
        .select_from(messages)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(SAID, _in(messages.c.created_at, span), BY_PEOPLE)
        .distinct()
        .subquery()
    )
    return select(func.count()).select_from(spoke)


def _usage(span: Span, *by: ColumnElement[Any]) -> Select[Any]:
    """Select sums of what model calls took, reading backwards from the newest one as far as needed."""
    before = (
        select(usage.c.id)
        .where(usage.c.created_at < span.start - _OUT_OF_ORDER)
        .order_by(usage.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    names = ("input_tokens", "cached_tokens", "output_tokens", "cost")
    sums = (func.sum(usage.c[name]).label(name) for name in names)
    recent = usage.c.id > func.coalesce(before, 0)
    query = select(*by, func.count().label("calls"), *sums).where(recent, _in(usage.c.created_at, span))
    return query.group_by(*by) if by else query


def _totals(row: Any) -> UsageTotals:
    return UsageTotals(
        calls=row.calls,
        input_tokens=int(row.input_tokens or 0),
        cached_tokens=int(row.cached_tokens or 0),
        output_tokens=int(row.output_tokens or 0),
        cost=None if row.cost is None else int(row.cost),
    )


def _opinions(span: Span) -> Select[Any]:
    number = func.count().label("number")
    return select(feedback.c.value, number).where(_in(feedback.c.given_at, span)).group_by(feedback.c.value)


def _unanswered() -> Select[Any]:
    waits = events.c.state == EventState.ACCEPTED.value
    return select(func.count()).select_from(events).where(UNFINISHED, waits)


def _in(moment: ColumnElement[Any], span: Span) -> ColumnElement[bool]:
    return (moment >= span.start) & (moment < span.end)


def _rows_of(connection: Connection, table: Table) -> int:
    return _number(connection, select(func.count()).select_from(table))


def _number(connection: Connection, query: Select[Any]) -> int:
    return int(connection.execute(query).scalar_one())
