"""Archives on a disk that is full or gone read-only: nothing is lost, and it works again after."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random

import pytest

from source.adapters.storage.blob_folder import BlobFolder
from source.domain.conversation_head import ConversationState
from source.domain.errors import ArchiveUnavailableError, TranscriptUnwritableError
from source.domain.task import TaskStatus, TaskType
from source.services.archive import Archived
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.archive_desk import ArchiveDesk
from tests.fakes.small_disk import full, mounted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these faults are made with POSIX means")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
async def bench(tmp_path: Path, disk: Path) -> AsyncIterator[ArchiveBench]:
    """The archive is on the small disk, all else is not."""
    storage = BlobFolder(disk / "archive", "archive")
    async with archive_bench(f"sqlite:///{tmp_path / 'echo.db'}", tmp_path, storage) as bench:
        yield bench


async def kept(bench: ArchiveBench) -> list[str]:
    return [blob.name async for blob in bench.storage.listed()]


async def test_a_full_archive_disk_archives_nothing_and_loses_nothing(bench: ArchiveBench, disk: Path) -> None:
    keys = [await bench.ended(f"Number {number}: " + "words " * 500) for number in range(10)]
    before = bench.plain_files()
    (disk / "archive").mkdir()
    with full(disk):
        task = await ArchiveDesk(bench).task(TaskType.ARCHIVE_CONVERSATIONS, conversation_ids=keys)
        left = await kept(bench)
        states = {await bench.state(key) for key in keys}
        during = bench.plain_files()
    again = await ArchiveDesk(bench).done(TaskType.ARCHIVE_CONVERSATIONS, conversation_ids=keys)

    assert task.status is TaskStatus.FAILED
    assert task.error is not None
    assert "the disk is full: free some space" in task.error
    assert (left, states, during) == ([], {ConversationState.ENDED}, before)
    assert again["archived"] == keys
    assert len(await kept(bench)) == 10


async def test_a_disk_that_fills_up_in_the_middle_leaves_every_conversation_whole(
    bench: ArchiveBench, disk: Path
) -> None:
    keys = [await bench.ended(Random(number).randbytes(200_000).hex()) for number in range(40)]
    outcomes = await asyncio.gather(*(bench.archive.archive(key, REQUEST) for key in keys), return_exceptions=True)
    failures = [each for each in outcomes if not isinstance(each, Archived)]
    assert 0 < len(failures) < 40
    assert {type(each) for each in failures} == {ArchiveUnavailableError}
    for key, outcome in zip(keys, outcomes, strict=True):
        stored, archive = await bench.stored(key), await bench.table.archive_of(key)
        assert (stored.head.state is ConversationState.ARCHIVED) is (outcome is Archived.ARCHIVED)
        if archive is not None:
            await bench.archived.get(archive)
        else:
            assert stored.head.filename in bench.plain_files()


async def test_a_full_disk_of_the_conversations_keeps_an_archived_one_archived(tmp_path: Path, disk: Path) -> None:
    async with archive_bench(f"sqlite:///{tmp_path / 'echo.db'}", disk) as bench:
        key = await bench.ended("Hello")
        before = bench.plain_files()
        await bench.archive.archive(key, REQUEST)
        with full(disk), pytest.raises(TranscriptUnwritableError, match="full"):
            await bench.archive.restore(key)
        assert (await bench.state(key), len(bench.blobs.kept)) == (ConversationState.ARCHIVED, 1)
        await bench.archive.restore(key)
        assert bench.plain_files() == before


async def test_a_full_disk_of_the_database_archives_nothing(tmp_path: Path, disk: Path) -> None:
    async with archive_bench(f"sqlite:///{disk / 'echo.db'}", tmp_path) as bench:
        keys = [await bench.ended(f"Number {number}") for number in range(10)]
        before = bench.plain_files()
        with full(disk):
            outcomes = await asyncio.gather(
                *(bench.archive.archive(key, REQUEST) for key in keys), return_exceptions=True
            )
        archived = [outcome is Archived.ARCHIVED for outcome in outcomes]
        states = [await bench.state(key) for key in keys]
        assert [state is ConversationState.ARCHIVED for state in states] == archived
        assert len(bench.plain_files()) == 10 - sum(archived)
        assert bench.plain_files().items() <= before.items()
        for key in keys:
            await bench.archive.archive(key, REQUEST)
        assert bench.plain_files() == {}


async def test_an_archive_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file")
    storage = BlobFolder(tmp_path / "archive", "archive")
    with pytest.raises(ArchiveUnavailableError, match="there is a file where the folder should be"):
        await storage.put("a_1.json", b"x")


@pytest.mark.parametrize("name", ["../outside.json", "a/b.json", "", ".", "..", "a\\b", "a\0b"])
async def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    storage = BlobFolder(tmp_path / "archive", "archive")
    for ask in (storage.put(name, b"x"), storage.get(name), storage.delete(name)):
        with pytest.raises(ArchiveUnavailableError):
            await ask
