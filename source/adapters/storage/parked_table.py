"""What waits until a person writes again, in the database."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache, partial

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, or_, select, text, update

from source.adapters.storage.parked_tables import last_written, parked_replies
from source.adapters.storage.sql_access import Insert, SqlAccess, insert_for, insert_of
from source.adapters.storage.tables import events, sent_parts, threads
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import EventState
from source.ports.parked import ParkedReason, ParkedReply
from source.ports.webhooks import Wrote

_PARKED = parked_replies.c
# As text: a bound value would hide from the planner that the partial index applies.
_WAITS = text("events.state = 'answered' AND events.state <> 'delivered'")


class ParkedTable:
    """Implements `ParkedReplies` and `WritingTimes`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def park(self, key: int, reason: ParkedReason, *, is_told: bool) -> None:
        await self._access.change(partial(_park, key, reason, is_told))

    async def settle(self, key: int) -> None:
        await self._access.change(lambda connection, _now: forget_parked(connection, [key]))

    async def parked(self, platform: Platform | None = None, *, limit: int = 100, offset: int = 0) -> list[ParkedReply]:
        query = _waiting().order_by(_PARKED.parked_at, _PARKED.key).limit(limit).offset(offset)
        if platform is not None:
            query = query.where(events.c.platform == platform.value)
        return await self._access.read(_replies, query)

    async def in_thread(self, thread: ThreadKey) -> list[ParkedReply]:
        is_there = threads.c.platform == thread.platform.value, threads.c.thread_id == thread.thread_id
        return await self._access.read(_replies, _waiting().where(*is_there).order_by(_PARKED.key))

    async def count(self) -> int:
        return await self._access.read(_count)

    async def drop(self, platform: Platform, before: datetime) -> list[int]:
        return await self._access.change(lambda connection, _now: _drop(connection, platform, before))

    async def return_to_waiting(self, key: int, parts: Sequence[int]) -> ThreadKey | None:
        return await self._access.change(partial(_return, key, parts))

    async def is_on_its_way(self, key: int) -> bool:
        # Behind all that is being written, or what has just arrived would still seem to be on its way.
        return await self._access.change(lambda connection, _now: _is_on_its_way(connection, key))

    async def wrote_at(self, platform: Platform, contact_id: int) -> datetime | None:
        return await self._access.read(_wrote_at, platform, contact_id)


def note_written(connection: Connection, platform: Platform, wrote: Sequence[Wrote]) -> None:
    """Note when people wrote last, whatever the order in which that came."""
    latest: dict[int, datetime] = {}
    for each in wrote:
        latest[each.contact_id] = max(each.at, latest.get(each.contact_id, each.at))
    rows = [{"platform": platform.value, "contact_id": each, "wrote_at": latest[each]} for each in sorted(latest)]
    if rows:
        connection.execute(_put_written(connection.dialect.name), rows)


@cache
def _put_written(dialect: str) -> Insert:
    put = insert_for(dialect, last_written)
    is_later = last_written.c.wrote_at < put.excluded.wrote_at
    newer = {"wrote_at": put.excluded.wrote_at}
    return put.on_conflict_do_update(index_elements=["platform", "contact_id"], set_=newer, where=is_later)


def forget_parked(connection: Connection, keys: Sequence[int]) -> None:
    """Forget that the replies to these events waited."""
    connection.execute(delete(parked_replies).where(_PARKED.key.in_(keys)))


def forget_written(connection: Connection, platform: Platform, contact_id: int) -> None:
    """Forget when somebody wrote last."""
    theirs = last_written.c.platform == platform.value, last_written.c.contact_id == contact_id
    connection.execute(delete(last_written).where(*theirs))


def _park(key: int, reason: ParkedReason, is_told: bool, connection: Connection, now: datetime) -> None:
    row = {"key": key, "reason": reason.value, "is_told": is_told, "parked_at": now}
    put = insert_of(connection, parked_replies).values(row)
    noted = {"reason": put.excluded.reason, "is_told": put.excluded.is_told}
    connection.execute(put.on_conflict_do_update(index_elements=["key"], set_=noted))


def _waiting() -> Select[tuple[object, ...]]:
    return (
        select(parked_replies, events.c.conversation_id, events.c.reply_id, threads.c.platform, threads.c.thread_id)
        .join(events, events.c.id == _PARKED.key)
        .join(threads, threads.c.id == events.c.thread_key)
        .where(_WAITS)
    )


def _replies(connection: Connection, query: Select[tuple[object, ...]]) -> list[ParkedReply]:
    return [
        ParkedReply(
            key=row.key,
            thread=ThreadKey(Platform(row.platform), row.thread_id),
            conversation_id=row.conversation_id,
            message_id=row.reply_id,
            reason=ParkedReason(row.reason),
            is_told=row.is_told,
            parked_at=row.parked_at,
        )
        for row in connection.execute(query)
    ]


def _count(connection: Connection) -> int:
    query = select(func.count()).select_from(parked_replies).join(events, events.c.id == _PARKED.key)
    return int(connection.execute(query.where(_WAITS)).scalar_one())


def _drop(connection: Connection, platform: Platform, before: datetime) -> list[int]:
    query = select(_PARKED.key).join(events, events.c.id == _PARKED.key)
    keys = list(
        connection.execute(query.where(events.c.platform == platform.value, _PARKED.parked_at < before)).scalars()
    )
    for key in keys:
        connection.execute(
            update(events).where(_is_same_reply(connection, key)).values(state=EventState.DELIVERED.value)
        )
    forget_parked(connection, keys)
    return keys


def _return(key: int, parts: Sequence[int], connection: Connection, _now: datetime) -> ThreadKey | None:
    # Of several parts each is told by itself: by then the reply may wait for the others.
    seemed_there = or_(events.c.state == EventState.DELIVERED.value, _is_parked(key))
    was_there = (seemed_there, events.c.reply_id.is_not(None))
    put = update(events).where(_is_same_reply(connection, key), *was_there).values(state=EventState.ANSWERED.value)
    if not connection.execute(put).rowcount:
        return None
    connection.execute(delete(sent_parts).where(sent_parts.c.key == key, sent_parts.c.part.in_(parts)))
    query = select(threads.c.platform, threads.c.thread_id).join(events, events.c.thread_key == threads.c.id)
    row = connection.execute(query.where(events.c.id == key)).one()
    return ThreadKey(Platform(row.platform), row.thread_id)


def _is_parked(key: int) -> ColumnElement[bool]:
    return select(_PARKED.key).where(_PARKED.key == key).exists()


def _is_on_its_way(connection: Connection, key: int) -> bool:
    is_undelivered = events.c.state == EventState.ANSWERED.value, events.c.reply_id.is_not(None)
    query = select(events.c.id).where(events.c.id == key, *is_undelivered, ~_is_parked(key))
    return connection.execute(query).first() is not None


def _is_same_reply(connection: Connection, key: int) -> ColumnElement[bool]:
    """Whether an event is answered by the reply to this one."""
    event = connection.execute(select(events.c.conversation_id, events.c.reply_id).where(events.c.id == key)).first()
    if event is None or event.reply_id is None:
        return events.c.id == key
    return and_(events.c.conversation_id == event.conversation_id, events.c.reply_id == event.reply_id)


def _wrote_at(connection: Connection, platform: Platform, contact_id: int) -> datetime | None:
    theirs = last_written.c.platform == platform.value, last_written.c.contact_id == contact_id
    found: datetime | None = connection.execute(select(last_written.c.wrote_at).where(*theirs)).scalar()
    return found
