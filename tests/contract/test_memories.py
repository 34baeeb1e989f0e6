"""What is remembered of conversations, whatever the store."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead
from source.domain.errors import StoreConflictError
from source.domain.memory import MemorySource
from source.domain.memory_reading import made_of
from source.domain.message import Message, MessageType, Standing
from source.domain.turn import TurnRecord
from source.ports.memories import MemoryStore
from tests.contract.conftest import Store
from tests.fakes.clock import FakeClock
from tests.fakes.memory_store import InMemoryMemories
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import NOW, head, said

DATA = {"summary": {"text": "They met.", "message_ids": []}, "facts": []}
OTHER = {"summary": None, "facts": [{"text": "Snow – 雪", "message_ids": []}]}
MODEL = MemorySource.MODEL


@dataclass
class Stored:
    """A store and what it remembers, an hour after NOW."""

    store: Store
    memories: MemoryStore
    clock: FakeClock

    async def put(self, *messages: Message, conversation: ConversationHead | None = None) -> int:
        conversation = conversation or head(is_active=False)
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
        return conversation.conversation_id

    async def eligible(self, *, quiet_minutes: float = 30, limit: int = 100) -> list[int]:
        now = self.clock.now()
        return await self.memories.eligible(now - timedelta(minutes=quiet_minutes), now, limit=limit)


@pytest.fixture
def stored(store: Store, clock: FakeClock) -> Stored:
    clock.advance(hours=1)
    if isinstance(store, InMemoryStore):
        return Stored(store, InMemoryMemories(store, clock), clock)
    assert isinstance(store, SqlStore)
    return Stored(store, MemoryTable(store), clock)


async def test_a_memory_is_kept_whole_and_found_by_its_conversation(stored: Stored) -> None:
    message = said()
    conversation = await stored.put(message)
    kept = await stored.memories.put_memory(conversation, OTHER, source=MODEL)
    assert await stored.memories.memory(conversation) == kept
    assert kept.memory_data == OTHER
    assert (kept.conversation_id, kept.covers_to, kept.source, kept.version) == (
        conversation,
        message.message_id,
        MODEL,
        1,
    )
    assert kept.created_at == kept.updated_at == stored.clock.now()
    assert kept.memory_id > 0
    assert await stored.memories.memory(999_999) is None


async def test_a_conversation_has_one_memory_that_is_replaced(stored: Stored) -> None:
    conversation = await stored.put(said())
    first = await stored.memories.put_memory(conversation, DATA, source=MODEL)
    stored.clock.advance(minutes=5)
    second = await stored.memories.put_memory(conversation, OTHER, source=MemorySource.OFFLINE)
    assert (second.memory_id, second.created_at, second.version) == (first.memory_id, first.created_at, 2)
    assert second.updated_at == stored.clock.now()
    assert [each.memory_data for each in await stored.memories.memories()] == [OTHER]


async def test_what_covers_less_does_not_replace_what_covers_more_but_a_person_does(stored: Stored) -> None:
    old, new = said(), said()
    conversation = await stored.put(old, new)
    whole = await stored.memories.put_memory(conversation, DATA, source=MODEL)
    assert whole.covers_to == new.message_id
    late = await stored.memories.put_memory(conversation, OTHER, covers_to=old.message_id, source=MODEL)
    assert late == whole == await stored.memories.memory(conversation)
    by_person = await stored.memories.put_memory(
        conversation, OTHER, covers_to=old.message_id, source=MemorySource.PERSON
    )
    assert (by_person.memory_data, by_person.covers_to, by_person.version) == (OTHER, old.message_id, 2)


async def test_who_saw_another_version_changes_nothing(stored: Stored) -> None:
    conversation = await stored.put(said())
    with pytest.raises(StoreConflictError):
        await stored.memories.put_memory(conversation, DATA, source=MODEL, version=1)
    await stored.memories.put_memory(conversation, DATA, source=MODEL, version=0)
    for version in (0, 2):
        with pytest.raises(StoreConflictError):
            await stored.memories.put_memory(conversation, OTHER, source=MODEL, version=version)
    assert (await stored.memories.put_memory(conversation, OTHER, source=MODEL, version=1)).version == 2


async def test_nothing_is_remembered_of_what_is_not_there(stored: Stored) -> None:
    with pytest.raises(StoreConflictError, match="no such conversation"):
        await stored.memories.put_memory(999_999, DATA, source=MODEL)
    await stored.memories.note_failure(999_999, "gone")
    assert not await stored.memories.delete_memory(999_999)


async def test_memories_come_in_pages_the_latest_changed_first(stored: Stored) -> None:
    conversations = [await stored.put(said()) for _ in range(3)]
    for conversation in conversations:
        await stored.memories.put_memory(conversation, DATA, source=MODEL)
        stored.clock.advance(minutes=1)
    await stored.memories.put_memory(conversations[0], OTHER, source=MODEL)
    order = [conversations[0], conversations[2], conversations[1]]
    assert [each.conversation_id for each in await stored.memories.memories()] == order
    assert [each.conversation_id for each in await stored.memories.memories(limit=1, offset=1)] == order[1:2]


async def test_a_memory_can_be_deleted_and_is_due_again(stored: Stored) -> None:
    conversation = await stored.put(said())
    await stored.memories.put_memory(conversation, DATA, source=MODEL)
    assert await stored.eligible() == []
    assert await stored.memories.delete_memory(conversation)
    assert await stored.memories.memory(conversation) is None
    assert await stored.eligible() == [conversation]


async def test_quiet_conversations_are_due_the_longest_quiet_first(stored: Stored) -> None:
    later = await stored.put(said(after=60))
    earlier = await stored.put(said())
    await stored.put(said(after=3_600))
    assert await stored.eligible() == [earlier, later]
    assert await stored.eligible(limit=1) == [earlier]


async def test_who_has_a_memory_is_due_again_when_something_newer_was_said(stored: Stored) -> None:
    conversation = head(is_active=False)
    await stored.put(said(), conversation=conversation)
    await stored.memories.put_memory(conversation.conversation_id, DATA, source=MODEL)
    await stored.put(said(by=None, after=5), conversation=conversation)
    assert await stored.eligible() == [conversation.conversation_id]


async def test_what_was_thought_deleted_or_superseded_makes_nobody_due(stored: Stored) -> None:
    thought = replace(said("hm", by=None), message_type=MessageType.THINKING)
    deleted = replace(said(""), standing=Standing.DELETED)
    superseded = replace(said("old", by=None), standing=Standing.SUPERSEDED)
    conversation = await stored.put(thought, deleted, superseded)
    assert await stored.eligible() == []
    kept = await stored.memories.put_memory(conversation, DATA, source=MODEL)
    assert kept.covers_to == 0


async def test_a_failure_rests_longer_each_time_and_is_forgotten_with_the_memory(stored: Stored) -> None:
    conversation = await stored.put(said())
    for hours in (1, 2, 4, 8, 16, 24, 24):
        await stored.memories.note_failure(conversation, "no model")
        stored.clock.advance(hours=hours, minutes=-1)
        assert await stored.eligible() == []
        stored.clock.advance(minutes=1)
        assert await stored.eligible() == [conversation]
    await stored.memories.put_memory(conversation, DATA, source=MODEL)
    await stored.memories.delete_memory(conversation)
    assert await stored.eligible() == [conversation]
    await stored.memories.note_failure(conversation, "no model")
    stored.clock.advance(hours=1)
    assert await stored.eligible() == [conversation], "it counts from the beginning again"


async def test_a_memory_goes_with_its_conversation(sql_store: SqlStore) -> None:
    memories = MemoryTable(sql_store)
    conversation = head(is_active=False)
    await sql_store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
    await memories.put_memory(conversation.conversation_id, DATA, source=MODEL)
    await memories.note_failure(conversation.conversation_id, "no model")
    for table, column in (("participants", "conversation_id"), ("conversations", "id")):
        gone = text(f"DELETE FROM {table} WHERE {column} = {conversation.conversation_id}")
        await sql_store.change(lambda connection, _now, gone=gone: connection.execute(gone).rowcount)  # type: ignore[misc]
    assert await memories.memories() == []
    left = text("SELECT count(*) FROM memory_failures")
    assert await sql_store.read(lambda connection: connection.execute(left).scalar()) == 0


@pytest.mark.parametrize("standing", [Standing.KEPT, Standing.DELETED])
async def test_what_a_changed_message_showed_is_forgotten_and_made_anew(
    sql_store: SqlStore, standing: Standing
) -> None:
    memories, conversation = MemoryTable(sql_store), head(is_active=False)
    first, changed, last = said("a"), said("b"), said("c")
    await sql_store.commit_turn(TurnRecord(conversation.conversation_id, (first, changed, last), (conversation,)))
    await memories.put_memory(conversation.conversation_id, DATA, covers_to=first.message_id, source=MODEL)
    await _correct(sql_store, conversation, changed, standing)
    assert await memories.memory(conversation.conversation_id) is not None, "it was not made of that message"
    await memories.put_memory(conversation.conversation_id, DATA, source=MODEL)
    await _correct(sql_store, conversation, changed, standing)
    assert await memories.memory(conversation.conversation_id) is None


async def test_of_what_a_person_wrote_only_what_a_changed_message_showed_goes(sql_store: SqlStore) -> None:
    memories, conversation = MemoryTable(sql_store), head(is_active=False)
    changed, last = said("b"), said("c")
    await sql_store.commit_turn(TurnRecord(conversation.conversation_id, (changed, last), (conversation,)))
    shown, own = {"text": "b", "message_ids": [changed.message_id]}, {"text": "mine", "message_ids": []}
    data = {"summary": shown, "facts": [shown, own], "language": "en"}
    await memories.put_memory(conversation.conversation_id, data, source=MemorySource.PERSON)
    await _correct(sql_store, conversation, changed, Standing.DELETED)
    left = await memories.memory(conversation.conversation_id)
    assert left is not None
    assert left.memory_data == {"summary": None, "facts": [own], "language": "en"}
    assert (left.covers_to, left.version) == (changed.message_id - 1, 2)
    assert await memories.eligible(NOW + timedelta(hours=1), NOW) == [conversation.conversation_id]


async def _correct(store: SqlStore, conversation: ConversationHead, message: Message, standing: Standing) -> None:
    text_now = "" if standing is Standing.DELETED else f"{message.message_content}, edited"
    corrected = replace(message, message_content=text_now, standing=standing, edited_at=NOW)
    await store.correct(conversation.conversation_id, corrected)


async def test_a_memory_that_cites_what_was_taken_back_meanwhile_is_not_kept(sql_store: SqlStore) -> None:
    table = MemoryTable(sql_store)
    spoken = said("The lighthouse")
    conversation = head(is_active=False)
    await sql_store.commit_turn(TurnRecord(conversation.conversation_id, (spoken,), (conversation,)))
    await sql_store.correct(
        conversation.conversation_id, replace(spoken, message_content="", standing=Standing.DELETED)
    )
    told = {"facts": [{"text": "a lighthouse", "message_ids": [spoken.message_id]}]}
    with pytest.raises(StoreConflictError):
        await table.put_memory(conversation.conversation_id, told, source=MemorySource.MODEL, version=0)
    assert await table.memory(conversation.conversation_id) is None


async def test_a_memory_of_what_reads_otherwise_by_now_is_not_kept(stored: Stored) -> None:
    edited, other, newer = said("My code is 17"), said("Good to know", by=None, after=1), said("And", after=2)
    conversation = head(is_active=False)
    await stored.put(edited, other, conversation=conversation)
    number, covers_to = conversation.conversation_id, other.message_id
    read = made_of([edited, other], covers_to)
    await stored.put(newer, conversation=conversation)
    kept = await stored.memories.put_memory(number, DATA, covers_to=covers_to, source=MODEL, made_of=read)
    await stored.store.correct(number, replace(edited, message_content="No code", edited_at=stored.clock.now()))
    for source in MODEL, MemorySource.PERSON:
        with pytest.raises(StoreConflictError):
            await stored.memories.put_memory(number, OTHER, covers_to=covers_to, source=source, made_of=read)
    found = await stored.store.load(number)
    assert found is not None
    now = made_of(found.messages, covers_to)
    again = await stored.memories.put_memory(number, OTHER, covers_to=covers_to, source=MODEL, made_of=now)
    assert (kept.memory_data, again.memory_data) == (DATA, OTHER)


async def test_a_memory_that_cites_what_was_removed_is_not_kept(stored: Stored) -> None:
    there = said("The lighthouse")
    conversation = await stored.put(there)
    for message_ids in [there.message_id, 404], [404]:
        told = {"facts": [{"text": "a lighthouse", "message_ids": message_ids}]}
        with pytest.raises(StoreConflictError):
            await stored.memories.put_memory(conversation, told, source=MODEL)
    told = {"facts": [{"text": "a lighthouse", "message_ids": [there.message_id, there.message_id]}]}
    assert (await stored.memories.put_memory(conversation, told, source=MODEL)).memory_data == told
