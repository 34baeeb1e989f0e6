"""`python bot.py migrate --to URL`: an installation moves from its SQLite file to a PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from source.adapters.storage.database_url import database_named
from source.adapters.storage.engine import reading_engine
from source.adapters.storage.moving import Progress, move
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.task_table import TaskTable
from source.app.composition import open_echo
from source.app.migrating import run_migrate
from source.app.settings import Settings
from source.domain.errors import FolderInUseError, SettingsError, StoreConflictError, StoreUnavailableError
from source.domain.task import Lane, NewTask, TaskStatus
from source.ports.clock import SystemClock
from tests.fakes.clock import FakeClock
from tests.fakes.databases import rows, server
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import MAIN, forget_database, running_echo, settings_for


@pytest.fixture
def empty_server() -> Iterator[str]:
    with server().database(is_empty=True) as url:
        yield url


@pytest.fixture
async def moving(tmp_path: Path) -> Settings:
    """An installation with two conversations and a task that was cut off."""
    async with FakeOpenAIServer() as model, running_echo(tmp_path, model, FakeClock()) as talk:
        await talk.say("My boat is called Möwe 🚤")
        await talk.command("new sails")
        for number in range(5):
            await talk.say(f"Sail number {number}")
        tasks = TaskTable(talk.echo.store)
        task = await tasks.add(NewTask("CLEANUP_DATABASE", {"depth": 2.5, "kinds": ["a", None]}), Lane.OWNER)
        await tasks.note_handed_over([task.task_id])
        await tasks.begin(task.task_id)
    return settings_for(tmp_path)


async def test_everything_is_the_same_there_and_goes_on(moving: Settings, empty_server: str) -> None:
    assert await run_migrate(moving, empty_server) == 0

    here = await SqlStore.open(moving.database, clock=SystemClock(), read_only=True)
    there = await SqlStore.open(empty_server, clock=SystemClock())
    try:
        before = [each async for each in here.every_conversation()]
        assert before == [each async for each in there.every_conversation()]
        assert len(before) == 2
        found = [hit.message.message_content for hit in await there.search("mowe")]
        assert "My boat is called Möwe 🚤" in found
    finally:
        await here.close()
        await there.close()

    folder = moving.conversations_dir
    async with FakeOpenAIServer() as model, running_echo(folder, model, FakeClock(), database_url=empty_server) as talk:
        await talk.say("One more sail")
        assert len((await talk.conversation()).messages) == 12


@pytest.mark.parametrize("has_tables", [True, False])
async def test_an_empty_database_is_not_begun_beside_the_one_that_was_to_be_moved(
    moving: Settings, empty_server: str, has_tables: bool
) -> None:
    if has_tables:
        await (await SqlStore.open(empty_server, clock=SystemClock())).close()
    there = settings_for(moving.conversations_dir, database_url=empty_server)
    with pytest.raises(StoreUnavailableError, match="migrate --to"):
        async with open_echo(there):
            pass
    (moving.conversations_dir / "echo.db").unlink()
    with pytest.raises(StoreUnavailableError, match="rebuild --from transcripts"):
        async with open_echo(there):
            pass
    for transcript in moving.conversations_dir.glob("*.json"):
        transcript.unlink()
    async with open_echo(there) as echo:
        assert await echo.catalog.count() == 0


async def test_work_that_was_cut_off_is_begun_anew_there(moving: Settings, empty_server: str) -> None:
    await run_migrate(moving, empty_server)
    there = await SqlStore.open(empty_server, clock=SystemClock())
    (task,) = await TaskTable(there).waiting([Lane.OWNER])
    assert (task.status, task.input) == (TaskStatus.PENDING, {"depth": 2.5, "kinds": ["a", None]})
    await there.close()


async def test_a_move_that_was_cut_off_goes_on(moving: Settings, empty_server: str) -> None:
    await (await SqlStore.open(empty_server, clock=SystemClock())).close()

    def break_off(table: str, _done: int, _total: int) -> None:
        if table == "messages":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _move(moving, empty_server, break_off)
    assert await run_migrate(moving, empty_server) == 0


async def test_a_database_with_conversations_of_others_is_refused(
    moving: Settings, empty_server: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere, later = tmp_path_factory.mktemp("elsewhere"), FakeClock()
    later.advance(hours=1)  # or it would give the same ids
    async with (
        FakeOpenAIServer() as model,
        running_echo(elsewhere, model, later, database_url=empty_server) as talk,
    ):
        await talk.say("I was here first")
    with pytest.raises(StoreConflictError, match="1 conversations that are not from here"):
        await run_migrate(moving, empty_server)
    there = await SqlStore.open(empty_server, clock=SystemClock(), read_only=True)
    assert [each.head.thread.key async for each in there.every_conversation()] == [MAIN.key]
    await there.close()


async def test_a_row_that_differs_is_told(moving: Settings, empty_server: str) -> None:
    await (await SqlStore.open(empty_server, clock=SystemClock())).close()

    def alter(table: str, _done: int, _total: int) -> None:
        if table == "usage":  # messages are there by then
            engine = _engine(empty_server)
            with engine.begin() as connection:
                connection.execute(text("UPDATE messages SET content = 'changed' WHERE seq = 3"))
            engine.dispose()

    with pytest.raises(StoreConflictError, match=r"^messages: 1\d rows here, 1\d there, and they differ"):
        _move(moving, empty_server, alter)


async def test_nothing_moves_while_echo_runs(tmp_path: Path, empty_server: str) -> None:
    async with FakeOpenAIServer() as model, running_echo(tmp_path, model, FakeClock()):
        with pytest.raises(FolderInUseError):
            await run_migrate(settings_for(tmp_path), empty_server)


@pytest.mark.parametrize(
    "to", ["postgresql://echo:secret@127.0.0.1:9/echo", "postgresql://127.0.0.1", "mysql://host/echo", "a://b://c"]
)
async def test_what_is_wrong_with_the_goal_is_said_of_the_goal(moving: Settings, to: str) -> None:
    with pytest.raises((SettingsError, StoreUnavailableError)) as refused:
        await run_migrate(moving, to)
    assert "--to" in str(refused.value)
    assert "DATABASE_URL" not in str(refused.value)


@pytest.mark.parametrize("to", ["sqlite:////var/lib/echo.db", "mysql://host/echo", "echo"])
async def test_only_a_postgresql_database_is_a_goal(tmp_path: Path, to: str) -> None:
    with pytest.raises(SettingsError, match="PostgreSQL"):
        await run_migrate(settings_for(tmp_path), to)


async def test_from_a_folder_without_a_database_nothing_moves(tmp_path: Path, empty_server: str) -> None:
    mistyped = settings_for(tmp_path / "mistyped")
    with pytest.raises(StoreUnavailableError, match=r"^there is no echo\.db in .*mistyped: nothing to move"):
        await run_migrate(mistyped, empty_server)
    assert not mistyped.conversations_dir.exists()
    assert rows(empty_server, "SELECT 1 FROM pg_tables WHERE tablename = 'conversations'") == []


async def test_a_folder_without_a_database_is_named_before_what_is_wrong_with_the_goal(
    moving: Settings, empty_server: str, tmp_path: Path
) -> None:
    await run_migrate(moving, empty_server)
    with pytest.raises(StoreUnavailableError, match="nothing to move"):
        await run_migrate(settings_for(tmp_path / "mistyped"), empty_server)


async def test_a_database_that_was_lost_is_brought_back_before_it_moves(moving: Settings, empty_server: str) -> None:
    forget_database(moving.conversations_dir)
    with pytest.raises(StoreUnavailableError, match="rebuild --from transcripts"):
        await run_migrate(moving, empty_server)
    await (await SqlStore.open(moving.database, clock=SystemClock())).close()
    with pytest.raises(StoreUnavailableError, match="rebuild --from transcripts"):
        await run_migrate(moving, empty_server)


async def test_a_database_without_conversations_has_nothing_to_move(tmp_path: Path, empty_server: str) -> None:
    settings = settings_for(tmp_path)
    await (await SqlStore.open(settings.database, clock=SystemClock())).close()
    with pytest.raises(StoreUnavailableError, match=r"echo\.db has no conversations: nothing to move"):
        await run_migrate(settings, empty_server)


async def test_what_was_moved_is_one_file(moving: Settings, empty_server: str) -> None:
    await run_migrate(moving, empty_server)
    assert [file.name for file in moving.conversations_dir.glob("echo.db*")] == ["echo.db"]


def _move(settings: Settings, to: str, progress: Progress) -> None:
    assert settings.sqlite_file is not None
    source, target = reading_engine(settings.sqlite_file), _engine(to)
    try:
        move(source, target, progress)
    finally:
        source.dispose()
        target.dispose()


def _engine(url: str) -> Engine:
    named = database_named(url)
    assert not isinstance(named, Path)
    return create_engine(named)
