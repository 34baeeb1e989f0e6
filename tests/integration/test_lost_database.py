"""A database that was lost is not followed by an empty one, whichever command comes first."""

from pathlib import Path

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.app.auditing import remove_rule, run_retention
from source.app.composition import open_echo, open_reader, rebuild
from source.app.embedding import run_embed
from source.app.keys import list_keys, revoke_key
from source.app.settings import Settings
from source.domain.errors import StoreError, StoreUnavailableError
from source.ports.clock import SystemClock
from tests.fakes.archive_bench import REQUEST
from tests.fakes.databases import server
from tests.fakes.running_echo import forget_database, settings_for, transcripts_in


@pytest.fixture
async def lost(tmp_path: Path) -> Settings:
    """A folder that has a transcript and no database."""
    await _talk_in(tmp_path)
    forget_database(tmp_path)
    return settings_for(tmp_path)


def _database_in(folder: Path) -> list[str]:
    return [file.name for file in folder.glob("echo.db*")]


async def _talk_in(folder: Path, *, is_archived: bool = False) -> None:
    async with open_echo(settings_for(folder)) as echo:
        conversation = echo.manager.create_conversation("main", None, None, "ada")
        await conversation.save_conversation()
        if is_archived:
            await echo.archive.archive(conversation.conversation_id, REQUEST)


async def test_transcripts_are_not_written_from_a_database_that_is_not_there(lost: Settings) -> None:
    before = transcripts_in(lost.conversations_dir)
    with pytest.raises(StoreUnavailableError, match="rebuild --from transcripts"):
        await rebuild(lost, "store", lambda *_: None)
    assert not lost.conversations_dir.joinpath("echo.db").exists()
    assert transcripts_in(lost.conversations_dir) == before
    assert (await rebuild(lost, "transcripts", lambda *_: None)).written == 1


async def test_transcripts_are_not_written_from_a_folder_where_nobody_has_spoken(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="there is no database at"):
        await rebuild(settings_for(tmp_path / "mistyped"), "store", lambda *_: None)
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize("is_archived", [False, True])
async def test_an_empty_database_beside_transcripts_is_refused_like_none(tmp_path: Path, is_archived: bool) -> None:
    await _talk_in(tmp_path, is_archived=is_archived)
    forget_database(tmp_path)
    lost = settings_for(tmp_path)
    await (await SqlStore.open(lost.database, clock=SystemClock())).close()
    for opening in (open_echo(lost), open_reader(lost)):
        with pytest.raises(StoreUnavailableError, match=r"has no conversations.*1 transcript:.*--from transcripts"):
            async with opening:
                pass
    with pytest.raises(StoreUnavailableError, match="--from transcripts"):
        await rebuild(lost, "store", lambda *_: None)
    assert (await rebuild(lost, "transcripts", lambda *_: None)).written == 1
    async with open_echo(lost):
        pass


async def test_who_reads_a_lost_database_is_told_the_way_back(lost: Settings) -> None:
    with pytest.raises(StoreUnavailableError, match="rebuild --from transcripts"):
        async with open_reader(lost):
            pass


async def test_who_reads_an_empty_server_beside_transcripts_is_told_the_way_back(lost: Settings) -> None:
    with server().database(is_empty=True) as url:
        there = settings_for(lost.conversations_dir, database_url=url)
        with pytest.raises(StoreUnavailableError, match="rebuild --from transcripts"):
            async with open_reader(there):
                pass
        with pytest.raises(StoreUnavailableError, match="rebuild --from transcripts"):
            await rebuild(there, "store", lambda *_: None)


async def test_who_only_reads_leaves_the_database_as_one_file_with_the_same_content(tmp_path: Path) -> None:
    await _talk_in(tmp_path)
    before = (tmp_path / "echo.db").read_bytes()
    async with open_reader(settings_for(tmp_path)) as store:
        assert await store.count() == 1
        with pytest.raises(StoreError):
            await store.read(lambda connection: connection.exec_driver_sql("DELETE FROM conversations"))
    assert _database_in(tmp_path) == ["echo.db"]
    assert (tmp_path / "echo.db").read_bytes() == before


async def test_what_removes_old_messages_leaves_one_file(tmp_path: Path) -> None:
    await _talk_in(tmp_path)
    assert await run_retention(settings_for(tmp_path), dry_run=False) == 0
    assert _database_in(tmp_path) == ["echo.db"]


async def test_who_deleted_everything_goes_on(tmp_path: Path) -> None:
    await _talk_in(tmp_path)
    async with open_echo(settings_for(tmp_path)) as echo:
        [only] = await echo.catalog.listing()
        await echo.deletion.delete(only.conversation_id)
    async with open_echo(settings_for(tmp_path)) as echo:
        assert await echo.catalog.count() == 0


async def test_what_only_reads_makes_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = settings_for(tmp_path / "new", embedding_model="some", embedding_base_url="http://127.0.0.1:9/v1")
    assert await list_keys(settings) == 0
    assert "There is no API key yet" in capsys.readouterr().err
    assert await revoke_key(settings, "dashboard") == 1
    assert "There is no key named 'dashboard'" in capsys.readouterr().err
    for work in (
        run_retention(settings, dry_run=False),
        run_retention(settings, dry_run=True),
        remove_rule(settings, 4711),
        run_embed(settings),
    ):
        with pytest.raises(StoreUnavailableError, match="there is no database at"):
            await work
    assert not (tmp_path / "new").exists()
