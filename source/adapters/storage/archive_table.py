"""What is archived, and what is due."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Connection, Executable, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from source.adapters.storage import read_queries
from source.adapters.storage.conversation_deletion import deletion_of
from source.adapters.storage.operation_tables import archives, conversation_memories, conversation_metadata
from source.adapters.storage.row_reading import (
    HEAD_COLUMNS,
    THREAD_COLUMNS,
    AnyRow,
    head_from,
    thread_from,
)
from source.adapters.storage.seen_places import is_of
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import conversations, messages, threads
from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.errors import StoreConflictError
from source.domain.message import Standing, as_utc
from source.domain.thread import ThreadKey, ThreadRef
from source.ports.archives import Archive, ArchivedConversation, ArchiveRule

_ARCHIVED: Final = ConversationState.ARCHIVED.value
_AT_ONCE: Final = 500
_CHANGED: Final = "the conversation was changed meanwhile"

# Made once: archiving asks them of ten thousand conversations.
_THIS: Final = conversations.c.id == bindparam("conversation")
_HEAD: Final = (
    select(*HEAD_COLUMNS, *THREAD_COLUMNS).join(threads, threads.c.id == conversations.c.thread_key).where(_THIS)
)
_OF_THIS: Final = messages.c.conversation_id == conversations.c.id
_IS_KEPT: Final = case((messages.c.standing == Standing.KEPT.value, 1), else_=0)
_STATE: Final = _HEAD.add_columns(
    select(func.count()).where(_OF_THIS).scalar_subquery().label("said"),
    select(func.sum(_IS_KEPT)).where(_OF_THIS).scalar_subquery().label("kept"),
    select(func.max(messages.c.edited_at)).where(_OF_THIS).scalar_subquery().label("last_edited_at"),
)
_PUT_AWAY: Final = update(conversations).where(_THIS).values(state=_ARCHIVED, is_active=False)


class ArchiveTable:
    """Implements `ArchiveStore`; `load` is the store's own."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def load(self, conversation_id: int) -> StoredConversation | None:
        return await self._access.read(read_queries.load, conversation_id)

    async def head_of(self, conversation_id: int) -> ConversationHead | None:
        return await self._access.read(_head_of, conversation_id)

    async def due(self, rule: ArchiveRule, *, limit: int = 10_000) -> list[int]:
        return await self._access.read(_due, rule, limit)

    async def is_due(self, conversation_id: int, rule: ArchiveRule) -> bool:
        return await self._access.read(_is_due, conversation_id, rule)

    async def note_archived(
        self, archive: Archive, *, seen: StoredConversation, rule: ArchiveRule | None = None
    ) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            if not _is_as_seen(connection, seen):
                if archive_noted(connection, archive.conversation_id) == archive:  # applied a second time
                    return
                raise StoreConflictError(_CHANGED)
            if rule is not None and not _is_due(connection, archive.conversation_id, rule):
                raise StoreConflictError(_CHANGED)
            _put_archive(connection, archive)
            connection.execute(_PUT_AWAY, {"conversation": archive.conversation_id})

        await self._access.change(apply)

    async def put_archive(self, archive: Archive, *, seen: StoredConversation) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            if not _is_as_seen(connection, seen):
                raise StoreConflictError(_CHANGED)
            _put_archive(connection, archive)

        await self._access.change(apply)

    async def note_restored(self, conversation_id: int, *, filename: str) -> None:
        def apply(connection: Connection, _now: datetime) -> None:
            connection.execute(delete(archives).where(archives.c.conversation_id == conversation_id))
            connection.execute(
                update(conversations)
                .where(conversations.c.id == conversation_id, conversations.c.state == _ARCHIVED)
                .values(state=ConversationState.ENDED.value, filename=filename)
            )

        await self._access.change(apply)

    async def archive_of(self, conversation_id: int) -> Archive | None:
        return await self._access.read(archive_noted, conversation_id)

    async def archived(
        self, *, before: datetime | None = None, compressed: bool | None = None, limit: int = 50, offset: int = 0
    ) -> list[ArchivedConversation]:
        return await self._access.read(_archived, before, compressed, limit, offset)

    async def count_archived(self) -> int:
        return await self._access.read(_count)

    async def conversations_of(self, threads: Sequence[ThreadKey]) -> dict[ThreadKey, list[int]]:
        return await self._access.read(_conversations_of, threads)

    async def threads_named(self, thread_id: str) -> list[ThreadRef]:
        return await self._access.read(_threads_named, thread_id)

    async def delete_conversations(self, conversation_ids: Sequence[int]) -> int:
        return sum([await self._access.change(deletion_of(each)) for each in conversation_ids])


def archive_noted(connection: Connection, conversation_id: int) -> Archive | None:
    """Return what is noted of a conversation's archive."""
    row = connection.execute(select(archives).where(archives.c.conversation_id == conversation_id)).first()
    return None if row is None else _archive_from(row)


def _archive_from(row: AnyRow) -> Archive:
    return Archive(
        row.conversation_id,
        row.location,
        row.is_compressed,
        row.sha256,
        row.size_bytes,
        row.stored_bytes,
        row.message_count,
        row.reason,
        row.archived_by,
        row.archived_at,
    )


def _put_archive(connection: Connection, archive: Archive) -> None:
    values = {column.name: getattr(archive, column.name) for column in archives.columns}
    connection.execute(_archive_put(connection.dialect.name), values)


@cache
def _archive_put(dialect: str) -> Executable:
    statement = postgresql.insert(archives) if dialect == "postgresql" else sqlite.insert(archives)
    new = {column.name: statement.excluded[column.name] for column in archives.columns}
    return statement.on_conflict_do_update(index_elements=[archives.c.conversation_id], set_=new)


def _is_as_seen(connection: Connection, seen: StoredConversation) -> bool:
    """Compare what tells two states of a conversation apart: its head, and what was said, edited or taken back."""
    row = connection.execute(_STATE, {"conversation": seen.head.conversation_id}).first()
    if row is None or head_from(row) != seen.head:
        return False
    return (row.said, row.kept or 0, row.last_edited_at) == _standing_seen(seen)


def _standing_seen(seen: StoredConversation) -> tuple[int, int, datetime | None]:
    edited = [as_utc(message.edited_at) for message in seen.messages if message.edited_at is not None]
    kept = sum(message.is_kept for message in seen.messages)
    return len(seen.messages), kept, max(edited, default=None)


def _head_of(connection: Connection, conversation_id: int) -> ConversationHead | None:
    row = connection.execute(_HEAD, {"conversation": conversation_id}).first()
    return None if row is None else head_from(row)


def _is_due(connection: Connection, conversation_id: int, rule: ArchiveRule) -> bool:
    return bool(_due(connection, rule, 1, conversations.c.id == conversation_id))


def _due(connection: Connection, rule: ArchiveRule, limit: int, *which: ColumnElement[bool]) -> list[int]:
    activity = read_queries.last_activity()
    reasons = [activity < rule.inactive_before] if rule.inactive_before is not None else []
    if rule.begun_before is not None:
        reasons.append(and_(~conversations.c.is_active, conversations.c.created_at < rule.begun_before))
    if not reasons:
        return []
    kept = conversation_metadata.c
    query = (
        select(conversations.c.id)
        .outerjoin(conversation_metadata, kept.conversation_id == conversations.c.id)
        .outerjoin(conversation_memories, conversation_memories.c.conversation_id == conversations.c.id)
        .where(
            *which,
            conversations.c.state != _ARCHIVED,
            or_(*reasons),
            func.coalesce(kept.is_starred, False).is_(False),
            ~and_(func.coalesce(kept.recall_count, 0) >= rule.often, _since(kept.last_recalled_at, rule)),
            func.coalesce(_open_issues(connection), 0) == 0,
        )
        .order_by(activity, conversations.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _since(recalled: ColumnElement[datetime | None], rule: ArchiveRule) -> ColumnElement[bool]:
    return and_(recalled.is_not(None), recalled >= rule.recalled_since)


def _open_issues(connection: Connection) -> ColumnElement[int]:
    """Count the open issues in a memory, whatever else is in it."""
    data = conversation_memories.c.memory_data
    if connection.dialect.name == "sqlite":
        return func.json_array_length(data, "$.open_issues", type_=conversations.c.context_start.type)
    issues = data["open_issues"]
    return case((func.json_typeof(issues) == "array", func.json_array_length(issues)), else_=0)


def _archived(
    connection: Connection, before: datetime | None, compressed: bool | None, limit: int, offset: int
) -> list[ArchivedConversation]:
    query = (
        select(archives, *HEAD_COLUMNS, *THREAD_COLUMNS)
        .join(conversations, conversations.c.id == archives.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
    )
    if before is not None:
        query = query.where(archives.c.archived_at < before)
    if compressed is not None:
        query = query.where(archives.c.is_compressed.is_(compressed))
    query = query.order_by(archives.c.archived_at.desc(), archives.c.conversation_id.desc()).limit(limit).offset(offset)
    return [ArchivedConversation(_archive_from(row), head_from(row)) for row in connection.execute(query)]


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(archives)).scalar_one()


def _conversations_of(connection: Connection, keys: Sequence[ThreadKey]) -> dict[ThreadKey, list[int]]:
    found: dict[ThreadKey, list[int]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        wanted = or_(*(is_of(key) for key in keys[start : start + _AT_ONCE]))
        query = select(*THREAD_COLUMNS, conversations.c.id).join(
            conversations, conversations.c.thread_key == threads.c.id
        )
        for row in connection.execute(query.where(wanted).order_by(conversations.c.id)):
            found.setdefault(thread_from(row).key, []).append(row.id)
    return found


def _threads_named(connection: Connection, thread_id: str) -> list[ThreadRef]:
    query = select(*THREAD_COLUMNS).where(threads.c.thread_id == thread_id).order_by(threads.c.platform)
    return [thread_from(row) for row in connection.execute(query)]
