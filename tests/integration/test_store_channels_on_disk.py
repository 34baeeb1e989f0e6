"""What channels and corrections leave on disk, and how little is read to find it."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from source.adapters.storage import channel_reading, event_reading, statistics_reading
from source.adapters.storage.engine import reading_engine
from source.adapters.storage.sql_store import SqlStore
from source.domain.message import Standing
from source.domain.thread import Platform
from source.domain.turn import SentPart, TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import GUILD, NOW, call, head, inbound, said


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "echo.db"


async def _opened(file: Path) -> SqlStore:
    return await SqlStore.open(file, clock=FakeClock(), durability="normal")


def _rows(file: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


async def test_the_index_agrees_with_the_messages_after_edits_and_deletions(file: Path) -> None:
    store = await _opened(file)
    conversation = head()
    messages = [said(f"ship {number}") for number in range(60)]
    replies = [said(f"boat {number}", by=None) for number in range(5)]
    await store.commit_turn(TurnRecord(conversation.conversation_id, tuple(messages[:40]), (conversation,)))
    await store.search("ship")
    await store.commit_turn(TurnRecord(conversation.conversation_id, (*messages[40:], *replies)))
    for number in (3, 30, 45, 3):  # some indexed, some not yet, one of them twice
        edited = replace(messages[number], message_content=f"raft {number}", edited_at=NOW)
        await store.correct(conversation.conversation_id, edited)
    for number in (5, 50):
        gone = replace(messages[number], message_content="", standing=Standing.DELETED)
        await store.correct(conversation.conversation_id, gone)
    old = tuple(reply.message_id for reply in replies[:2])
    await store.commit_turn(TurnRecord(conversation.conversation_id, superseded=old))
    found = [len(await store.search(words, limit=100)) for words in ("ship", "raft", "boat")]
    assert found == [55, 3, 3]
    stored = await store.load(conversation.conversation_id)
    assert stored is not None
    await store.restore([replace(stored, messages=stored.messages[:10])])
    assert [len(await store.search(words, limit=100)) for words in ("ship", "raft", "boat")] == found
    await store.close()
    assert _rows(file, "SELECT count(*) FROM messages_search WHERE messages_search MATCH 'ship'") == [(55,)]
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO messages_search (messages_search, rank) VALUES ('integrity-check', 1)")


async def test_a_reader_finds_an_unindexed_message_by_what_it_says_now(file: Path) -> None:
    store = await _opened(file)
    conversation = head()
    edited, gone = said("an old ship"), said("a lost ship")
    await store.commit_turn(TurnRecord(conversation.conversation_id, (edited, gone), (conversation,)))
    await store.correct(conversation.conversation_id, replace(edited, message_content="an old raft"))
    await store.correct(conversation.conversation_id, replace(gone, standing=Standing.SUPERSEDED))
    reader = await SqlStore.open(file, clock=FakeClock(), read_only=True)
    assert await reader.search("ship") == []
    assert len(await reader.search("raft")) == 1
    await reader.close()
    await store.close()


async def _many_turns(file: Path, conversations: int, turns: int) -> None:
    store = await _opened(file)
    for where in range(conversations):
        thread = replace(GUILD, thread_id=f"{where}")
        conversation = head(thread=thread)
        await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
        for number in range(turns):
            name = f"{where}-{number}"
            event = await store.accept(inbound("Hello", event_id=name, thread=thread))
            assert event is not None
            messages = (said(event_id=name, after=number), said("Hi", by=None, after=number))
            usage = (call(100, after=where * turns + number, person="ann"),)
            record = TurnRecord(conversation.conversation_id, messages, usage=usage, answered=(event.key,))
            await store.commit_turn(record)
            store.note_sent(Platform.DISCORD, SentPart(event.key, 0, f"reply {name}"))
            await store.mark_delivered([event.key])
    await store.close()


@pytest.mark.parametrize(("conversations", "turns"), [(1, 400), (400, 1)])
async def test_little_is_read_of_much_that_is_done(file: Path, conversations: int, turns: int) -> None:
    """Counted in steps of SQLite's machine, of which a look at everything takes thousands."""
    await _many_turns(file, conversations, turns)
    platform, late = Platform.DISCORD, NOW + timedelta(hours=1, seconds=conversations * turns - 1)
    engine = reading_engine(file)
    with engine.connect() as connection:
        event_reading.unanswered(connection, platform)  # the schema is read with the first statement
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 10
            return 0

        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(count, 10)
        found = channel_reading.find(connection, platform, "0-0")
        assert found is not None
        assert found.message.event_id == "0-0"
        assert channel_reading.find(connection, platform, "reply 0-0") is not None
        assert channel_reading.unfinished_parts(connection, platform) == []
        assert event_reading.unanswered(connection, platform) == []
        assert statistics_reading.tokens_since(connection, platform, late) == {}
        assert steps < 400
    engine.dispose()
