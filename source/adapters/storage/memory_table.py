"""Memories of conversations, in the database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select
from sqlalchemy.sql.functions import coalesce

from source.adapters.storage.deleted_messages import is_any_gone, read_now
from source.adapters.storage.fact_writes import put_facts, without_what_was_forgotten
from source.adapters.storage.interaction_counting import recount_names
from source.adapters.storage.operation_tables import conversation_memories as memories
from source.adapters.storage.operation_tables import memory_failures
from source.adapters.storage.profile_writes import forget_found_values, put_values, without_forgotten_values
from source.adapters.storage.sql_access import SqlAccess, insert_of
from source.adapters.storage.tables import conversations, messages
from source.domain.errors import StoreConflictError
from source.domain.memory import RETRY_PAUSES, MemorySource, StoredMemory, cited_in
from source.domain.message import MessageType, Standing
from source.domain.message_text import storable

_MOST_ERROR_CHARS: Final = 500
_IS_KEPT_CHAT: Final = and_(
    messages.c.message_type == MessageType.CHAT.value, messages.c.standing == Standing.KEPT.value
)


class MemoryTable:
    """Implements MemoryStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def eligible(self, quiet_since: datetime, now: datetime, *, limit: int = 100_000) -> list[int]:
        return await self._access.read(_eligible, quiet_since, now, limit)

    async def put_memory(
        self,
        conversation_id: int,
        memory_data: Mapping[str, object],
        *,
        covers_to: int | None = None,
        source: MemorySource,
        version: int | None = None,
        made_of: str | None = None,
    ) -> StoredMemory:
        def apply(connection: Connection, now: datetime) -> StoredMemory:
            if not _is_there(connection, conversation_id):
                raise StoreConflictError("there is no such conversation")
            if source is not MemorySource.PERSON and is_any_gone(connection, conversation_id, cited_in(memory_data)):
                raise StoreConflictError("something that it was made of was taken back meanwhile")
            covered = _newest(connection, conversation_id) if covers_to is None else covers_to
            if made_of is not None and made_of != read_now(connection, conversation_id, covered):
                raise StoreConflictError("what it was made of reads otherwise by now: read it again")
            values = {"covers_to": covered, "source": source.value, "updated_at": now}
            new = {
                "id": self._access.ids.next(now),
                "conversation_id": conversation_id,
                "created_at": now,
                "version": 1,
            }
            # What a person says is never outdone by what covers more.
            least = None if source is MemorySource.PERSON else covered
            return _put(connection, conversation_id, memory_data, new | values, values, version=version, least=least)

        return await self._access.change(apply)

    async def memory(self, conversation_id: int) -> StoredMemory | None:
        return await self._access.read(_memory, conversation_id)

    async def memories(self, *, limit: int = 50, offset: int = 0) -> list[StoredMemory]:
        return await self._access.read(_memories, limit, offset)

    async def delete_memory(self, conversation_id: int) -> bool:
        def apply(connection: Connection, _now: datetime) -> bool:
            deleted = memories.delete().where(memories.c.conversation_id == conversation_id)
            is_gone = connection.execute(deleted).rowcount > 0
            recount_names(connection, [conversation_id])
            forget_found_values(connection, conversation_id)
            return is_gone

        return await self._access.change(apply)

    async def note_failure(self, conversation_id: int, error: str) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            if not _is_there(connection, conversation_id):
                return
            noted = {"error": storable(error)[:_MOST_ERROR_CHARS], "failed_at": now}
            insert = insert_of(connection, memory_failures).values(conversation_id=conversation_id, attempts=1, **noted)
            again = {"attempts": memory_failures.c.attempts + 1, **noted}
            connection.execute(insert.on_conflict_do_update(index_elements=["conversation_id"], set_=again))

        await self._access.change(apply)


def _put(
    connection: Connection,
    conversation_id: int,
    memory_data: Mapping[str, object],
    new: Mapping[str, object],
    values: Mapping[str, object],
    *,
    version: int | None,
    least: int | None,
) -> StoredMemory:
    """Insert, or replace what covers no more than `least`; where another process inserts in between, look again."""
    here = memories.c.conversation_id == conversation_id
    kept = None
    while kept is None:
        known = connection.execute(select(memories).where(here).with_for_update()).first()
        if version is not None and version != (known.version if known else 0):
            raise StoreConflictError("the memory has changed since it was read: read it again")
        if known is not None and least is not None and known.covers_to > least:
            return _read(known)
        # Only now: what is forgotten in another process is forgotten before we have the row, or waits for us.
        data = {"memory_data": _without_forgotten(connection, conversation_id, memory_data)}
        if known is not None:
            put = memories.update().where(here).values(**values, **data, version=known.version + 1).returning(memories)
            kept = connection.execute(put).first()
        else:
            add = insert_of(connection, memories).values(**new, **data)
            added = add.on_conflict_do_nothing(index_elements=["conversation_id"]).returning(memories)
            kept = connection.execute(added).first()
    connection.execute(memory_failures.delete().where(memory_failures.c.conversation_id == conversation_id))
    recount_names(connection, [conversation_id])
    stored = _read(kept)
    put_facts(connection, conversation_id, stored.memory_data, stored.source, stored.updated_at)
    put_values(connection, conversation_id, stored.memory_data, stored.source, stored.updated_at)
    return stored


def _without_forgotten(
    connection: Connection, conversation_id: int, memory_data: Mapping[str, object]
) -> dict[str, object]:
    left = without_what_was_forgotten(connection, conversation_id, memory_data)
    return without_forgotten_values(connection, conversation_id, left)


def _is_there(connection: Connection, conversation_id: int) -> bool:
    found = select(conversations.c.id).where(conversations.c.id == conversation_id)
    return connection.execute(found).first() is not None


def _newest(connection: Connection, conversation_id: int) -> int:
    newest = select(func.max(messages.c.id)).where(messages.c.conversation_id == conversation_id, _IS_KEPT_CHAT)
    return connection.execute(newest).scalar() or 0


def _eligible(connection: Connection, quiet_since: datetime, now: datetime, limit: int) -> list[int]:
    newer = exists().where(
        messages.c.conversation_id == conversations.c.id,
        messages.c.id > coalesce(memories.c.covers_to, 0),
        _IS_KEPT_CHAT,
    )
    query = (
        select(conversations.c.id)
        .outerjoin(memories, memories.c.conversation_id == conversations.c.id)
        .outerjoin(memory_failures, memory_failures.c.conversation_id == conversations.c.id)
        .where(conversations.c.last_message_at < quiet_since, _has_rested(now), newer)
        .order_by(conversations.c.last_message_at, conversations.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _has_rested(now: datetime) -> ColumnElement[bool]:
    attempts, failed_at = memory_failures.c.attempts, memory_failures.c.failed_at
    rested = [and_(attempts == number, failed_at <= now - pause) for number, pause in enumerate(RETRY_PAUSES, start=1)]
    longest = and_(attempts > len(RETRY_PAUSES), failed_at <= now - RETRY_PAUSES[-1])
    return or_(memory_failures.c.conversation_id.is_(None), longest, *rested)


def _memory(connection: Connection, conversation_id: int) -> StoredMemory | None:
    found = connection.execute(select(memories).where(memories.c.conversation_id == conversation_id)).first()
    return _read(found) if found else None


def _memories(connection: Connection, limit: int, offset: int) -> list[StoredMemory]:
    query = select(memories).order_by(memories.c.updated_at.desc(), memories.c.id.desc()).limit(limit).offset(offset)
    return [_read(row) for row in connection.execute(query)]


def _read(row: Row[tuple[object, ...]]) -> StoredMemory:
    return StoredMemory(
        memory_id=row.id,
        conversation_id=row.conversation_id,
        memory_data=row.memory_data,
        covers_to=row.covers_to,
        source=MemorySource(row.source),
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
