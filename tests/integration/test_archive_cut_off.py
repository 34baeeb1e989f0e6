"""Archiving, restoring, deleting and tidying up, cut off before each of their steps, on every database.

After every cut each conversation is whole and archived or whole and not, and whoever comes next finishes the work.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from source.adapters.storage.operation_tables import archives
from source.domain.archived_content import archived_content
from source.domain.conversation_head import ConversationState
from source.services.archive import Archived
from source.services.archive_mending import Mended
from source.services.cleanup import BlobsRemoved
from tests.fakes.archive_bench import REQUEST, ArchiveBench, CutOffError, Scissors, archive_bench
from tests.fakes.databases import KINDS, database_of

Work = Callable[[ArchiveBench, int], Awaitable[object]]
_MOST_STEPS = 30


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    with database_of(request.param, tmp_path) as url:
        async with archive_bench(url, tmp_path) as bench:
            yield bench


async def cut_everywhere(bench: ArchiveBench, prepare: Callable[[], Awaitable[int]], work: Work, check: Work) -> None:
    """Do the work on a new conversation once for each place to cut it off; check what each cut leaves, and the end."""
    for at in range(_MOST_STEPS):
        key = await prepare()
        cut = bench.restarted(scissors=Scissors(at))
        try:
            await work(cut, key)
        except* CutOffError:
            await check(bench.restarted(), key)
        else:
            assert at > 0, "nothing was cut"
            await check(bench.restarted(), key)
            return
    raise AssertionError("it never came to an end")


async def is_whole(bench: ArchiveBench, key: int) -> None:
    """The conversation is whole in the store, and has its transcript where its state says, or can have it again."""
    stored = await bench.stored(key)
    wanted = archived_content(stored)
    archive = await bench.table.archive_of(key)
    if stored.head.state is ConversationState.ARCHIVED:
        assert archive is not None
        assert await bench.archived.get(archive) == wanted
    else:
        assert archive is None
        assert bench.plain_files()[stored.head.filename] == wanted


async def no_leftovers(bench: ArchiveBench, key: int) -> None:
    """After a clean-up there is one transcript, where it belongs."""
    await bench.cleanup.delete_rows()
    await bench.cleanup.remove_leftover_files()
    await bench.cleanup.remove_orphan_blobs()
    stored, archive = await bench.stored(key), await bench.table.archive_of(key)
    of_it = [name for name in bench.blobs.kept if str(key) in name]
    if archive is not None:
        assert [f"{bench.storage.url}/{name}" for name in of_it] == [archive.location]
        assert stored.head.filename not in bench.plain_files()
    else:
        assert of_it == []
    await is_whole(bench, key)


async def test_an_archive_that_is_cut_off_is_finished_by_the_next_try(bench: ArchiveBench) -> None:
    async def prepare() -> int:
        return await bench.ended("One", "Two")

    async def archive(cut: ArchiveBench, key: int) -> None:
        await cut.archive.archive(key, REQUEST)

    async def check(again: ArchiveBench, key: int) -> None:
        await is_whole(again, key)
        assert await again.archive.archive(key, REQUEST) in Archived
        assert await again.state(key) is ConversationState.ARCHIVED
        assert (await again.stored(key)).head.filename not in again.plain_files()
        await no_leftovers(again, key)
        await again.end()

    await cut_everywhere(bench, prepare, archive, check)


async def test_an_archive_that_is_cut_off_and_never_tried_again_is_cleaned_up(bench: ArchiveBench) -> None:
    async def prepare() -> int:
        return await bench.ended("One", "Two")

    async def archive(cut: ArchiveBench, key: int) -> None:
        await cut.archive.archive(key, REQUEST)

    await cut_everywhere(bench, prepare, archive, no_leftovers)


async def test_an_archive_of_a_running_conversation_that_is_cut_off_loses_nothing(bench: ArchiveBench) -> None:
    async def prepare() -> int:
        key = await bench.say("One", "Two")
        await bench.manager.write_transcripts()
        bench.manager.remove_conversation((await bench.stored(key)).head.thread.thread_id)
        return key

    async def archive(cut: ArchiveBench, key: int) -> None:
        await cut.archive.archive(key, REQUEST)

    async def check(again: ArchiveBench, key: int) -> None:
        stored = await again.stored(key)
        assert [message.message_content for message in stored.messages] == ["One", "Two"]
        await again.archive.archive(key, REQUEST)
        await no_leftovers(again, key)

    await cut_everywhere(bench, prepare, archive, check)


async def test_a_restore_that_is_cut_off_is_finished_by_the_next_try(bench: ArchiveBench) -> None:
    before: dict[int, bytes] = {}

    async def prepare() -> int:
        key = await bench.ended("One", "Two")
        before[key] = bench.plain_files()[(await bench.stored(key)).head.filename]
        await bench.archive.archive(key, REQUEST)
        return key

    async def restore(cut: ArchiveBench, key: int) -> None:
        await cut.archive.restore(key)

    async def check(again: ArchiveBench, key: int) -> None:
        await is_whole(again, key)
        await again.archive.restore(key)
        stored = await again.stored(key)
        assert stored.head.state is ConversationState.ENDED
        assert again.plain_files()[stored.head.filename] == before[key]
        await no_leftovers(again, key)

    await cut_everywhere(bench, prepare, restore, check)


async def test_a_restore_that_is_cut_off_and_never_tried_again_is_cleaned_up(bench: ArchiveBench) -> None:
    async def prepare() -> int:
        key = await bench.ended("One", "Two")
        await bench.archive.archive(key, REQUEST)
        return key

    async def restore(cut: ArchiveBench, key: int) -> None:
        await cut.archive.restore(key)

    await cut_everywhere(bench, prepare, restore, no_leftovers)


async def test_compressing_that_is_cut_off_leaves_one_copy_in_the_end(bench: ArchiveBench) -> None:
    async def prepare() -> int:
        key = await bench.ended("One", "Two")
        await bench.archive.archive(key, replace(REQUEST, compress=False))
        return key

    async def compress(cut: ArchiveBench, key: int) -> None:
        await cut.cleanup.mend(key, compress=True)

    async def check(again: ArchiveBench, key: int) -> None:
        await is_whole(again, key)
        await again.cleanup.mend(key, compress=True)
        await no_leftovers(again, key)
        archive = await again.table.archive_of(key)
        assert archive is not None
        assert archive.is_compressed

    await cut_everywhere(bench, prepare, compress, check)


async def test_a_deletion_that_is_cut_off_is_finished_by_the_next_clean_up(bench: ArchiveBench) -> None:
    async def prepare() -> int:
        key = await bench.ended("One", "Two")
        await bench.archive.archive(key, REQUEST)
        bench.clock.advance(days=366)
        return key

    async def clean_up(cut: ArchiveBench, key: int) -> None:
        for expired in await cut.cleanup.expired(timedelta(days=365)):
            await cut.cleanup.delete_expired(expired, timedelta(days=365))

    async def check(again: ArchiveBench, key: int) -> None:
        if await again.table.head_of(key) is not None:
            await clean_up(again, key)
        assert await again.store.load(key) is None
        assert again.plain_files() == {}
        assert again.blobs.kept == {}

    await cut_everywhere(bench, prepare, clean_up, check)


async def test_a_deletion_of_a_running_conversation_that_is_cut_off_can_be_done_again(bench: ArchiveBench) -> None:
    async def prepare() -> int:
        return await bench.say("One", "Two")

    async def delete_now(cut: ArchiveBench, key: int) -> None:
        await cut.deletion.delete(key)

    async def check(again: ArchiveBench, key: int) -> None:
        await again.deletion.delete(key)
        assert await again.store.load(key) is None
        assert await again.store.search("One") == []
        assert not [name for name in again.plain_files() if str(key) in name]

    await cut_everywhere(bench, prepare, delete_now, check)


async def test_what_is_of_no_known_conversation_stays_in_the_storage(bench: ArchiveBench) -> None:
    key = await bench.ended("One")
    await bench.archive.archive(key, REQUEST)
    strangers = {"notes.txt": b"milk", "2026-03-02_conversation-with-x-in-7_4711.json.zst": b"x", "half.json": b'{"'}
    strangers[f"notes_{key}.json"] = b"milk"
    bench.blobs.kept |= strangers
    before = dict(bench.blobs.kept)
    assert await bench.cleanup.remove_orphan_blobs() == BlobsRemoved(unknown=4)
    assert bench.blobs.kept == before


async def test_a_transcript_that_somebody_put_there_is_not_taken_for_a_copy_by_what_is_in_it(
    bench: ArchiveBench,
) -> None:
    await bench.ended("One")
    strangers = dict(bench.plain_files())
    bench.blobs.kept |= strangers
    assert await bench.cleanup.remove_orphan_blobs() == BlobsRemoved(unknown=1)
    assert bench.blobs.kept == strangers


async def test_an_archive_from_before_archives_were_noted_is_taken_over(bench: ArchiveBench) -> None:
    key = await bench.ended("One")
    await bench.archive.archive(key, REQUEST)
    [(name, data)] = bench.blobs.kept.items()
    content = bench.archived_content()
    await forget_row(bench, key)
    older = name.replace(f"_{key}", "")
    bench.blobs.kept = {older: data}
    assert await bench.cleanup.unsettled() == [key]
    assert (await bench.cleanup.mend(key))[0] is Mended.REWRITTEN
    assert await bench.cleanup.remove_orphan_blobs() == BlobsRemoved(unknown=1)
    assert sorted(bench.blobs.kept) == sorted([name, older])
    assert bench.archived_content() == content * 2


async def test_an_archive_that_nobody_knows_of_is_noted_as_it_is(bench: ArchiveBench) -> None:
    key = await bench.ended("One")
    await bench.archive.archive(key, REQUEST)
    before = dict(bench.blobs.kept)
    await forget_row(bench, key)
    assert await bench.cleanup.remove_orphan_blobs() == BlobsRemoved()
    assert (await bench.cleanup.mend(key))[0] is Mended.NOTED
    assert bench.blobs.kept == before
    assert (await bench.archive.restore(key)).remark == ""


async def forget_row(bench: ArchiveBench, key: int) -> None:
    """As after a rebuild: the conversation is archived, and nothing is noted of its archive."""
    gone = delete(archives).where(archives.c.conversation_id == key)
    await bench.store.change(lambda connection, _: connection.execute(gone).rowcount)
