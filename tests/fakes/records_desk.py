"""A program that works with records, and somebody who looks at what came of it."""

import json
from typing import Any

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.record_table import RecordTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead
from source.domain.filters import Record
from source.domain.message import Message
from source.domain.turn import TurnRecord
from source.ports.records import Written
from source.services.conversation_manager import InMemoryConversationManager
from source.services.records import RecordParts, RecordService
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import ANN
from tests.fakes.transcripts import InMemoryTranscripts


class StoreDeletion:
    """Deletes from the store alone."""

    def __init__(self, store: SqlStore) -> None:
        self._table = ArchiveTable(store)

    async def delete(self, conversation_id: int) -> bool:
        return await self._table.delete_conversations([conversation_id]) == 1


class RecordsDesk:
    """Works with records over a store, and knows what memory and transcripts say."""

    def __init__(self, store: SqlStore, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.files = InMemoryTranscripts()
        self.manager = InMemoryConversationManager(self.files, store=store, clock=clock, ids=store.ids)
        parts = RecordParts(RecordTable(store), store, self.manager, StoreDeletion(store), clock)
        self.records = RecordService(parts)

    async def make(self, collection: str, **values: object) -> Record:
        [written] = await self.records.create(collection, [values])
        return await self.record(collection, written)

    async def session(self, **values: object) -> int:
        key = (await self.make("sessions", **{"user_id": "ann", **values}))["session_id"]
        assert isinstance(key, int)
        return key

    async def message(self, session_id: int, content: str = "Hello", **values: object) -> int:
        made = {"session_id": session_id, "role": "user", "content": content, **values}
        key = (await self.make("messages", **made))["id"]
        assert isinstance(key, int)
        return key

    async def change(self, collection: str, key: int, **changes: object) -> Record:
        [written] = await self.records.change(collection, [key], changes)
        return await self.record(collection, written)

    async def delete(self, collection: str, key: int) -> Written:
        [written] = await self.records.delete(collection, [key])
        return written

    async def record(self, collection: str, written: Written) -> Record:
        assert written.key is not None, written
        record = await self.records.read(collection, written.key)
        assert record is not None
        return record

    async def found(self, collection: str, **asked: Any) -> list[Record]:
        return list((await self.records.list(collection, **asked)).records)

    async def put(self, conversation: ConversationHead, *messages: Message) -> None:
        """Have a conversation as channels leave it."""
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), (ANN,)))

    async def contents(self, session_id: int) -> list[str]:
        """Return what was said, by the store, by the transcript and by memory, which must agree."""
        stored = await self.store.load(session_id)
        assert stored is not None
        await self.manager.write_transcripts()
        transcript = json.loads(self.files.files[stored.head.filename])
        texts = [message.message_content for message in stored.messages]
        assert [entry["message_content"] for entry in transcript["history"]] == texts
        running = self.manager.get_conversation(stored.head.thread.thread_id, platform=stored.head.thread.platform)
        if running is not None and running.conversation_id == session_id:
            assert tuple(running.history) == stored.messages
            assert running.head == stored.head
        return texts

    async def searched(self, words: str) -> list[str]:
        return [hit.message.message_content for hit in await self.store.search(words)]
