"""How threads stand to their platforms, in the database."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, String, and_, cast, func, or_, select, text

from source.adapters.storage.identity_tables import history_messages
from source.adapters.storage.operation_tables import sync_status
from source.adapters.storage.row_reading import MESSAGE_COLUMNS, THREAD_COLUMNS, AnyRow, message_from, thread_from
from source.adapters.storage.seen_places import is_of
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.adapters.storage.tables import conversations, messages, threads
from source.domain.message import Message, MessageType, Standing
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.ports.metadata import SyncState, SyncStatus


class SyncTable:
    """Implements SyncStore and SaidStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def sync_states(self, *, limit: int = 1_000, offset: int = 0) -> list[SyncState]:
        return await self._access.read(_states, limit, offset)

    async def recent_threads(
        self, platforms: Collection[Platform], since: datetime, *, limit: int = 10_000
    ) -> list[ThreadRef]:
        return await self._access.read(_recent, sorted(platforms), since, limit)

    async def note_synced(self, state: SyncState) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            key = connection.execute(select(threads.c.id).where(is_of(state.thread.key))).scalar()
            if key is not None:
                _put(connection, key, state)

        await self._access.change(apply)

    async def said_in(self, thread: ThreadKey, since: datetime, *, limit: int = 2_000) -> list[Message]:
        return await self._access.read(_said, thread, since, limit)


def _put(connection: Connection, thread_key: int, state: SyncState) -> None:
    insert = insert_of(connection, sync_status).values(
        thread_key=thread_key,
        status=state.status.value,
        last_synced_at=state.last_synced_at,
        last_full_sync_at=state.last_full_sync_at,
        messages_found=state.messages_found,
        error=state.error,
    )
    new = insert.excluded
    changed = {name: new[name] for name in ("status", "messages_found", "error")}
    times = {name: func.coalesce(new[name], sync_status.c[name]) for name in ("last_synced_at", "last_full_sync_at")}
    connection.execute(insert.on_conflict_do_update(index_elements=["thread_key"], set_=changed | times))


def _states(connection: Connection, limit: int, offset: int) -> list[SyncState]:
    past = history_messages.c
    told = select(past.platform, cast(past.contact_id, String).label("thread_id"), func.count().label("messages"))
    waiting = told.group_by(past.platform, past.contact_id).subquery()
    here = and_(waiting.c.platform == threads.c.platform, waiting.c.thread_id == threads.c.thread_id)
    states = select(*THREAD_COLUMNS, sync_status, waiting.c.messages.label("messages_waiting"))
    rows = _least_recently_synced(states).outerjoin(waiting, here).limit(limit).offset(offset)
    return [_state_from(row) for row in connection.execute(rows)]


def _recent(connection: Connection, platforms: list[Platform], since: datetime, limit: int) -> list[ThreadRef]:
    spoken = select(conversations.c.id).where(conversations.c.thread_key == threads.c.id, _is_recent(since))
    query = (
        _least_recently_synced(select(*THREAD_COLUMNS))
        .where(threads.c.platform.in_([platform.value for platform in platforms]), spoken.exists())
        .limit(limit)
    )
    return [thread_from(row) for row in connection.execute(query)]


def _said(connection: Connection, thread: ThreadKey, since: datetime, limit: int) -> list[Message]:
    here = (
        select(conversations.c.id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(is_of(thread), _is_recent(since))
    )
    query = (
        select(*MESSAGE_COLUMNS)
        .where(
            messages.c.conversation_id.in_(here),
            messages.c.message_type == MessageType.CHAT.value,
            messages.c.standing == Standing.KEPT.value,
            messages.c.requester.is_not(None),
            messages.c.event_id.is_not(None),
        )
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    return [message_from(row) for row in connection.execute(query)][::-1]


def _is_recent(since: datetime) -> ColumnElement[bool]:
    return or_(text("conversations.is_active"), conversations.c.last_message_at >= since)


def _least_recently_synced(query: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    return (
        query.select_from(threads)
        .outerjoin(sync_status, sync_status.c.thread_key == threads.c.id)
        .order_by(sync_status.c.last_synced_at.asc().nulls_first(), threads.c.id)
    )


def _state_from(row: AnyRow) -> SyncState:
    known = SyncStatus(row.status) if row.status else SyncStatus.NEVER
    return SyncState(
        thread=thread_from(row),
        status=SyncStatus.RUNNING if row.messages_waiting else known,
        last_synced_at=row.last_synced_at,
        last_full_sync_at=row.last_full_sync_at,
        messages_found=row.messages_found or 0,
        error=row.error,
        messages_waiting=row.messages_waiting or 0,
    )
