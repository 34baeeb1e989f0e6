"""Databases of every age become those of today."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from source.adapters.storage import migrate
from source.adapters.storage.engine import writing_engine
from source.adapters.storage.migrate import NEWEST, VERSIONS, bring_up_to_date
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import metadata
from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.errors import StoreError, StoreVersionError
from source.domain.thread import Platform, ThreadKey
from source.domain.turn import InboundKind
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import inbound
from tests.fakes.table_modules import import_tables


@pytest.fixture(autouse=True)
def ready_tables() -> None:
    """Every file here is made by the migrations."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "echo.db"


@pytest.fixture
def engine(file: Path) -> Iterator[Engine]:
    engine = writing_engine(file, "normal")
    yield engine
    engine.dispose()


def _at_version(engine: Engine, version: str) -> None:
    with engine.connect() as connection:
        bring_up_to_date(connection, version)


def _rows(file: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def _fill_first_version(file: Path) -> None:
    """Two threads as 0001 kept them: one with three open conversations, one with an ended one."""
    conversation = (
        "INSERT INTO conversations (id, thread_key, requester, state, created_at, updated_at, filename, title, summary,"
        " carried_summary, running_summary, context_start)"
        " VALUES (?, ?, 'ann', ?, ?, ?, ?, '', '', '', '', 0)"
    )
    message = (
        "INSERT INTO messages (id, conversation_id, created_at, message_type, content, requester, interrupted)"
        " VALUES (?, ?, ?, 'chat', 'Hello', 'ann', 0)"
    )
    with closing(sqlite3.connect(file)) as connection:
        for key, name in ((1, "main"), (2, "quiet")):
            connection.execute("INSERT INTO threads VALUES (?, 'terminal', ?, NULL, NULL)", (key, name))
        for number, thread, state in ((10, 1, "active"), (11, 1, "active"), (12, 1, "active"), (20, 2, "ended")):
            began = f"2026-01-{number:02} 08:00:00.000000"
            connection.execute(conversation, (number, thread, state, began, began, f"{number}.json"))
        for number, (where, day) in enumerate(((10, 13), (10, 14), (11, 25), (11, 15))):
            connection.execute(message, (number, where, f"2026-01-{day} 09:30:00.000000"))
        connection.commit()


def test_the_migrated_tables_are_those_of_the_code(engine: Engine) -> None:
    _at_version(engine, NEWEST)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_object": _is_ours}
        )
        assert import_tables() > 1
        assert compare_metadata(context, metadata) == []


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith("messages_search"))


def test_the_comparison_would_see_a_column_too_many(engine: Engine) -> None:
    _at_version(engine, "0001")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
        missing = {change[3].name for change in compare_metadata(context, metadata) if change[0] == "add_column"}
    windows = {"last_message_at", "is_active", "parent_conversation_id", "conversation_created_reason"}
    channels = {"circle", "edited_at", "standing", "kind", "reply_to", "cost", "person"}
    assert missing == windows | channels | {"is_amended", "pii", "revision", "delivery"}


async def test_conversations_from_before_windows_are_dated_by_their_newest_message(engine: Engine, file: Path) -> None:
    _at_version(engine, "0001")
    _fill_first_version(file)
    store = await SqlStore.open(file, clock=FakeClock())
    loaded = {c.head.conversation_id: c.head async for c in store.every_conversation()}
    dated = {number: str(head.last_message_at or "")[:10] for number, head in loaded.items()}
    assert dated == {10: "2026-01-14", 11: "2026-01-25", 12: "", 20: ""}
    assert {head.created_reason for head in loaded.values()} == {CreatedReason.FIRST_MESSAGE}
    assert [number for number, head in loaded.items() if head.is_active] == [11]
    assert loaded[12].state is ConversationState.ENDED
    active = await store.active(ThreadKey(Platform.TERMINAL, "main"))
    assert active is not None
    assert [message.message_content for message in active.messages] == ["Hello", "Hello"]
    assert len(await store.search("hello")) == 4
    await store.close()
    assert _rows(file, "SELECT version_num FROM alembic_version") == [(NEWEST,)]


async def test_what_was_said_before_channels_is_kept_open_and_a_message(engine: Engine, file: Path) -> None:
    _at_version(engine, "0001")
    _fill_first_version(file)
    _at_version(engine, "0002")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "INSERT INTO events (id, platform, event_id, thread_key, external_id, text, sent_at, accepted_at, state)"
            " VALUES (5, 'terminal', 'e1', 1, 'ann', 'Hi', '2026-01-26 08:00:00.000000', '2026-01-26 08:00:00.000000',"
            " 'accepted')"
        )
        connection.execute(
            "INSERT INTO usage (conversation_id, model, purpose, created_at, input_tokens, cached_tokens,"
            " output_tokens, estimated) VALUES (11, 'm', 'reply', '2026-01-26 08:00:00.000000', 100, 0, 20, 0)"
        )
        connection.commit()
    store = await SqlStore.open(file, clock=FakeClock())
    (waiting,) = await store.unanswered()
    assert (waiting.inbound.kind, waiting.inbound.reply_to) == (InboundKind.MESSAGE, None)
    stored = await store.load(11)
    assert stored is not None
    assert stored.head.thread.circle is None
    assert all(message.is_kept and message.edited_at is None for message in stored.messages)
    assert len(await store.search("hello")) == 4
    statistics = await store.thread_statistics(stored.head.thread.key)
    assert (statistics.messages, statistics.usage.input_tokens, statistics.usage.cost) == (4, 100, None)
    await store.close()


def test_the_step_to_channels_reads_no_row(engine: Engine, file: Path) -> None:
    """Counted in thousands of steps of SQLite's machine: a row that is read takes several."""
    _at_version(engine, "0001")
    _fill_first_version(file)
    _at_version(engine, "0002")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "WITH RECURSIVE number(n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM number WHERE n < 20100)"
            " INSERT INTO messages (id, conversation_id, created_at, message_type, content, interrupted)"
            " SELECT n, 10, '2026-01-14 09:30:00.000000', 'chat', 'Hello', 0 FROM number"
        )
        connection.commit()
    thousands = 0

    def count() -> int:
        nonlocal thousands
        thousands += 1
        return 0

    with engine.connect() as connecting:
        raw: Any = connecting.connection.driver_connection
        raw.set_progress_handler(count, 1_000)
        bring_up_to_date(connecting, "0003")
        assert thousands == 0
        assert raw.execute("SELECT count(*) FROM messages WHERE content = 'x'").fetchone() == (0,)
    assert thousands > 20


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    engine: Engine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _at_version(engine, "0001")
    _fill_first_version(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE INDEX uq_conversations_active ON people (id)")  # in the way of the last step
        connection.commit()
    before = _rows(file, "SELECT sql FROM sqlite_master ORDER BY name")
    with pytest.raises(StoreError):
        await SqlStore.open(file, clock=FakeClock())
    assert _rows(file, "SELECT sql FROM sqlite_master ORDER BY name") == before
    assert _rows(file, "SELECT version_num FROM alembic_version") == [("0001",)]


async def test_a_database_of_the_newest_version_starts_without_migrating(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await (await SqlStore.open(file, clock=FakeClock())).close()

    def refused(*_: object) -> None:
        raise AssertionError("nothing is to be migrated")

    monkeypatch.setattr(migrate, "_upgrade", refused)
    store = await SqlStore.open(file, clock=FakeClock())
    assert await store.accept(inbound()) is not None
    await store.close()


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_database_of_a_newer_echo_is_left_alone(file: Path, read_only: bool) -> None:
    await (await SqlStore.open(file, clock=FakeClock())).close()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(StoreVersionError, match="9999"):
        await SqlStore.open(file, clock=FakeClock(), read_only=read_only)


async def test_a_reader_never_migrates(engine: Engine, file: Path) -> None:
    _at_version(engine, "0001")
    with pytest.raises(StoreVersionError, match=r"python bot\.py chat"):
        await SqlStore.open(file, clock=FakeClock(), read_only=True)
    assert _rows(file, "SELECT version_num FROM alembic_version") == [("0001",)]


def test_the_known_versions_are_those_of_the_folder() -> None:
    folder = Path(migrate.__file__).parent / "migrations" / "versions"
    assert sorted(path.name[1:5] for path in folder.glob("v*.py")) == list(VERSIONS)
