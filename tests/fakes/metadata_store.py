"""What is known about messages and conversations, in memory."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from source.domain.memory import MemorySource
from source.domain.message import Message, MessageType
from source.domain.metadata import Analysis, Category, Sentiment
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.ports.clock import Clock
from source.ports.metadata import FoundMessage, MetadataChange, StatusChange, SyncState, SyncStatus
from tests.fakes.store import InMemoryStore

_UNKNOWN = datetime.min


@dataclass(frozen=True)
class Known:
    """What a row says."""

    sentiment: Sentiment | None = None
    category: Category | None = None
    tags: tuple[str, ...] | None = None
    source: MemorySource | None = None
    is_read: bool = False
    is_processed: bool = False
    is_starred: bool = False
    analyzed_to: int = 0
    recall_count: int = 0

    @property
    def analysis(self) -> Analysis | None:
        return Analysis(self.sentiment, self.category, self.tags, self.source) if self.source else None

    def completed(self, new: Analysis) -> "Known":
        """Return the row with what was found out, where a person has not said otherwise."""
        if new == Analysis(None, None, None, MemorySource.PERSON):
            return self
        yields = self.source is MemorySource.PERSON and new.source is not MemorySource.PERSON
        first, second = (self, new) if yields else (new, self)
        return replace(
            self,
            sentiment=first.sentiment or second.sentiment,
            category=first.category or second.category,
            tags=second.tags if first.tags is None else first.tags,
            source=first.source,
        )


@dataclass
class InMemoryMetadata:
    """Implements MetadataStore, SyncStore and SaidStore over the store in memory."""

    store: InMemoryStore
    clock: Clock
    of_messages: dict[int, Known] = field(default_factory=dict)
    of_conversations: dict[int, Known] = field(default_factory=dict)
    states: dict[ThreadKey, SyncState] = field(default_factory=dict)

    async def message(self, message_id: int) -> FoundMessage | None:
        await asyncio.sleep(0)
        for conversation_id, said in self.store.messages.items():
            for each in said:
                if each.message_id == message_id:
                    return FoundMessage(conversation_id, self.store.heads[conversation_id].thread, each)
        return None

    async def unanalyzed(self, *, limit: int = 10_000) -> list[int]:
        await asyncio.sleep(0)
        return [number for number in sorted(self.store.heads) if self._unknown(number)][:limit]

    async def to_analyze(
        self, conversation_id: int, *, again: bool = False, after: int = 0, limit: int = 500
    ) -> list[Message]:
        await asyncio.sleep(0)
        covered = self._conversation(conversation_id).analyzed_to

        def is_open(message: Message) -> bool:
            source = self._of(message).source
            is_new = message.message_id > covered and source in (None, MemorySource.PERSON)
            return is_new or (again and source in (None, MemorySource.OFFLINE))

        said = self._said_by_people(conversation_id)
        return [each for each in said if each.message_id > after and is_open(each)][:limit]

    async def analyses(self, conversation_id: int) -> dict[int, Analysis]:
        await asyncio.sleep(0)
        said = sorted(self.store.messages.get(conversation_id, ()), key=lambda each: each.message_id)
        return {each.message_id: found for each in said if (found := self._of(each).analysis)}

    async def put_analyses(
        self,
        conversation_id: int,
        analyses: Mapping[int, Analysis],
        *,
        overall: Analysis,
        covers_to: int | None = None,
    ) -> None:
        await asyncio.sleep(0)
        if conversation_id not in self.store.heads:
            return
        for number, analysis in analyses.items():
            self.of_messages[number] = self.of_messages.get(number, Known()).completed(analysis)
        known = self._conversation(conversation_id).completed(overall)
        self.of_conversations[conversation_id] = replace(known, analyzed_to=max(known.analyzed_to, covers_to or 0))

    async def set_message(self, message_id: int, change: MetadataChange) -> bool:
        if await self.message(message_id) is None:
            return False
        self.of_messages[message_id] = self.of_messages.get(message_id, Known()).completed(_by_person(change))
        return True

    async def set_conversations(self, conversation_ids: Sequence[int], change: MetadataChange) -> int:
        await asyncio.sleep(0)
        known = [number for number in set(conversation_ids) if number in self.store.heads]
        for number in known:
            row = self._conversation(number).completed(_by_person(change))
            starred = row.is_starred if change.is_starred is None else change.is_starred
            self.of_conversations[number] = replace(row, is_starred=starred)
        return len(known)

    async def mark(self, message_ids: Sequence[int], status: StatusChange) -> int:
        await asyncio.sleep(0)
        there = {each.message_id for said in self.store.messages.values() for each in said}
        return self._mark([number for number in message_ids if number in there], status)

    async def mark_conversation(
        self, conversation_id: int, status: StatusChange, *, after: int = 0, limit: int = 1_000
    ) -> tuple[int, int | None]:
        await asyncio.sleep(0)
        step = [each.message_id for each in self._said_by_people(conversation_id) if each.message_id > after][:limit]
        return self._mark(step, status), step[-1] if len(step) == limit else None

    async def note_recalled(self, conversation_ids: Collection[int]) -> None:
        await asyncio.sleep(0)
        for number in set(conversation_ids) & self.store.heads.keys():
            known = self._conversation(number)
            self.of_conversations[number] = replace(known, recall_count=known.recall_count + 1)

    async def sync_states(self, *, limit: int = 1_000, offset: int = 0) -> list[SyncState]:
        await asyncio.sleep(0)
        threads = sorted(self.store.threads.values(), key=self._since)
        states = [self.states.get(thread.key, SyncState(thread, SyncStatus.NEVER)) for thread in threads]
        return states[offset : offset + limit]

    async def recent_threads(
        self, platforms: Collection[Platform], since: datetime, *, limit: int = 10_000
    ) -> list[ThreadRef]:
        await asyncio.sleep(0)
        found = [each for each in self.store.threads.values() if each.platform in platforms]
        return sorted((each for each in found if self._recent(each.key, since)), key=self._since)[:limit]

    async def note_synced(self, state: SyncState) -> None:
        await asyncio.sleep(0)
        before = self.states.get(state.thread.key, state)
        self.states[state.thread.key] = replace(
            state,
            last_synced_at=state.last_synced_at or before.last_synced_at,
            last_full_sync_at=state.last_full_sync_at or before.last_full_sync_at,
        )

    async def said_in(self, thread: ThreadKey, since: datetime, *, limit: int = 2_000) -> list[Message]:
        await asyncio.sleep(0)
        said = [each for number in self._recent(thread, since) for each in self._said_by_people(number)]
        return sorted((each for each in said if each.event_id), key=lambda each: each.message_id)[-limit:]

    def _unknown(self, conversation_id: int) -> bool:
        start = self._conversation(conversation_id).analyzed_to
        said = self._said_by_people(conversation_id)
        return any(each.message_id > start and self._of(each).source is None for each in said)

    def _recent(self, thread: ThreadKey, since: datetime) -> list[int]:
        heads = (head for head in self.store.heads.values() if head.thread.key == thread)
        return [
            head.conversation_id
            for head in heads
            if head.is_active or (head.last_message_at and head.last_message_at >= since)
        ]

    def _since(self, thread: ThreadRef) -> datetime:
        state = self.states.get(thread.key)
        return (state.last_synced_at if state and state.last_synced_at else _UNKNOWN).replace(tzinfo=None)

    def _said_by_people(self, conversation_id: int) -> list[Message]:
        said = (
            each
            for each in self.store.messages.get(conversation_id, ())
            if each.is_from_person and each.is_kept and each.message_type is MessageType.CHAT
        )
        return sorted(said, key=lambda each: each.message_id)

    def _of(self, message: Message) -> Known:
        return self.of_messages.get(message.message_id, Known())

    def _conversation(self, conversation_id: int) -> Known:
        return self.of_conversations.get(conversation_id, Known())

    def _mark(self, numbers: Sequence[int], status: StatusChange) -> int:
        for number in numbers:
            known = self.of_messages.get(number, Known())
            self.of_messages[number] = replace(
                known,
                is_read=known.is_read if status.is_read is None else status.is_read,
                is_processed=known.is_processed if status.is_processed is None else status.is_processed,
            )
        return len(numbers)


def _by_person(change: MetadataChange) -> Analysis:
    return Analysis(change.sentiment, change.category, change.tags, MemorySource.PERSON)
