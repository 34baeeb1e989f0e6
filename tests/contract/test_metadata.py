"""What is known about messages and conversations, whatever the store."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Table, select

from source.adapters.storage.metadata_table import MetadataTable
from source.adapters.storage.operation_tables import conversation_metadata, message_metadata
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead
from source.domain.memory import MemorySource
from source.domain.message import Message, MessageType, Standing
from source.domain.metadata import Analysis, Category, Sentiment
from source.domain.turn import TurnRecord
from source.ports.metadata import MetadataChange, MetadataStore, StatusChange
from source.ports.store import TurnStore
from tests.contract.conftest import Store
from tests.fakes.clock import FakeClock
from tests.fakes.metadata_store import InMemoryMetadata
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import BEN, NOW, TEAM, head, said

GOOD = Analysis(Sentiment.POSITIVE, Category.FEEDBACK, ("thanks",), MemorySource.MODEL)
BAD = Analysis(Sentiment.NEGATIVE, Category.COMPLAINT, ("urgent",), MemorySource.OFFLINE)
NOTHING = Analysis(None, None, None, MemorySource.OFFLINE)


@dataclass
class Stored:
    """A store and what is known in it."""

    store: TurnStore
    metadata: MetadataStore

    async def put(self, *messages: Message, conversation: ConversationHead | None = None) -> int:
        conversation = conversation or head(is_active=False)
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
        return conversation.conversation_id


@pytest.fixture
def stored(store: Store, clock: FakeClock) -> Stored:
    if isinstance(store, InMemoryStore):
        return Stored(store, InMemoryMetadata(store, clock))
    assert isinstance(store, SqlStore)
    return Stored(store, MetadataTable(store))


async def test_a_message_is_found_with_its_conversation_by_its_id_alone(stored: Stored) -> None:
    message = said("Where are you?")
    conversation = await stored.put(said(), message)
    found = await stored.metadata.message(message.message_id)
    assert found is not None
    assert (found.conversation_id, found.message, found.thread.thread_id) == (conversation, message, "main")
    assert await stored.metadata.message(999_999) is None


async def test_conversations_are_unanalyzed_until_an_analysis_covers_what_people_said(stored: Stored) -> None:
    first, second = said("one"), said("two")
    one = await stored.put(first, said("reply", by=None))
    two = await stored.put(second)
    await stored.put(said("only Echo spoke", by=None), said("and we", by=TEAM))
    assert await stored.metadata.unanalyzed() == [one, two]
    assert await stored.metadata.unanalyzed(limit=1) == [one]
    await stored.metadata.put_analyses(one, {first.message_id: GOOD}, overall=GOOD, covers_to=first.message_id)
    assert await stored.metadata.unanalyzed() == [two]
    await stored.put(said("one more"), conversation=head())
    assert len(await stored.metadata.unanalyzed()) == 2


async def test_what_is_covered_needs_no_analysis_even_when_none_was_found(stored: Stored) -> None:
    message = said("...")
    one = await stored.put(message)
    await stored.metadata.put_analyses(one, {message.message_id: NOTHING}, overall=NOTHING, covers_to=0)
    assert await stored.metadata.unanalyzed() == []
    assert await stored.metadata.to_analyze(one) == []
    assert await stored.metadata.analyses(one) == {message.message_id: NOTHING}


async def test_only_what_people_said_and_kept_is_to_be_analyzed_in_order(stored: Stored) -> None:
    tool = Message(NOW, MessageType.TOOL_CALL_RESPONSE, "x", requester="ann", message_id=900_000)
    gone = replace(said(""), standing=Standing.DELETED)
    messages = [said("a"), said("echo", by=None), gone, said("b", by=BEN), said("c"), said("ours", by=TEAM)]
    one = await stored.put(*messages, tool)
    assert [each.message_content for each in await stored.metadata.to_analyze(one)] == ["a", "b", "c"]
    assert [each.message_content for each in await stored.metadata.to_analyze(one, limit=2)] == ["a", "b"]
    after = await stored.metadata.to_analyze(one, after=messages[3].message_id)
    assert [each.message_content for each in after] == ["c"]


async def test_what_was_analyzed_without_a_model_is_analyzed_again_only_when_asked(stored: Stored) -> None:
    messages = [said(text) for text in ("model", "offline", "person", "new")]
    one = await stored.put(*messages)
    model, offline, person, new = (each.message_id for each in messages)
    await stored.metadata.put_analyses(one, {model: GOOD, offline: BAD}, overall=BAD, covers_to=person)
    await stored.metadata.set_message(person, MetadataChange(category=Category.INQUIRY))
    wanted = [each.message_id for each in await stored.metadata.to_analyze(one)]
    assert wanted == [new]
    again = [each.message_id for each in await stored.metadata.to_analyze(one, again=True)]
    assert again == [offline, new]


async def test_a_new_analysis_replaces_the_old_one_where_it_knows_something(stored: Stored) -> None:
    message = said()
    one = await stored.put(message)
    number = message.message_id
    await stored.metadata.put_analyses(one, {number: BAD}, overall=BAD)
    better = Analysis(Sentiment.MIXED, None, None, MemorySource.MODEL)
    await stored.metadata.put_analyses(one, {number: better}, overall=better)
    assert await stored.metadata.analyses(one) == {
        number: Analysis(Sentiment.MIXED, Category.COMPLAINT, ("urgent",), MemorySource.MODEL)
    }


async def test_what_a_person_has_set_stays_and_only_what_they_left_open_is_filled(stored: Stored) -> None:
    message = said()
    one = await stored.put(message)
    number = message.message_id
    assert await stored.metadata.set_message(number, MetadataChange(category=Category.INQUIRY, tags=()))
    await stored.metadata.put_analyses(one, {number: GOOD}, overall=GOOD)
    assert await stored.metadata.analyses(one) == {
        number: Analysis(Sentiment.POSITIVE, Category.INQUIRY, (), MemorySource.PERSON)
    }
    await stored.metadata.set_message(number, MetadataChange(tags=("vip",)))
    known = (await stored.metadata.analyses(one))[number]
    assert (known.category, known.tags) == (Category.INQUIRY, ("vip",))


async def test_a_person_comes_after_an_analysis_too(stored: Stored) -> None:
    message = said()
    one = await stored.put(message)
    await stored.metadata.put_analyses(one, {message.message_id: BAD}, overall=BAD)
    await stored.metadata.set_message(message.message_id, MetadataChange(sentiment=Sentiment.NEUTRAL))
    await stored.metadata.put_analyses(one, {message.message_id: GOOD}, overall=GOOD)
    assert (await stored.metadata.analyses(one))[message.message_id] == Analysis(
        Sentiment.NEUTRAL, Category.COMPLAINT, ("urgent",), MemorySource.PERSON
    )


async def test_what_is_not_there_is_not_set(stored: Stored) -> None:
    one = await stored.put(said())
    change = MetadataChange(is_starred=True)
    assert not await stored.metadata.set_message(999_999, MetadataChange(tags=("x",)))
    assert await stored.metadata.set_conversations([one, one, 999_999], change) == 1
    await stored.metadata.put_analyses(999_999, {1: GOOD}, overall=GOOD)
    await stored.metadata.note_recalled([999_999])


async def test_messages_are_marked_in_bulk_and_what_is_not_said_stays(stored: Stored) -> None:
    messages = [said(str(number)) for number in range(1_201)]
    await stored.put(*messages)
    numbers = [each.message_id for each in messages]
    assert await stored.metadata.mark([*numbers, 999_999], StatusChange(is_read=True)) == 1_201
    assert await stored.metadata.mark(numbers[:1], StatusChange(is_processed=True)) == 1


async def test_a_conversation_is_marked_in_steps(stored: Stored) -> None:
    messages = [said("a"), said("reply", by=None), said("b"), said("c")]
    one = await stored.put(*messages)
    read = StatusChange(is_read=True)
    assert await stored.metadata.mark_conversation(one, read, limit=2) == (2, messages[2].message_id)
    assert await stored.metadata.mark_conversation(one, read, after=messages[2].message_id, limit=2) == (1, None)
    assert await stored.metadata.mark_conversation(999_999, read) == (0, None)


async def _rows(store: SqlStore, table: Table) -> list[dict[str, object]]:
    def read(connection: Connection) -> list[dict[str, object]]:
        return [dict(row) for row in connection.execute(select(table)).mappings()]

    return await store.read(read)


async def test_rows_keep_their_marks_stars_recalls_and_versions(sql_store: SqlStore, clock: FakeClock) -> None:
    metadata = MetadataTable(sql_store)
    message, conversation = said(), head()
    number = conversation.conversation_id
    await sql_store.commit_turn(TurnRecord(number, (message,), (conversation,)))
    await metadata.mark([message.message_id], StatusChange(is_read=True))
    await metadata.mark([message.message_id], StatusChange(is_processed=True))
    await metadata.put_analyses(number, {message.message_id: GOOD}, overall=BAD, covers_to=5)
    await metadata.set_conversations([number], MetadataChange(is_starred=True))
    clock.advance(hours=1)
    await metadata.note_recalled([number])
    await metadata.note_recalled([number, number])
    await metadata.put_analyses(number, {}, overall=GOOD, covers_to=3)
    await metadata.mark([message.message_id], StatusChange(is_read=False))
    (of_message,) = await _rows(sql_store, message_metadata)
    (of_conversation,) = await _rows(sql_store, conversation_metadata)
    assert (of_message["is_read"], of_message["is_processed"], of_message["source"]) == (False, True, "model")
    assert (of_message["version"], of_message["tags"]) == (4, ["thanks"])
    assert of_conversation["is_starred"] is True
    assert (of_conversation["recall_count"], of_conversation["last_recalled_at"]) == (2, clock.now())
    assert (of_conversation["analyzed_to"], of_conversation["sentiment"]) == (5, "positive")
    assert of_conversation["source"] == "model", "a star alone says nothing of the rest"


async def test_a_star_alone_leaves_a_conversation_to_be_analyzed(sql_store: SqlStore) -> None:
    metadata = MetadataTable(sql_store)
    conversation = head()
    await sql_store.commit_turn(TurnRecord(conversation.conversation_id, (said(),), (conversation,)))
    await metadata.set_conversations([conversation.conversation_id], MetadataChange(is_starred=True))
    assert await metadata.unanalyzed() == [conversation.conversation_id]
    (row,) = await _rows(sql_store, conversation_metadata)
    assert (row["source"], row["is_starred"]) == (None, True)


async def test_what_reads_otherwise_now_is_analyzed_again_and_of_what_is_gone_nothing_is_known(
    sql_store: SqlStore,
) -> None:
    metadata = MetadataTable(sql_store)
    messages, conversation = [said("a"), said("b"), said("c")], head()
    number = conversation.conversation_id
    await sql_store.commit_turn(TurnRecord(number, tuple(messages), (conversation,)))
    found = {each.message_id: GOOD for each in messages}
    await metadata.put_analyses(number, found, overall=GOOD, covers_to=messages[-1].message_id)
    await metadata.set_message(messages[2].message_id, MetadataChange(tags=("vip",)))
    edited_at = NOW + timedelta(minutes=1)
    for position, text in ((1, "bad"), (2, "worse")):
        await sql_store.correct(number, replace(messages[position], message_content=text, edited_at=edited_at))
    assert [each.message_content for each in await metadata.to_analyze(number)] == ["bad", "worse"]
    assert await metadata.unanalyzed() == [number]
    await sql_store.correct(number, replace(messages[0], message_content="", standing=Standing.DELETED))
    known = await metadata.analyses(number)
    assert list(known) == [messages[2].message_id]
    assert known[messages[2].message_id].tags == ("vip",)
    (row,) = await _rows(sql_store, conversation_metadata)
    assert row["tags"] == ["vip"]
