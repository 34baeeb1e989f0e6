"""What a PostgreSQL server refuses, in words that say what to do and never what was said."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from source.adapters.storage import opening, postgres_engine
from source.adapters.storage.errors import translated
from source.adapters.storage.postgres_errors import is_known, is_passing
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
from tests.fakes.databases import own_server, server
from tests.fakes.postgres import PostgresServer
from tests.fakes.store_samples import head, inbound, said


@pytest.fixture
def database() -> Iterator[str]:
    with server().database() as url:
        yield url


@pytest.fixture
def empty_database() -> Iterator[str]:
    with server().database(is_empty=True) as url:
        yield url


@pytest.fixture
async def store(database: str) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(database, clock=FakeClock())
    yield store
    await store.close()


@pytest.fixture(scope="module")
def guarded() -> Iterator[PostgresServer]:
    """A server that asks for passwords and has few connections."""
    with own_server(max_connections="8", superuser_reserved_connections="2") as guarded:
        with psycopg.connect(guarded.url().render_as_string(), autocommit=True) as admin:
            admin.execute("CREATE USER guest PASSWORD 'opensesame'")
            admin.execute("CREATE DATABASE store OWNER guest")
        rules = guarded.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local all guest scram-sha-256\n{rules.read_text()}")
        guarded.stop()
        guarded.start()
        yield guarded


def _as_guest(guarded: PostgresServer, password: str, database: str = "store") -> str:
    url = guarded.url(database).set(username="guest", password=password)
    return url.render_as_string(hide_password=False)


def _every_error() -> list[type[psycopg.Error]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, psycopg.Error)]
    assert len(kinds) > 250
    return kinds


def test_every_error_of_the_driver_has_words_of_the_store() -> None:
    for kind in _every_error():
        sqlstate = vars(kind).get("sqlstate")
        assert sqlstate is None or is_known(sqlstate), kind
        fault = translated(DBAPIError("SELECT", (), kind("secret")))
        assert isinstance(fault, StoreError), kind
        assert "secret" not in str(fault)


@pytest.mark.parametrize(
    ("kind", "fault", "words"),
    [
        (errors.DiskFull, StoreUnavailableError, "disk is full"),
        (errors.TooManyConnections, StoreUnavailableError, "max_connections"),
        (errors.ReadOnlySqlTransaction, StoreUnavailableError, "primary"),
        (errors.InsufficientPrivilege, StoreUnavailableError, "owner"),
        (errors.InvalidPassword, StoreUnavailableError, "password"),
        (errors.IoError, StoreUnavailableError, "disk"),
        (errors.IndexCorrupted, StoreDamagedError, "backup"),
        (errors.LockNotAvailable, StoreUnavailableError, "locked"),
        (errors.InvalidSqlStatementName, StoreUnavailableError, "pooler"),
        (errors.UniqueViolation, StoreError, "UniqueViolation"),
        (errors.SyntaxError, StoreError, "SyntaxError"),
        (psycopg.DataError, StoreError, "DataError"),
    ],
)
def test_errors_say_what_to_do(kind: type[psycopg.Error], fault: type[StoreError], words: str) -> None:
    found = translated(kind("secret"))
    assert type(found) is fault
    assert words in str(found)


def test_only_what_passes_by_itself_is_tried_again() -> None:
    passing = {kind.__name__ for kind in _every_error() if vars(kind).get("sqlstate") and is_passing(kind())}
    assert {"AdminShutdown", "CrashShutdown", "CannotConnectNow", "DeadlockDetected", "ConnectionFailure"} <= passing
    assert not passing & {
        "DiskFull",
        "UniqueViolation",
        "InvalidPassword",
        "ReadOnlySqlTransaction",
        "LockNotAvailable",
    }
    assert is_passing(psycopg.OperationalError("connection refused"))
    assert not is_passing(psycopg.OperationalError('FATAL:  database "secret" does not exist'))
    assert not is_passing(psycopg.DataError("no code"))


async def test_a_wrong_password_is_told_without_it(guarded: PostgresServer) -> None:
    for read_only in (False, True):
        with pytest.raises(StoreUnavailableError, match="password of DATABASE_URL") as told:
            await SqlStore.open(_as_guest(guarded, "opensesami"), clock=FakeClock(), read_only=read_only)
        assert "sesam" not in "".join(f"{cause!r}{cause}" for cause in _causes(told.value))


async def test_a_database_that_is_not_there_is_told(guarded: PostgresServer) -> None:
    with pytest.raises(StoreUnavailableError, match="no database of the name"):
        await SqlStore.open(_as_guest(guarded, "opensesame", "shop"), clock=FakeClock())


async def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be reached"):
        await SqlStore.open("postgresql://echo@127.0.0.1:1/echo", clock=FakeClock())


async def test_a_server_without_a_connection_left_is_told(guarded: PostgresServer) -> None:
    url = _as_guest(guarded, "opensesame")
    others = [psycopg.connect(url) for _ in range(6)]
    try:
        with pytest.raises(StoreUnavailableError, match="max_connections"):
            await SqlStore.open(url, clock=FakeClock())
    finally:
        for other in others:
            other.close()


async def test_a_user_without_rights_is_told(guarded: PostgresServer) -> None:
    with pytest.raises(StoreUnavailableError, match="owner"):
        await SqlStore.open(_as_guest(guarded, "opensesame", "postgres"), clock=FakeClock())


async def test_an_ordinary_owner_needs_no_other_rights(guarded: PostgresServer) -> None:
    store = await SqlStore.open(_as_guest(guarded, "opensesame"), clock=FakeClock())
    assert await store.accept(inbound()) is not None
    await store.close()


async def test_a_database_that_takes_no_writes_is_told(store: SqlStore, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
        admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only TO on'.encode())
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'echo'")
    with pytest.raises(StoreUnavailableError, match="primary"):
        await store.accept(inbound())


async def test_no_error_of_the_database_shows_what_was_said(store: SqlStore, database: str) -> None:
    conversation = head()
    record = TurnRecord(conversation.conversation_id, (said("secret"),), (conversation,))
    await store.commit_turn(record)
    with pytest.raises(StoreError) as written:
        await store.commit_turn(record)
    with pytest.raises(StoreError) as changed:
        await store.change(_quote_a_secret)
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("ALTER TABLE messages RENAME TO elsewhere")
    with pytest.raises(StoreError) as read:
        await store.search("secret")
    for error in (written.value, changed.value, read.value):
        assert len(list(_causes(error))) > 1
        assert not any("secret" in str(cause) for cause in _causes(error))
    assert "uq_messages_conversation_id_id" in str(written.value.__cause__)


def _quote_a_secret(connection: Connection, _now: datetime) -> None:
    connection.execute(text("SELECT CAST('secret' AS integer)"))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


async def test_a_text_that_cannot_be_kept_fails_alone(store: SqlStore) -> None:
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
    bad = [TurnRecord(conversation.conversation_id, (said(f"secret {odd}"),)) for odd in ("\ud800", "\x00")]
    writes = [store.accept(inbound()), *(store.commit_turn(record) for record in bad), store.accept(inbound())]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [False, True, True, False]
    assert not any("secret" in str(cause) for outcome in outcomes[1:3] for cause in _causes(_error(outcome)))


def _error(outcome: object) -> BaseException:
    assert isinstance(outcome, BaseException)
    return outcome


async def test_another_program_with_a_lock_is_told(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_engine, "_LOCK_TIMEOUT", "50ms")
    store = await SqlStore.open(database, clock=FakeClock())
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            await store.accept(inbound())
    assert await store.accept(inbound()) is not None
    await store.close()


async def test_a_database_of_another_program_is_left_alone(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as other:
        other.execute("CREATE TABLE theirs (x integer)")
    with pytest.raises(StoreVersionError, match="another program"):
        await SqlStore.open(empty_database, clock=FakeClock())


async def test_a_reader_never_makes_tables(empty_database: str) -> None:
    with pytest.raises(StoreVersionError):
        await SqlStore.open(empty_database, clock=FakeClock(), read_only=True)


@pytest.mark.parametrize("url", ["postgresql://host", "postgresql+asyncpg://host/echo", "postgresql://host:port/echo"])
async def test_a_url_that_names_no_database_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        await SqlStore.open(url, clock=FakeClock())


async def test_a_server_that_is_starting_is_waited_for(
    guarded: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[None] = []
    open_once = opening._server

    def slow(*args: object, **kwargs: object) -> opening.OpenDatabase:
        tries.append(None)
        if len(tries) < 3:
            raise psycopg.OperationalError("FATAL:  the database system is starting up")
        return open_once(*args, **kwargs)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(opening, "_server", slow)
    store = await SqlStore.open(_as_guest(guarded, "opensesame"), clock=FakeClock())
    assert len(tries) == 3
    await store.close()


async def test_a_database_that_cannot_keep_every_text_is_told(guarded: PostgresServer) -> None:
    with psycopg.connect(guarded.url().render_as_string(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0 OWNER guest")
    with pytest.raises(StoreUnavailableError, match="UTF8"):
        await SqlStore.open(_as_guest(guarded, "opensesame", "latin"), clock=FakeClock())
