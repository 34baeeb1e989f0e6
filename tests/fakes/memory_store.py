"""Memories of conversations, in memory."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from source.domain import memory_reading
from source.domain.errors import StoreConflictError
from source.domain.memory import RETRY_PAUSES, MemorySource, StoredMemory, cited_in
from source.domain.message import MessageType, Standing
from source.ports.clock import Clock
from tests.fakes.store import InMemoryStore


@dataclass
class InMemoryMemories:
    """Implements MemoryStore over the store in memory; `failures` are by conversation how often, when and why."""

    store: InMemoryStore
    clock: Clock
    kept: dict[int, StoredMemory] = field(default_factory=dict)
    failures: dict[int, tuple[int, datetime, str]] = field(default_factory=dict)

    async def eligible(self, quiet_since: datetime, now: datetime, *, limit: int = 100_000) -> list[int]:
        await asyncio.sleep(0)
        quiet = [
            (head.last_message_at, conversation_id)
            for conversation_id, head in self.store.heads.items()
            if head.last_message_at and head.last_message_at < quiet_since and self._is_due(conversation_id, now)
        ]
        return [conversation_id for _, conversation_id in sorted(quiet)[:limit]]

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
        await asyncio.sleep(0)
        known = self.kept.get(conversation_id)
        if conversation_id not in self.store.heads or version not in {None, known.version if known else 0}:
            raise StoreConflictError("there is no such conversation, or its memory has changed")
        if source is not MemorySource.PERSON and not cited_in(memory_data) <= self._there(conversation_id):
            raise StoreConflictError("something that it was made of is gone")
        covered = self._newest(conversation_id) if covers_to is None else covers_to
        if made_of not in {None, memory_reading.made_of(self.store.messages[conversation_id], covered)}:
            raise StoreConflictError("what it was made of has changed")
        if known is not None and known.covers_to > covered and source is not MemorySource.PERSON:
            return known
        now = self.clock.now()
        new = known or StoredMemory(self.store.ids.next(now), conversation_id, {}, 0, source, 0, now, now)
        changed = replace(new, memory_data=dict(memory_data), covers_to=covered, source=source, updated_at=now)
        self.kept[conversation_id] = replace(changed, version=new.version + 1)
        self.failures.pop(conversation_id, None)
        return self.kept[conversation_id]

    async def memory(self, conversation_id: int) -> StoredMemory | None:
        await asyncio.sleep(0)
        return self.kept.get(conversation_id)

    async def memories(self, *, limit: int = 50, offset: int = 0) -> list[StoredMemory]:
        await asyncio.sleep(0)
        latest = sorted(self.kept.values(), key=lambda each: (each.updated_at, each.memory_id), reverse=True)
        return latest[offset : offset + limit]

    async def delete_memory(self, conversation_id: int) -> bool:
        await asyncio.sleep(0)
        return self.kept.pop(conversation_id, None) is not None

    async def note_failure(self, conversation_id: int, error: str) -> None:
        await asyncio.sleep(0)
        if conversation_id in self.store.heads:
            times, *_ = self.failures.get(conversation_id, (0,))
            self.failures[conversation_id] = (times + 1, self.clock.now(), error)

    def _there(self, conversation_id: int) -> set[int]:
        said = self.store.messages[conversation_id]
        return {each.message_id for each in said if each.standing is not Standing.DELETED}

    def _newest(self, conversation_id: int) -> int:
        said = self.store.messages[conversation_id]
        kept = (each.message_id for each in said if each.is_kept and each.message_type is MessageType.CHAT)
        return max(kept, default=0)

    def _is_due(self, conversation_id: int, now: datetime) -> bool:
        times, failed_at, _ = self.failures.get(conversation_id, (0, now, ""))
        has_rested = not times or now - failed_at >= RETRY_PAUSES[min(times, len(RETRY_PAUSES)) - 1]
        known = self.kept.get(conversation_id)
        return has_rested and self._newest(conversation_id) > (known.covers_to if known else 0)
