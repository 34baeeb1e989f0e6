"""Conversations put away and brought back, on every database."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from source.adapters.blobs.zstandard import Zstandard
from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.errors import ArchiveUnavailableError, RefusedInputError
from source.domain.transcript import encode_transcript
from source.services.archive import Archived
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.blobs import InMemoryBlobs
from tests.fakes.databases import KINDS, database_of

AWAY = ArchiveUnavailableError("the storage cannot be reached")


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    with database_of(request.param, tmp_path) as url:
        async with archive_bench(url, tmp_path) as bench:
            yield bench


@pytest.mark.parametrize("compress", [True, False])
async def test_what_comes_back_is_byte_for_byte_what_went(bench: ArchiveBench, compress: bool) -> None:
    key = await bench.ended("Hi \u202e 世界", "x" * 100_000)
    before, stored = bench.plain_files(), await bench.stored(key)
    bench.clock.advance(days=3)
    assert await bench.archive.archive(key, replace(REQUEST, compress=compress)) is Archived.ARCHIVED
    archive = await bench.table.archive_of(key)
    put_away = bench.plain_files(), await bench.state(key)
    bench.clock.advance(days=3)
    returned = await bench.archive.restore(key)

    assert archive is not None
    assert put_away == ({}, ConversationState.ARCHIVED)
    assert (archive.is_compressed, archive.reason, archive.archived_by) == (compress, "old", "tester")
    assert (archive.stored_bytes < archive.size_bytes) is compress
    assert (returned.was_archived, returned.remark) == (True, "")
    assert bench.plain_files() == before
    assert await bench.stored(key) == stored
    assert bench.blobs.kept == {}


async def test_a_file_that_its_owner_formatted_comes_back_as_it_was(bench: ArchiveBench) -> None:
    key = await bench.ended("Hello")
    [path] = bench.folder.glob("*.json")
    own = b"\xef\xbb\xbf" + json.dumps(json.loads(path.read_bytes()) | {"my_note": "keep"}).encode()
    path.write_bytes(own)
    await bench.archive.archive(key, REQUEST)
    assert bench.archived_content() == [own]
    await bench.archive.restore(key)
    assert path.read_bytes() == own


@pytest.mark.parametrize("spoilt", [b'{"half', b"", None])
async def test_a_transcript_that_is_missing_damaged_or_behind_is_put_away_as_the_store_has_it(
    bench: ArchiveBench, spoilt: bytes | None
) -> None:
    key = await bench.ended("Hello", "again")
    [path] = bench.folder.glob("*.json")
    whole = path.read_bytes()
    path.unlink() if spoilt is None else path.write_bytes(spoilt)
    await bench.archive.archive(key, REQUEST)
    assert bench.archived_content() == [whole]


async def test_a_running_conversation_is_ended_first_with_its_summary(bench: ArchiveBench) -> None:
    key = await bench.say("My boat is called Aurora")
    await bench.archive.archive(key, REQUEST)
    stored = await bench.stored(key)
    assert stored.head.state is ConversationState.ARCHIVED
    assert "Aurora" in stored.head.summary
    assert bench.manager.metrics().conversations == 0
    again = await bench.stored(await bench.say("Hello", thread_id=stored.head.thread.thread_id))
    assert again.head.created_reason is CreatedReason.AFTER_ARCHIVE
    assert again.head.parent_conversation_id == key
    [transcript] = bench.archived_content()
    assert json.loads(transcript)["state"] == "ended"


async def test_what_is_archived_is_still_found(bench: ArchiveBench) -> None:
    key = await bench.ended("My boat is called Aurora")
    await bench.archive.archive(key, REQUEST)
    assert [hit.conversation_id for hit in await bench.store.search("aurora")] == [key]
    assert (await bench.stored(key)).messages[0].message_content == "My boat is called Aurora"


async def test_a_conversation_that_there_is_not_is_refused(bench: ArchiveBench) -> None:
    for ask in (bench.archive.archive(4_711, REQUEST), bench.archive.restore(4_711)):
        with pytest.raises(RefusedInputError):
            await ask


async def test_a_storage_that_is_away_leaves_everything_as_it_was(bench: ArchiveBench) -> None:
    key = await bench.ended()
    before = bench.plain_files()
    bench.blobs.away = AWAY
    with pytest.raises(ArchiveUnavailableError):
        await bench.archive.archive(key, REQUEST)
    assert (await bench.state(key), bench.plain_files()) == (ConversationState.ENDED, before)
    bench.blobs.away = None
    await bench.archive.archive(key, REQUEST)
    bench.blobs.away = AWAY
    with pytest.raises(ArchiveUnavailableError):
        await bench.archive.restore(key)
    assert (await bench.state(key), bench.plain_files()) == (ConversationState.ARCHIVED, {})
    bench.blobs.away = None
    await bench.archive.restore(key)
    assert bench.plain_files() == before


async def test_a_storage_that_does_not_keep_what_it_is_given_is_noticed(bench: ArchiveBench) -> None:
    class Forgetful(InMemoryBlobs):
        async def get(self, name: str) -> bytes | None:
            found = await super().get(name)
            return found and found[:-1]

    bench = bench.restarted(storage=Forgetful())
    key = await bench.ended()
    with pytest.raises(ArchiveUnavailableError, match="does not come back"):
        await bench.archive.archive(key, REQUEST)
    assert await bench.state(key) is ConversationState.ENDED
    assert len(bench.plain_files()) == 1
    await bench.end()


@pytest.mark.parametrize(("damage", "told"), [("gone", "is gone"), ("cut", "cut off"), ("another", "not what was put")])
async def test_an_archive_that_is_gone_or_damaged_is_written_again_from_the_store(
    bench: ArchiveBench, damage: str, told: str
) -> None:
    key = await bench.ended("My boat is called Aurora")
    before = bench.plain_files()
    await bench.archive.archive(key, REQUEST)
    [(name, data)] = bench.blobs.kept.items()
    match damage:
        case "gone":
            bench.blobs.kept.clear()
        case "cut":
            bench.blobs.kept[name] = data[:-9]
        case "another":
            bench.blobs.kept[name] = Zstandard().compress(b"{}")
    returned = await bench.archive.restore(key)
    assert told in returned.remark
    assert "written again from the store" in returned.remark
    assert bench.plain_files() == before


async def test_resuming_an_archived_conversation_brings_it_back_whole(bench: ArchiveBench) -> None:
    key = await bench.ended("One", "Two")
    await bench.archive.archive(key, REQUEST)
    async with bench.manager.turn((await bench.stored(key)).head.thread) as seat:
        resumed = await bench.opening.resume(seat, key)
    assert resumed is not None
    await bench.manager.write_transcripts()
    assert bench.blobs.kept == {}
    assert await bench.table.archive_of(key) is None
    [content] = bench.plain_files().values()
    assert content == encode_transcript(await bench.stored(key))
    assert json.loads(content)["state"] == "active"


async def test_resuming_does_not_wait_for_a_storage_that_is_away(bench: ArchiveBench) -> None:
    key = await bench.ended("One", "Two")
    await bench.archive.archive(key, REQUEST)
    bench.blobs.away = AWAY
    async with bench.manager.turn((await bench.stored(key)).head.thread) as seat:
        assert await bench.opening.resume(seat, key) is not None
    assert await bench.state(key) is ConversationState.ACTIVE
    assert len(bench.plain_files()) == 1
    bench.blobs.away = None
    assert (await bench.cleanup.remove_orphan_blobs()).removed == 1


async def test_a_name_that_another_conversation_has_taken_is_left_to_it(bench: ArchiveBench) -> None:
    first = await bench.ended("First")
    [(name, content)] = bench.plain_files().items()
    await bench.archive.archive(first, REQUEST)
    second = await bench.ended("Second")
    assert [*bench.plain_files()] == [name]
    await bench.archive.restore(first)
    apart = name.replace(".json", f"_{first}.json")
    assert (await bench.stored(first)).head.filename == apart
    assert bench.plain_files()[apart] == content
    assert b"Second" in bench.plain_files()[name]
    assert await bench.state(second) is ConversationState.ENDED


async def test_archives_are_found_where_they_were_put_before_the_storage_was_changed(bench: ArchiveBench) -> None:
    key = await bench.ended("One")
    before = bench.plain_files()
    await bench.archive.archive(key, REQUEST)
    moved = bench.restarted(storage=InMemoryBlobs("memory://new"), elsewhere={"memory://blobs": bench.storage})
    assert (await moved.archive.restore(key)).remark == ""
    assert moved.plain_files() == before
    assert bench.blobs.kept == {}


async def test_what_is_not_stored_yet_of_a_thread_is_not_loaded_to_archive_another_conversation(
    bench: ArchiveBench,
) -> None:
    old = await bench.ended("Old")
    thread = (await bench.stored(old)).head.thread
    await bench.say("New", thread_id=thread.thread_id)
    bench.clock.advance(minutes=10)
    await bench.manager.sweep()
    await bench.archive.archive(old, REQUEST)
    assert bench.manager.metrics().conversations == 0
