"""Archived conversations and a rebuild: they are archived because of where they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.app.composition import open_echo, rebuild
from source.domain.conversation_head import ConversationState
from source.domain.errors import StoreUnavailableError
from source.services.rebuild import Rebuild
from source.services.rebuild_archive import ArchiveRebuild
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.running_echo import forget_database, settings_for, transcripts_in


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    async with archive_bench(f"sqlite:///{tmp_path / 'echo.db'}", tmp_path) as bench:
        yield bench


@pytest.fixture
async def emptied(bench: ArchiveBench, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    """The same folder and storage, with a store that knows nothing."""
    store = await SqlStore.open(tmp_path / "new.db", clock=bench.clock)
    yield bench.restarted(store=store)
    await store.close()


def rebuild_of(bench: ArchiveBench) -> Rebuild:
    return Rebuild(bench.store, bench.files, ArchiveRebuild(bench.archived, bench.mending))


async def test_a_lost_store_knows_again_what_is_archived(bench: ArchiveBench, emptied: ArchiveBench) -> None:
    put_away, plain = await bench.ended("Away"), await bench.ended("Here")
    [content, _] = bench.plain_files().values()
    await bench.archive.archive(put_away, REQUEST)
    before = dict(bench.blobs.kept)
    report = await rebuild_of(emptied).from_transcripts()

    assert (report.written, report.skipped) == (2, ())
    assert await emptied.state(plain) is ConversationState.ENDED
    assert await emptied.state(put_away) is ConversationState.ARCHIVED
    assert (await emptied.stored(put_away)).messages == (await bench.stored(put_away)).messages
    noted = await emptied.table.archive_of(put_away)
    assert noted is not None
    assert noted.location.removeprefix("memory://blobs/") in before
    assert bench.blobs.kept == before
    assert (await emptied.archive.restore(put_away)).remark == ""
    assert content in emptied.plain_files().values()


async def test_what_lies_in_both_places_is_not_archived(bench: ArchiveBench, emptied: ArchiveBench) -> None:
    key = await bench.ended("Both")
    [(name, content)] = bench.plain_files().items()
    await bench.archive.archive(key, REQUEST)
    (bench.folder / name).write_bytes(content)
    await rebuild_of(emptied).from_transcripts()
    assert await emptied.state(key) is ConversationState.ENDED
    assert (await emptied.cleanup.remove_orphan_blobs()).removed == 1


async def test_what_is_damaged_in_the_archive_is_reported_and_left(bench: ArchiveBench, emptied: ArchiveBench) -> None:
    strangers = {"half.json.zst": b"half", "notes.json": b"{}", "x_4711.json": b'{"'}
    bench.blobs.kept |= strangers
    report = await rebuild_of(emptied).from_transcripts()
    assert {skipped.filename for skipped in report.skipped} == {f"memory://blobs/{name}" for name in strangers}
    assert bench.blobs.kept == strangers


async def test_archives_that_were_lost_or_spoilt_are_written_again_from_the_store(bench: ArchiveBench) -> None:
    keys = [await bench.ended(f"Number {number}") for number in range(3)]
    for key in keys:
        await bench.archive.archive(key, REQUEST)
    before = dict(bench.blobs.kept)
    lost, spoilt, _ = before
    del bench.blobs.kept[lost]
    bench.blobs.kept[spoilt] = b"spoilt"
    report = await rebuild_of(bench).from_store()
    assert (report.written, report.unchanged) == (2, 1)
    assert bench.blobs.kept == before
    assert (await rebuild_of(bench).from_store()).unchanged == 3


async def test_the_command_brings_archived_conversations_back(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    async with open_echo(settings) as echo:
        conversation = echo.manager.create_conversation("main", None, None, "ada")
        await conversation.save_conversation()
        await echo.archive.archive(conversation.conversation_id, REQUEST)
    [kept] = (tmp_path / "archive").iterdir()
    forget_database(tmp_path)
    with pytest.raises(StoreUnavailableError, match="1 transcript:"):
        async with open_echo(settings):
            pass
    report = await rebuild(settings, "transcripts", lambda *_: None)
    assert report.written == 1
    async with open_echo(settings) as echo:
        assert await echo.archives.table.count_archived() == 1
        await echo.archive.restore(conversation.conversation_id)
    assert not kept.exists()
    assert len(transcripts_in(tmp_path)) == 1
