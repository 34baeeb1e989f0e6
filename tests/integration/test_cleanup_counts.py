"""How much a clean-up does, and how much it says it did."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.task_table import TaskTable
from source.domain.task import Lane, NewTask, TaskStatus, TaskType
from source.services import cleanup
from tests.fakes.archive_bench import REQUEST, ArchiveBench, archive_bench
from tests.fakes.archive_desk import ArchiveDesk
from tests.fakes.databases import KINDS, database_of


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    with database_of(request.param, tmp_path) as url:
        async with archive_bench(url, tmp_path) as bench:
            yield bench


async def test_pieces_that_were_cut_off_count_what_they_had_done(bench: ArchiveBench) -> None:
    keys = [await bench.ended(f"Number {number}") for number in range(4)]
    for key in keys:
        await bench.archive.archive(key, replace(REQUEST, compress=False))
        bench.clock.advance(days=200)
    cleaning = ArchiveDesk(bench).cleanup
    pieces = await cleaning.plan(cleaning.checked({"archive_retention_days": 500, "optimize_tables": False}))
    await bench.cleanup.delete_expired(keys[0], timedelta(days=500))
    await bench.cleanup.mend(keys[2], compress=True)
    report = cleaning.report([await cleaning.perform(piece) for piece in pieces])
    assert (report["deleted_conversations"], report["compressed_archives"]) == (2, 2)


async def test_however_many_old_tasks_there_are_all_are_forgotten(
    bench: ArchiveBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "_TASKS_AT_ONCE", 2)
    tasks = TaskTable(bench.store)
    for _ in range(5):
        task = await tasks.add(NewTask(TaskType.CLEANUP_DATABASE), Lane.OWNER)
        await tasks.finish(task.task_id, TaskStatus.COMPLETED)
    bench.clock.advance(days=31)
    assert (await bench.cleanup.delete_rows())["tasks"] == 5
