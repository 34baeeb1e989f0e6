"""The server goes away and comes back: nothing accepted is lost, and nothing is written twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import get_args

import psycopg
import pytest
from sqlalchemy import Connection, select, text, update
from structlog.testing import capture_logs

from source.adapters.storage import opening
from source.adapters.storage.engine import Durability
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import conversations
from source.domain.errors import StoreUnavailableError
from source.domain.turn import TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.databases import own_server
from tests.fakes.postgres import PostgresServer
from tests.fakes.postgres_wire import Cut, Wire
from tests.fakes.store_samples import MAIN, head, inbound, said


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with own_server() as server:
        yield server


@pytest.fixture
def database(server: PostgresServer) -> str:
    with psycopg.connect(_text(server), autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS store WITH (FORCE)")
        admin.execute("CREATE DATABASE store")
    return _text(server, "store")


@pytest.fixture
async def store(database: str) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(database, clock=FakeClock())
    yield store
    await store.close()


@pytest.fixture
async def wire(server: PostgresServer, tmp_path: Path) -> AsyncIterator[Wire]:
    async with Wire(server.folder, tmp_path).laid() as wire:
        yield wire


@pytest.fixture
async def wired(server: PostgresServer, database: str, wire: Wire) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(wire.url(server.url("store")), clock=FakeClock())
    yield store
    await store.close()


def _text(server: PostgresServer, database: str = "postgres") -> str:
    return server.url(database).render_as_string()


def _end_connections(server: PostgresServer) -> int:
    with psycopg.connect(_text(server), autocommit=True) as admin:
        ended = admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'echo'"
        )
        return len(ended.fetchall())


@asynccontextmanager
async def _away(server: PostgresServer) -> AsyncIterator[None]:
    await asyncio.to_thread(server.stop, "QUIT")
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


async def _accept(store: SqlStore, numbers: range) -> list[bool]:
    accepted = await asyncio.gather(*(store.accept(inbound(f"{n}", event_id=f"{n}")) for n in numbers))
    return [event is not None for event in accepted]


async def _texts(store: SqlStore) -> list[str]:
    return [event.inbound.text for event in await store.unanswered()]


async def test_what_is_said_while_the_server_restarts_is_accepted_once(server: PostgresServer, store: SqlStore) -> None:
    assert all(await _accept(store, range(20)))
    async with _away(server):
        waiting = asyncio.create_task(_accept(store, range(20, 40)))
        reading = asyncio.create_task(store.active(MAIN.key))
        await asyncio.sleep(0)
    assert all(await waiting)
    assert await reading is None
    assert await _texts(store) == [f"{number}" for number in range(40)]
    assert not any(await _accept(store, range(40)))


async def test_every_connection_may_be_ended_at_any_time(server: PostgresServer, store: SqlStore) -> None:
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said(),), (conversation,)))
    for number in range(3):
        assert await store.load(conversation.conversation_id) is not None
        assert _end_connections(server) >= 2
        if number % 2:
            assert await store.load(conversation.conversation_id) is not None
        assert all(await _accept(store, range(number, number + 1)))
        await store.mark_delivered([1])
    assert len(await store.unanswered()) == 3


async def test_a_long_outage_is_told_and_ends_by_itself(
    server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_WRITE_PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(opening, "_READ_PATIENCE_SECONDS", 0.5)
    store = await SqlStore.open(database, clock=FakeClock())
    with capture_logs() as logs:
        async with _away(server):
            for _ in range(2):
                with pytest.raises(StoreUnavailableError, match="reached"):
                    await store.accept(inbound(event_id="early"))
                with pytest.raises(StoreUnavailableError, match="reached"):
                    await store.active(MAIN.key)
        assert await _accept(store, range(1)) == [True]
        assert await _texts(store) == ["0"]
    told = [entry["event"] for entry in logs if entry["event"].startswith("store.server")]
    assert told.count("store.server_away") == told.count("store.server_back") == 2
    await store.close()


@pytest.mark.parametrize("cut", get_args(Cut))
async def test_a_message_whose_commit_was_cut_off_is_accepted_once(wired: SqlStore, wire: Wire, cut: Cut) -> None:
    wire.cut = cut
    assert await _accept(wired, range(5)) == [True] * 5
    assert wire.cuts == 1
    assert sorted(await _texts(wired)) == [f"{number}" for number in range(5)]
    assert not any(await _accept(wired, range(5)))


@pytest.mark.parametrize("cut", get_args(Cut))
async def test_a_turn_whose_commit_was_cut_off_is_kept_once(wired: SqlStore, wire: Wire, cut: Cut) -> None:
    conversation = head()
    messages = (said("one"), said("two", by=None))
    wire.cut = cut
    record = TurnRecord(conversation.conversation_id, messages, (conversation,))
    assert await wired.commit_turn(record) == messages
    stored = await wired.load(conversation.conversation_id)
    assert stored is not None
    assert stored.messages == messages


@pytest.mark.parametrize("cut", get_args(Cut))
async def test_a_change_whose_commit_was_cut_off_is_made_once(wired: SqlStore, wire: Wire, cut: Cut) -> None:
    conversation = head()
    await wired.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))

    def longer(connection: Connection, _now: datetime) -> int:
        start = conversations.c.context_start
        one_longer = update(conversations).values(context_start=start + 1).returning(start)
        return int(connection.execute(one_longer).scalar_one())

    wire.cut = cut
    assert await wired.change(longer) == 1
    assert await wired.read(lambda each: each.execute(select(conversations.c.context_start)).scalar_one()) == 1


@pytest.mark.parametrize(
    ("durability", "by_server", "expected"),
    [("full", "on", "on"), ("full", "off", "on"), ("full", "remote_apply", "remote_apply"), ("normal", "on", "off")],
)
async def test_durability_is_what_the_server_waits_for(
    server: PostgresServer, database: str, durability: Durability, by_server: str, expected: str
) -> None:
    with psycopg.connect(_text(server), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE store SET synchronous_commit TO {by_server}".encode())
    store = await SqlStore.open(database, clock=FakeClock(), durability=durability)
    assert await store.change(lambda each, _: each.execute(text("SHOW synchronous_commit")).scalar()) == expected
    assert await store.change(lambda each, _: each.execute(text("SHOW timezone")).scalar()) == "UTC"
    await store.close()
