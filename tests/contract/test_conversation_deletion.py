"""What deleting a conversation takes out of every database."""

import asyncio
import itertools
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, func, select

from source.adapters.storage import conversation_deletion
from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.metadata_table import MetadataTable
from source.adapters.storage.operation_tables import conversation_memories, conversation_metadata, message_metadata
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import events, messages, participants, usage
from source.domain.errors import StoreConflictError
from source.domain.memory import MemorySource
from source.domain.metadata import Analysis, Category, Sentiment
from source.domain.turn import TurnRecord
from tests.contract.test_archives import archive_of, put
from tests.fakes.store_samples import MAIN, call, head, inbound, said


@pytest.fixture
def table(sql_store: SqlStore) -> ArchiveTable:
    return ArchiveTable(sql_store)


async def test_a_deleted_conversation_is_gone_with_everything_of_its_own(
    sql_store: SqlStore, table: ArchiveTable
) -> None:
    event = await sql_store.accept(inbound("The lighthouse", event_id="discord-1"))
    assert event is not None
    spoken = said("The lighthouse", event_id="discord-1")
    conversation = head(is_active=False)
    key = conversation.conversation_id
    await sql_store.commit_turn(
        TurnRecord(key, (spoken, said("Yes", by=None)), (conversation,), usage=(call(5),), answered=(event.key,))
    )
    other = await put(sql_store, said("Another lighthouse"))
    stored = await sql_store.load(key)
    assert stored is not None
    await table.note_archived(archive_of(stored), seen=stored)
    await MemoryTable(sql_store).put_memory(key, {"summary": "x"}, source=MemorySource.MODEL)
    analysis = Analysis(Sentiment.NEUTRAL, Category.GENERAL, (), MemorySource.MODEL)
    await MetadataTable(sql_store).put_analyses(key, {spoken.message_id: analysis}, overall=analysis)

    assert [hit.conversation_id for hit in await sql_store.search("lighthouse")] == [other.head.conversation_id, key]
    assert await table.delete_conversations([key]) == 1
    assert await table.delete_conversations([key, 12_345]) == 0

    assert await sql_store.load(key) is None
    assert [hit.conversation_id for hit in await sql_store.search("lighthouse")] == [other.head.conversation_id]
    assert await sql_store.read(rows_about, key) == 0
    assert await sql_store.unanswered() == []


async def test_the_words_of_a_deleted_conversation_leave_the_search_index(
    sql_store: SqlStore, table: ArchiveTable
) -> None:
    stored = await put(sql_store, said("The lighthouse"))
    assert await sql_store.search("lighthouse")
    assert await sql_store.read(rows_indexed, "lighthouse") == 1
    await table.delete_conversations([stored.head.conversation_id])
    assert await sql_store.read(rows_indexed, "lighthouse") == 0


async def test_a_message_of_a_deleted_conversation_that_is_delivered_again_is_not_answered(
    sql_store: SqlStore, table: ArchiveTable
) -> None:
    event = await sql_store.accept(inbound("Hello", event_id="discord-1"))
    assert event is not None
    conversation = head(is_active=False)
    spoken = said("Hello", event_id="discord-1")
    await sql_store.commit_turn(
        TurnRecord(conversation.conversation_id, (spoken,), (conversation,), answered=(event.key,))
    )
    await table.delete_conversations([conversation.conversation_id])
    assert await sql_store.is_accepted(MAIN.platform, "discord-1")
    assert await sql_store.accept(inbound("Hello", event_id="discord-1")) is None
    assert await sql_store.read(who_wrote, "discord-1") == ""


async def test_a_long_conversation_is_never_half_deleted(sql_store: SqlStore, table: ArchiveTable) -> None:
    stored = await put(sql_store, *(said(f"Number {number}") for number in range(1_201)))
    counts: set[int] = set()
    deleting = asyncio.create_task(table.delete_conversations([stored.head.conversation_id]))
    while not deleting.done():
        found = await sql_store.load(stored.head.conversation_id)
        counts.add(0 if found is None else len(found.messages))
    assert await deleting == 1
    assert counts <= {1_201, 0}


async def test_a_deletion_that_fails_in_the_middle_takes_nothing_away(
    sql_store: SqlStore, table: ArchiveTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await put(sql_store, *(said(f"Number {number}") for number in range(1_201)))
    strip, calls = conversation_deletion.strip_events, itertools.count()

    def cut(connection: Connection, keys: Sequence[int]) -> None:
        if next(calls) == 2:
            raise StoreConflictError("cut off")
        strip(connection, keys)

    monkeypatch.setattr(conversation_deletion, "strip_events", cut)
    with pytest.raises(StoreConflictError):
        await table.delete_conversations([stored.head.conversation_id])
    assert await sql_store.load(stored.head.conversation_id) == stored
    monkeypatch.undo()
    assert await table.delete_conversations([stored.head.conversation_id]) == 1
    assert await sql_store.search("number") == []
    assert await sql_store.read(rows_about, stored.head.conversation_id) == 0


def rows_about(connection: Connection, conversation_id: int) -> int:
    tables = (messages, participants, usage, conversation_memories, conversation_metadata, message_metadata, events)
    return sum(
        connection.execute(
            select(func.count()).select_from(each).where(each.c.conversation_id == conversation_id)
        ).scalar_one()
        for each in tables
    )


def who_wrote(connection: Connection, event_id: str) -> str:
    return str(connection.execute(select(events.c.external_id).where(events.c.event_id == event_id)).scalar_one())


def rows_indexed(connection: Connection, word: str) -> int:
    """Ask the index itself: a search asks the messages as well."""
    query = f"SELECT count(*) FROM messages_search WHERE messages_search MATCH '{word}'"
    if connection.dialect.name == "postgresql":
        query = f"SELECT count(*) FROM messages WHERE content LIKE '%%{word}%%'"
    return int(connection.exec_driver_sql(query).scalar_one())
