"""What is known about messages and conversations, in the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from source.adapters.storage import metadata_reading
from source.adapters.storage.deleted_messages import is_any_gone
from source.adapters.storage.metadata_statements import (
    put_conversation,
    put_messages,
    put_recalled,
    put_status,
)
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import messages
from source.domain.memory import MemorySource
from source.domain.message import Message
from source.domain.metadata import Analysis
from source.ports.metadata import FoundMessage, MetadataChange, StatusChange

_IDS_AT_ONCE = 500


class MetadataTable:
    """Implements MetadataStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def message(self, message_id: int) -> FoundMessage | None:
        return await self._access.read(metadata_reading.message, message_id)

    async def unanalyzed(self, *, limit: int = 10_000) -> list[int]:
        return await self._access.read(metadata_reading.unanalyzed, limit)

    async def to_analyze(
        self, conversation_id: int, *, again: bool = False, after: int = 0, limit: int = 500
    ) -> list[Message]:
        return await self._access.read(metadata_reading.to_analyze, conversation_id, after, limit, again=again)

    async def analyses(self, conversation_id: int) -> dict[int, Analysis]:
        return await self._access.read(metadata_reading.analyses, conversation_id)

    async def put_analyses(
        self,
        conversation_id: int,
        analyses: Mapping[int, Analysis],
        *,
        overall: Analysis,
        covers_to: int | None = None,
    ) -> None:
        given = dict(analyses)

        def apply(connection: Connection, now: datetime) -> None:
            # What went while it was analyzed tells nothing any more; the others are analyzed again.
            is_there = metadata_reading.known_conversations(connection, [conversation_id])
            if is_there and not is_any_gone(connection, conversation_id, given):
                put_messages(connection, now, conversation_id, given)
                put_conversation(connection, now, conversation_id, overall, covers_to)

        await self._access.change(apply)

    async def set_message(self, message_id: int, change: MetadataChange) -> bool:
        def apply(connection: Connection, now: datetime) -> bool:
            conversation_id = metadata_reading.conversation_of(connection, message_id)
            if conversation_id is None:
                return False
            put_messages(connection, now, conversation_id, {message_id: _by_person(change)})
            return True

        return await self._access.change(apply)

    async def set_conversations(self, conversation_ids: Sequence[int], change: MetadataChange) -> int:
        wanted = list(dict.fromkeys(conversation_ids))

        def apply(connection: Connection, now: datetime) -> int:
            known = metadata_reading.known_conversations(connection, wanted)
            for conversation_id in known:
                put_conversation(connection, now, conversation_id, _by_person(change), is_starred=change.is_starred)
            return len(known)

        return await self._access.change(apply)

    async def mark(self, message_ids: Sequence[int], status: StatusChange) -> int:
        marked = 0
        for some in _parts(message_ids):
            marked += await self._access.change(partial(put_status, which=messages.c.id.in_(some), status=status))
        return marked

    async def mark_conversation(
        self, conversation_id: int, status: StatusChange, *, after: int = 0, limit: int = 1_000
    ) -> tuple[int, int | None]:
        last = await self._access.read(metadata_reading.last_of_step, conversation_id, after, limit)
        up_to = () if last is None else (messages.c.id <= last,)
        step = metadata_reading.said_by_people(conversation_id, after, *up_to)
        return await self._access.change(partial(put_status, which=step, status=status)), last

    async def note_recalled(self, conversation_ids: Collection[int]) -> None:
        for some in _parts(sorted(set(conversation_ids))):
            await self._access.change(partial(put_recalled, conversation_ids=some))


def _by_person(change: MetadataChange) -> Analysis:
    return Analysis(change.sentiment, change.category, change.tags, MemorySource.PERSON)


def _parts(ids: Sequence[int]) -> list[list[int]]:
    return [list(ids[start : start + _IDS_AT_ONCE]) for start in range(0, len(ids), _IDS_AT_ONCE)]
