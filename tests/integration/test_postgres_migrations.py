"""PostgreSQL databases of every age become those of today."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from source.adapters.storage import migrate
from source.adapters.storage.database_url import database_named
from source.adapters.storage.migrate import NEWEST, bring_up_to_date
from source.adapters.storage.postgres_engine import server_writing_engine
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import metadata
from source.domain.errors import StoreError, StoreVersionError
from source.domain.thread import Platform, ThreadKey
from tests.fakes.clock import FakeClock
from tests.fakes.databases import rows, server
from tests.fakes.store_samples import inbound
from tests.fakes.table_modules import import_tables

_WHAT_IS_THERE = (
    "SELECT relname, relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
    " UNION ALL SELECT proname, 'f' FROM pg_proc WHERE pronamespace = current_schema()::regnamespace ORDER BY 1"
)
# Two threads as 0001 kept them: one with three open conversations, one with an ended one.
_FIRST_VERSION = """
INSERT INTO threads (id, platform, thread_id) VALUES (1, 'terminal', 'main'), (2, 'terminal', 'quiet');
INSERT INTO conversations (id, thread_key, requester, state, created_at, updated_at, filename, title, summary,
    carried_summary, running_summary, context_start)
SELECT number, thread, 'ann', state, timestamptz '2026-01-10', timestamptz '2026-01-10', '', '', '', '', '', 0
FROM (VALUES (10, 1, 'active'), (11, 1, 'active'), (12, 1, 'active'), (20, 2, 'ended')) AS old (number, thread, state);
INSERT INTO messages (id, conversation_id, created_at, message_type, content, requester, interrupted)
SELECT number, conversation, said_at, 'chat', 'Hello', 'ann', false
FROM (VALUES (1, 10, timestamptz '2026-01-13'), (2, 11, timestamptz '2026-01-25'))
AS old (number, conversation, said_at)
"""


@pytest.fixture
def url() -> Iterator[str]:
    with server().database(is_empty=True) as url:
        yield url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    named = database_named(url)
    assert not hasattr(named, "open")
    engine = server_writing_engine(named, "normal")
    yield engine
    engine.dispose()


def _at_version(engine: Engine, version: str) -> None:
    with engine.connect() as connection:
        bring_up_to_date(connection, version)


def _is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    return name not in {"words", "ix_messages_words"} or kind not in {"column", "index"}


def test_the_migrated_tables_are_those_of_the_code(engine: Engine) -> None:
    _at_version(engine, NEWEST)
    options = {"compare_type": True, "compare_server_default": True, "include_object": _is_ours}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert import_tables() > 1
        assert compare_metadata(context, metadata) == []


async def test_what_was_said_before_windows_is_dated_and_found(engine: Engine, url: str) -> None:
    _at_version(engine, "0001")
    rows(url, _FIRST_VERSION)
    store = await SqlStore.open(url, clock=FakeClock())
    loaded = {c.head.conversation_id: c.head async for c in store.every_conversation()}
    dated = {number: str(head.last_message_at or "")[:10] for number, head in loaded.items()}
    assert dated == {10: "2026-01-13", 11: "2026-01-25", 12: "", 20: ""}
    active = await store.active(ThreadKey(Platform.TERMINAL, "main"))
    assert active is not None
    assert active.head.conversation_id == 11
    assert len(await store.search("hello")) == 2
    await store.close()


async def test_a_migration_that_fails_leaves_the_database_as_it_was(engine: Engine, url: str) -> None:
    _at_version(engine, "0001")
    rows(url, "CREATE INDEX uq_conversations_active ON people (id)")  # in the way of the last step of 0002
    before = rows(url, _WHAT_IS_THERE)
    with pytest.raises(StoreError):
        await SqlStore.open(url, clock=FakeClock())
    assert rows(url, _WHAT_IS_THERE) == before
    assert rows(url, "SELECT version_num FROM alembic_version") == [("0001",)]


async def test_a_database_of_the_newest_version_starts_without_migrating(
    engine: Engine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _at_version(engine, NEWEST)

    def refused(*_: object) -> None:
        raise AssertionError("nothing is to be migrated")

    monkeypatch.setattr(migrate, "_upgrade", refused)
    store = await SqlStore.open(url, clock=FakeClock())
    assert await store.accept(inbound()) is not None
    await store.close()


@pytest.mark.parametrize("read_only", [False, True])
async def test_a_database_of_a_newer_echo_is_left_alone(engine: Engine, url: str, read_only: bool) -> None:
    _at_version(engine, NEWEST)
    rows(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreVersionError, match="9999"):
        await SqlStore.open(url, clock=FakeClock(), read_only=read_only)


async def test_a_reader_never_migrates(engine: Engine, url: str) -> None:
    _at_version(engine, "0001")
    with pytest.raises(StoreVersionError, match="an older Echo"):
        await SqlStore.open(url, clock=FakeClock(), read_only=True)
    assert rows(url, "SELECT version_num FROM alembic_version") == [("0001",)]
