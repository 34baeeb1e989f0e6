"""The store as a file: who may read it, what is left of it, how it starts."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.domain.errors import StoreUnavailableError
from source.domain.turn import TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import NOW, head, inbound, said

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def ready_tables() -> None:
    """Every file here is made by the migrations."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "folder" / "echo.db"


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("normal", 1)])
async def test_durability_is_what_sqlite_syncs(file: Path, durability: str, synchronous: int) -> None:
    assert durability in ("full", "normal")
    store = await SqlStore.open(file, clock=FakeClock(), durability="full" if durability == "full" else "normal")
    assert store._writer is not None
    raw = store._writer._target._session.connection().connection.driver_connection  # type: ignore[attr-defined]
    found = {
        name: raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode", "foreign_keys")
    }
    assert found == {"synchronous": synchronous, "journal_mode": "wal", "foreign_keys": 1}
    await store.close()


async def test_a_closed_store_is_one_file(file: Path) -> None:
    store = await SqlStore.open(file, clock=FakeClock())
    await store.accept(inbound())
    await store.count()
    await store.close()
    assert [path.name for path in file.parent.iterdir()] == ["echo.db"]


async def test_a_url_names_the_same_file_as_its_path(file: Path) -> None:
    store = await SqlStore.open(f"sqlite:///{file}", clock=FakeClock())
    await store.accept(inbound())
    await store.close()
    store = await SqlStore.open(str(file), clock=FakeClock())
    assert len(await store.unanswered()) == 1
    await store.close()


async def test_a_reader_never_writes(file: Path) -> None:
    await (await SqlStore.open(file, clock=FakeClock())).close()
    before = file.read_bytes()  # noqa: ASYNC240  # a test
    reader = await SqlStore.open(file, clock=FakeClock(), read_only=True)
    with pytest.raises(StoreUnavailableError, match="reading only"):
        await reader.accept(inbound())
    with pytest.raises(StoreUnavailableError, match="reading only"):
        await reader.mark_delivered([1])
    await reader.search("anything")
    await reader.close()
    assert file.read_bytes() == before  # noqa: ASYNC240  # a test


async def test_a_reader_without_a_database_is_told_how_to_make_one(file: Path) -> None:
    with pytest.raises(StoreUnavailableError, match=r"python bot\.py chat"):
        await SqlStore.open(file, clock=FakeClock(), read_only=True)
    assert not file.parent.exists()


async def test_times_can_be_read_with_the_databases_own_functions(file: Path) -> None:
    store = await SqlStore.open(file, clock=FakeClock())
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said(after=90),), (conversation,)))
    await store.close()
    with closing(sqlite3.connect(file)) as connection:
        (text,) = connection.execute("SELECT datetime(last_message_at, '+1 hour') FROM conversations").fetchone()
    assert text == (NOW + timedelta(seconds=90, hours=1)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("table", "index"), [("events", "ix_events_unfinished"), ("conversations", "uq_conversations_active")]
)
async def test_recovery_and_start_use_an_index_of_what_is_open(file: Path, table: str, index: str) -> None:
    await (await SqlStore.open(file, clock=FakeClock())).close()
    queries = {
        "events": "SELECT * FROM events WHERE events.state <> 'delivered' AND events.state = ? ORDER BY events.id",
        "conversations": "SELECT * FROM conversations WHERE thread_key = ? AND conversations.is_active",
    }
    with closing(sqlite3.connect(file)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {queries[table]}", ("accepted",)).fetchall()
    assert index in str(plan)
