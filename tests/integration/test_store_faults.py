"""What the store does when its disk or its file lets it down."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from source.adapters.storage.errors import translated
from source.adapters.storage.sql_store import SqlStore
from source.domain.errors import (
    SettingsError,
    StoreDamagedError,
    StoreError,
    StoreUnavailableError,
    StoreVersionError,
)
from source.domain.turn import TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import MAIN, head, inbound, said

REBUILD = "python bot.py rebuild --from transcripts"


@pytest.fixture(autouse=True)
def ready_tables() -> None:
    """Every file here is made by the migrations."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "echo.db"


@pytest.fixture
async def store(file: Path) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(file, clock=FakeClock(), durability="full")
    yield store
    await store.close()


async def _pragma(store: SqlStore, pragma: str) -> None:
    """Change the connection that writes; nothing writes meanwhile."""
    assert store._writer is not None
    connection = store._writer._target._session.connection()  # type: ignore[attr-defined]  # the real target has it
    connection.connection.driver_connection.execute(f"PRAGMA {pragma}")


async def test_a_full_disk_is_told_and_the_store_goes_on_once_there_is_space(store: SqlStore) -> None:
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said("before"),), (conversation,)))
    await _pragma(store, "max_page_count = 1")
    big = [TurnRecord(conversation.conversation_id, (said("x" * 500_000),)) for _ in range(5)]
    outcomes = await asyncio.gather(*(store.commit_turn(record) for record in big), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {StoreUnavailableError}
    assert "disk is full" in str(outcomes[0])
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said("after"),)))
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert [message.message_content for message in loaded.messages] == ["before", "after"]


async def test_a_database_that_cannot_be_written_is_told(store: SqlStore) -> None:
    await _pragma(store, "query_only = ON")
    with pytest.raises(StoreUnavailableError, match="cannot be written"):
        await store.accept(inbound())
    assert await store.accept(inbound()) is not None


async def test_a_file_that_is_no_database_is_told(file: Path) -> None:
    file.write_bytes(b"this is not a database at all" * 100)  # noqa: ASYNC240  # a test
    for read_only in (False, True):
        with pytest.raises(StoreDamagedError, match=REBUILD):
            await SqlStore.open(file, clock=FakeClock(), read_only=read_only)
    assert file.read_bytes().startswith(b"this is not")  # noqa: ASYNC240  # a test


async def test_a_damaged_page_is_told_by_reads_and_writes(file: Path) -> None:
    store = await SqlStore.open(file, clock=FakeClock())
    conversation = head()
    messages = tuple(said(f"{number} " * 200) for number in range(500))
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
    await store.close()
    _damage(file, "sqlite_autoindex_messages_1")
    store = await SqlStore.open(file, clock=FakeClock())
    with pytest.raises(StoreDamagedError, match=REBUILD):
        await store.load(conversation.conversation_id)
    with pytest.raises(StoreDamagedError, match=REBUILD):
        await store.commit_turn(TurnRecord(conversation.conversation_id, (said(),)))
    await store.close()


def _damage(file: Path, *names: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        roots = [connection.execute(query, (name,)).fetchone()[0] for name in names]
    with file.open("r+b") as raw:
        for root in roots:
            raw.seek((root - 1) * size)
            raw.write(b"\xff" * size)


async def test_another_program_with_a_lock_is_told(store: SqlStore, file: Path) -> None:
    await _pragma(store, "busy_timeout = 10")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            await store.accept(inbound())
        other.execute("ROLLBACK")
    assert await store.accept(inbound()) is not None


async def test_a_text_that_cannot_be_kept_fails_alone_and_is_in_no_error(store: SqlStore) -> None:
    conversation = head()
    bad = TurnRecord(conversation.conversation_id, (said("secret \ud800"),), (conversation,))
    outcomes = await asyncio.gather(store.commit_turn(bad), store.accept(inbound()), return_exceptions=True)
    error = outcomes[0]
    assert isinstance(error, StoreError)
    assert not isinstance(outcomes[1], BaseException)
    assert "secret" not in str(error)
    assert await store.load(conversation.conversation_id) is None


async def test_no_error_of_the_database_shows_what_was_said(store: SqlStore, file: Path) -> None:
    conversation = head()
    message = said("secret")
    record = TurnRecord(conversation.conversation_id, (message,), (conversation,))
    await store.commit_turn(record)
    with pytest.raises(StoreError) as written:
        await store.commit_turn(record)
    await store.search("secret")
    with closing(sqlite3.connect(file)) as other:
        other.execute("DROP TABLE messages_search")
    with pytest.raises(StoreError) as read:
        await store.search("secret")
    for error in (written.value, read.value):
        assert len(list(_causes(error))) > 1
        assert not any("secret" in str(cause) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


async def test_a_database_of_another_program_is_left_alone(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE theirs (x)")
    before = file.read_bytes()  # noqa: ASYNC240  # a test
    with pytest.raises(StoreVersionError, match="another program"):
        await SqlStore.open(file, clock=FakeClock())
    assert file.read_bytes()[100:] == before[100:]  # noqa: ASYNC240  # a test


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailableError):
        await SqlStore.open(tmp_path / "file" / "echo.db", clock=FakeClock())


async def test_a_path_that_is_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        await SqlStore.open(tmp_path, clock=FakeClock())


@pytest.mark.parametrize(
    "url", ["postgresql://localhost", "mysql://h/echo", "sqlite://", "sqlite:///:memory:", "nonsense://"]
)
async def test_a_url_that_names_no_file_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        await SqlStore.open(url, clock=FakeClock())


async def test_nothing_works_on_a_closed_store(store: SqlStore) -> None:
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.accept(inbound())
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.active(MAIN.key)


def test_every_error_of_the_driver_has_words_of_the_store() -> None:
    """Codes that SQLite adds later count as trouble with the disk: told to everyone, retried later."""
    codes = {name: code for name, code in vars(sqlite3).items() if name.startswith("SQLITE_") and isinstance(code, int)}
    primary = {name for name, code in codes.items() if 0 < code < 100 and name.count("_") == 1}
    for name in primary:
        error = sqlite3.OperationalError("secret")
        error.sqlite_errorcode = codes[name]
        fault = translated(error)
        assert isinstance(fault, StoreError), name
        assert "secret" not in str(fault)
    assert type(translated(_with_code(sqlite3.SQLITE_IOERR_FSYNC))) is StoreUnavailableError
    assert type(translated(_with_code(sqlite3.SQLITE_CORRUPT_INDEX))) is StoreDamagedError
    assert type(translated(_with_code(sqlite3.SQLITE_READONLY_DIRECTORY))) is StoreUnavailableError
    assert type(translated(_with_code(sqlite3.SQLITE_CONSTRAINT_UNIQUE))) is StoreError


def _with_code(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("")
    error.sqlite_errorcode = code
    return error
