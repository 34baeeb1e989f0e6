"""What happens, counted in the database from mark to mark."""

from sqlalchemy import Connection, Select, case, func, select

from source.adapters.storage.operation_tables import tasks
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import BY_PEOPLE, UNFINISHED, conversations, events, messages, threads, usage
from source.domain.message import MessageType
from source.domain.turn import EventState
from source.ports.readings import Activity, ActivityMark, Backlog, CallTotals


class ActivityTable:
    """Implements `ActivityStore`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def present_mark(self) -> ActivityMark:
        return await self._access.read(_present_mark)

    async def activity(self, since: ActivityMark) -> Activity:
        return await self._access.read(_activity, since)

    async def backlog(self) -> Backlog:
        return await self._access.read(_backlog)


def _present_mark(connection: Connection) -> ActivityMark:
    message = connection.scalar(select(func.max(messages.c.seq))) or 0
    return ActivityMark(message, connection.scalar(select(func.max(usage.c.id))) or 0)


def _activity(connection: Connection, since: ActivityMark) -> Activity:
    mark = _present_mark(connection)
    author = case((messages.c.requester.is_(None), "echo"), (BY_PEOPLE, "person"), else_="business").label("author")
    said = (
        select(threads.c.platform, author, func.count())
        .select_from(messages)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(messages.c.seq > since.message, messages.c.seq <= mark.message)
        .where(messages.c.message_type == MessageType.CHAT.value)
        .group_by(threads.c.platform, "author")
    )
    rows = connection.execute(said)
    return Activity({(platform, who): count for platform, who, count in rows}, _calls(connection, since, mark), mark)


def _calls(connection: Connection, since: ActivityMark, mark: ActivityMark) -> list[CallTotals]:
    figures = (usage.c.input_tokens, usage.c.cached_tokens, usage.c.output_tokens, func.coalesce(usage.c.cost, 0))
    query = (
        select(usage.c.model, usage.c.purpose, func.count(), *(func.sum(figure) for figure in figures))
        .where(usage.c.id > since.call, usage.c.id <= mark.call)
        .group_by(usage.c.model, usage.c.purpose)
    )
    rows = connection.execute(query)
    return [CallTotals(model, purpose, *map(int, figures)) for model, purpose, *figures in rows]


def _backlog(connection: Connection) -> Backlog:
    waiting = select(events.c.state, func.count()).where(UNFINISHED).group_by(events.c.state)
    states = _counts(connection, waiting)
    by_status = select(tasks.c.status, func.count()).group_by(tasks.c.status)
    return Backlog(
        unanswered=states.get(EventState.ACCEPTED, 0),
        undelivered=states.get(EventState.ANSWERED, 0),
        tasks=_counts(connection, by_status),
    )


def _counts(connection: Connection, query: Select[str, int]) -> dict[str, int]:
    return {name: count for name, count in connection.execute(query)}  # noqa: C416  (rows are tuples, but no pairs to mypy)
