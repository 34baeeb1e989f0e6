"""How much a clean-up does, and how much it says it did."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.adapters.storage.task_table import TaskTable
from source.domain.task import Lane, NewTask, TaskStatus, TaskType
from source.services import cleanup
from tests.fakes.archive_bench import ArchiveBench, archive_bench
from tests.fakes.databases import KINDS, database_of


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ArchiveBench]:
    with database_of(request.param, tmp_path) as url:
        async with archive_bench(url, tmp_path) as bench:
            yield bench


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
