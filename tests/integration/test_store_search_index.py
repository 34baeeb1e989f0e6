"""The full-text index: filled behind the writes, complete for whoever searches."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.domain.thread import Platform
from source.domain.turn import TurnRecord
from source.ports.store import Scope
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import head, inbound, said, whole


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "echo.db"


async def _filled(file: Path, *texts: str) -> SqlStore:
    store = await SqlStore.open(file, clock=FakeClock(), durability="normal")
    conversation = head()
    await store.commit_turn(
        TurnRecord(conversation.conversation_id, tuple(said(text) for text in texts), (conversation,))
    )
    return store


async def _found(store: SqlStore, words: str, *, scope: Scope | None = None) -> list[str]:
    return [hit.message.message_content for hit in await store.search(words, scope=scope)]


def _unindexed(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        query = "SELECT count(*) FROM messages WHERE seq > (SELECT indexed_to FROM search_progress)"
        return int(connection.execute(query).fetchone()[0])


async def test_a_reader_also_finds_what_is_not_indexed_yet(file: Path) -> None:
    store = await _filled(file, "an old lighthouse")
    await store.search("old")
    await store.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "INSERT INTO messages (id, conversation_id, created_at, message_type, content, requester, interrupted)"
            " SELECT 999999, conversation_id, created_at, 'chat', 'new lighthouses', 'ann', 0 FROM messages"
        )
        connection.commit()
    assert _unindexed(file) == 1
    reader = await SqlStore.open(file, clock=FakeClock(), read_only=True)
    for _ in range(2):
        assert sorted(await _found(reader, "lighthouse")) == ["an old lighthouse", "new lighthouses"]
    assert len(await _found(reader, "new lighthouse", scope=Scope(Platform.TERMINAL, "ann", None))) == 2
    assert await _found(reader, "lighthouse", scope=Scope(Platform.TERMINAL, "ben", None)) == []
    await reader.close()
    assert _unindexed(file) == 1


async def test_an_index_left_behind_is_caught_up_after_a_restart(file: Path) -> None:
    store = await _filled(file, *(f"ship {number}" for number in range(5_000)))
    await store.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE search_progress SET indexed_to = 0")
        connection.execute("INSERT INTO messages_search (messages_search) VALUES ('delete-all')")
        connection.commit()
    store = await SqlStore.open(file, clock=FakeClock(), durability="normal")
    assert await _found(store, "4999") == ["ship 4999"]
    await store.close()
    assert _unindexed(file) == 0


async def test_under_load_the_index_follows_in_steps(file: Path) -> None:
    store = await _filled(file, *(f"ship {number}" for number in range(8_500)))
    await store.accept(inbound())
    assert _unindexed(file) == 4_500
    await store.close()


async def test_the_index_agrees_with_the_messages_after_some_were_replaced(file: Path) -> None:
    store = await SqlStore.open(file, clock=FakeClock(), durability="normal")
    conversation = whole(head(), *(said(f"ship {number}") for number in range(100)))
    await store.restore([conversation])
    await store.search("ship")
    others = [replace(message, message_content="boat") for message in conversation.messages[10:20]]
    await store.restore([replace(conversation, messages=tuple(others))])
    assert len(await store.search("ship", limit=200)) == 90
    assert len(await store.search("boat", limit=200)) == 10
    await store.close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("INSERT INTO messages_search (messages_search, rank) VALUES ('integrity-check', 1)")
