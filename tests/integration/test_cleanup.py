"""The clean-up as a task, and deleting everywhere."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from source.domain.conversation_head import ConversationState
from source.domain.errors import ArchiveUnavailableError, RefusedInputError
from source.domain.task import NewTask, TaskStatus, TaskType
from source.services.cleanup import BlobsRemoved
from source.services.cleanup_tasks import CleanupSettings
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.archive_desk import ArchiveDesk
from tests.fakes.blobs import InMemoryBlobs
from tests.fakes.databases import KINDS, database_of
from tests.fakes.running_echo import eventually

CLEANUP = TaskType.CLEANUP_DATABASE
AWAY = ArchiveUnavailableError("s3://bucket: it cannot be reached")
NOTHING = {
    "deleted_conversations": 0,
    "mended_archives": 0,
    "compressed_archives": 0,
    "removed_files": 0,
    "removed_copies": 0,
    "unknown_copies": 0,
    "failed": {},
    "not_done": [],
}


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    with database_of(request.param, tmp_path) as url:
        async with archive_bench(url, tmp_path) as bench:
            yield bench


async def cleaned(bench: ArchiveBench, **given: object) -> dict[str, object]:
    """Clean up; return what was done but for what depends on the database."""
    output = dict(await ArchiveDesk(bench).done(CLEANUP, **given))
    return {key: output[key] for key in NOTHING}


async def test_where_all_is_right_nothing_is_done(bench: ArchiveBench) -> None:
    key = await bench.ended("One")
    await bench.archive.archive(key, REQUEST)
    await bench.ended("Two")
    before = bench.plain_files(), dict(bench.blobs.kept)
    assert await cleaned(bench) == NOTHING
    assert (bench.plain_files(), bench.blobs.kept) == before


async def test_what_was_archived_too_long_ago_is_deleted_everywhere(bench: ArchiveBench) -> None:
    old, kept, young = [await bench.ended(f"Lighthouse {number}") for number in range(3)]
    await bench.archive.archive(old, REQUEST)
    bench.clock.advance(days=366)
    await bench.archive.archive(young, REQUEST)
    output = await ArchiveDesk(bench).done(CLEANUP)
    assert (output["deleted_conversations"], output["failed"]) == (1, {})
    assert isinstance(output["bytes_freed"], int)
    assert output["bytes_freed"] > 0
    assert await bench.store.load(old) is None
    assert len(bench.blobs.kept) == len(bench.plain_files()) == 1
    found = [hit.conversation_id for hit in await bench.store.search("lighthouse")]
    assert sorted(found) == sorted([kept, young])


async def test_retention_can_be_given_and_be_off(bench: ArchiveBench) -> None:
    key = await bench.ended()
    await bench.archive.archive(key, REQUEST)
    bench.clock.advance(days=20)
    assert (await cleaned(bench, archive_retention_days=0))["deleted_conversations"] == 0
    assert (await cleaned(bench, archive_retention_days=30))["deleted_conversations"] == 0
    assert (await cleaned(bench, archive_retention_days=10))["deleted_conversations"] == 1


async def test_what_is_brought_back_before_its_turn_comes_is_not_deleted(bench: ArchiveBench) -> None:
    key = await bench.ended()
    await bench.archive.archive(key, REQUEST)
    bench.clock.advance(days=366)
    desk = ArchiveDesk(bench)
    pieces = await desk.cleanup.plan(desk.cleanup.checked({}))
    await bench.archive.restore(key)
    results = [await desk.cleanup.perform(piece) for piece in pieces]
    assert desk.cleanup.report(results)["deleted_conversations"] == 0
    assert await bench.state(key) is ConversationState.ENDED


async def test_plain_archives_are_compressed_after_some_time(bench: ArchiveBench) -> None:
    key = await bench.ended("Hello " * 500)
    await bench.archive.archive(key, replace(REQUEST, compress=False))
    before = bench.archived_content()
    bench.clock.advance(days=31)
    assert await cleaned(bench, compress_after_days=0) == NOTHING
    output = await ArchiveDesk(bench).done(CLEANUP)
    assert output["compressed_archives"] == 1
    assert isinstance(output["bytes_freed"], int)
    assert output["bytes_freed"] > 2_500
    assert [name.endswith(".json.zst") for name in bench.blobs.kept] == [True]
    assert bench.archived_content() == before
    assert await cleaned(bench) == NOTHING


async def test_a_file_of_an_archived_conversation_goes_once_its_archive_is_known_to_be_right(
    bench: ArchiveBench,
) -> None:
    key = await bench.ended("One")
    [(name, content)] = bench.plain_files().items()
    await bench.archive.archive(key, REQUEST)
    kept = dict(bench.blobs.kept)
    bench.blobs.kept.clear()
    (bench.folder / name).write_bytes(content)
    assert (await cleaned(bench))["removed_files"] == 1
    assert bench.blobs.kept == kept
    assert bench.plain_files() == {}


async def test_a_file_that_another_conversation_has_by_now_stays(bench: ArchiveBench) -> None:
    first = await bench.ended("First")
    await bench.archive.archive(first, REQUEST)
    await bench.ended("Second")
    before = bench.plain_files()
    assert await cleaned(bench) == NOTHING
    assert bench.plain_files() == before


async def test_a_storage_that_is_away_lets_the_rest_be_done(bench: ArchiveBench) -> None:
    old = await bench.ended()
    await bench.archive.archive(old, REQUEST)
    bench.clock.advance(days=366)
    bench.blobs.away = AWAY
    task = await ArchiveDesk(bench).task(CLEANUP)
    assert task.status is TaskStatus.FAILED
    assert task.output_data is not None
    assert task.output_data["not_done"] == [str(AWAY)] * 2
    assert task.output_data["database_bytes"]
    assert await bench.state(old) is ConversationState.ARCHIVED
    bench.blobs.away = None
    assert (await cleaned(bench))["deleted_conversations"] == 1


async def test_old_tasks_are_forgotten(bench: ArchiveBench) -> None:
    desk = ArchiveDesk(bench)
    bench.clock.advance(days=400)
    assert (await desk.done(CLEANUP))["deleted_rows"] == {
        "archives": 0,
        "sent_parts": 0,
        "sent_statuses": 0,
        "parked_replies": 0,
        "feedback": 0,
        "aliases": 0,
        "people": 0,
        "events": 0,
        "answers": 0,
        "webhook_deliveries": 0,
        "tasks": 0,
    }


@pytest.mark.parametrize(
    "given",
    [
        {"archive_retention_days": -1},
        {"archive_retention_days": "30"},
        {"archive_retention_days": True},
        {"compress_after_days": 40_000},
        {"optimize_tables": 1},
        {"optimise": True},
    ],
)
async def test_what_makes_no_sense_is_refused(bench: ArchiveBench, given: dict[str, object]) -> None:
    with pytest.raises(RefusedInputError):
        await ArchiveDesk(bench).queue.submit(NewTask(CLEANUP, given))


async def test_the_settings_say_what_is_usual(bench: ArchiveBench) -> None:
    desk = ArchiveDesk(bench, cleanup=CleanupSettings(7, optimize_tables=False, compress_after_days=0))
    given = desk.cleanup.checked({})
    assert given == {"archive_retention_days": 7, "optimize_tables": False, "compress_after_days": 0}
    assert [piece["step"] for piece in await desk.cleanup.plan(given)] == ["rows", "files", "copies"]


async def test_deleting_reaches_a_running_conversation_in_memory(bench: ArchiveBench) -> None:
    key = await bench.say("My boat is called Aurora")
    thread = (await bench.stored(key)).head.thread
    assert await bench.deletion.delete(key)
    assert bench.manager.get_conversation(thread.thread_id, platform=thread.platform) is None
    await bench.manager.write_transcripts()
    assert bench.plain_files() == {}
    assert await bench.store.load(key) is None
    again = await bench.stored(await bench.say("Hello", thread_id=thread.thread_id))
    assert again.head.parent_conversation_id is None
    assert not await bench.deletion.delete(key)


async def test_deleting_waits_for_the_turn_that_runs(bench: ArchiveBench) -> None:
    key = await bench.say("One")
    thread = (await bench.stored(key)).head.thread
    async with bench.manager.turn(thread):
        deleting = asyncio.create_task(bench.deletion.delete(key))
        await eventually(lambda: bench.is_waited_for(thread.key))
        assert await bench.store.load(key) is not None
    assert await deleting


async def test_a_damaged_transcript_is_deleted_with_its_conversation(bench: ArchiveBench) -> None:
    key = await bench.ended("One")
    [path] = bench.folder.glob("*.json")
    path.write_bytes(b'{"half of what was said')
    assert await bench.deletion.delete(key)
    assert bench.plain_files() == {}


async def test_another_conversation_s_file_of_that_name_is_not_deleted(bench: ArchiveBench) -> None:
    first = await bench.ended("First")
    await bench.archive.archive(first, REQUEST)
    await bench.ended("Second")
    before = bench.plain_files()
    assert await bench.deletion.delete(first)
    assert bench.plain_files() == before
    assert bench.blobs.kept == {}


async def test_what_cannot_be_deleted_in_the_storage_is_deleted_nowhere(bench: ArchiveBench) -> None:
    key = await bench.ended()
    bench.blobs.away = AWAY
    with pytest.raises(ArchiveUnavailableError):
        await bench.deletion.delete(key)
    assert await bench.store.load(key) is not None
    assert len(bench.plain_files()) == 1


async def test_a_copy_that_is_being_archived_at_this_moment_is_not_taken_for_an_orphan(bench: ArchiveBench) -> None:
    class Gated(InMemoryBlobs):
        def __init__(self) -> None:
            super().__init__()
            self.may_be_read = asyncio.Event()

        async def get(self, name: str) -> bytes | None:
            await self.may_be_read.wait()
            return await super().get(name)

    storage = Gated()
    bench = bench.restarted(storage=storage)
    key = await bench.ended()
    thread = (await bench.stored(key)).head.thread
    archiving = asyncio.create_task(bench.archive.archive(key, REQUEST))
    await eventually(lambda: bool(storage.kept))
    cleaning = asyncio.create_task(bench.cleanup.remove_orphan_blobs())
    await eventually(lambda: bench.is_waited_for(thread.key) or cleaning.done())
    storage.may_be_read.set()
    await archiving
    assert await cleaning == BlobsRemoved()
    archive = await bench.table.archive_of(key)
    assert archive is not None
    await bench.archived.get(archive)


async def test_a_clean_up_beside_archiving_takes_nothing_away_from_it(bench: ArchiveBench) -> None:
    keys = [await bench.ended(f"Number {number}") for number in range(20)]

    async def clean_up() -> None:
        for _ in range(10):
            await bench.cleanup.remove_orphan_blobs()
            await bench.cleanup.remove_leftover_files()

    await asyncio.gather(clean_up(), *(bench.archive.archive(key, REQUEST) for key in keys))
    for key in keys:
        archive = await bench.table.archive_of(key)
        assert archive is not None
        await bench.archived.get(archive)
