"""Tasks done by the real engine, on each database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.task_table import ExecutorTable, TaskTable
from source.adapters.tasks.engine import DbosEngine, EngineSettings
from source.domain.errors import EchoError
from source.domain.task import Json, Lane, NewTask, Task, TaskStatus
from source.ports.clock import SystemClock
from source.services.agents.orchestrator import Orchestrator
from source.services.task_queue import StoredTaskQueue
from tests.fakes.databases import KINDS, database_of
from tests.fakes.task_queue import AgentOf, EchoingHandler

COUNT, OWN = "COUNT", "OWN"


@dataclass(slots=True)
class Desk:
    """A queue and its engine on one database."""

    queue: StoredTaskQueue
    rows: TaskTable
    engine: DbosEngine

    async def ended(self, task: Task) -> Task:
        """Wait for the end of a task."""
        return await self.becomes(task, lambda found: found.status.is_final)

    async def becomes(self, task: Task, wanted: Callable[[Task], bool]) -> Task:
        while True:
            found = await self.rows.get(task.task_id)
            assert found is not None
            if wanted(found):
                return found
            await asyncio.sleep(0.02)


@dataclass(slots=True)
class Bench:
    """Opens desks, one after the other, as a program that is started again."""

    store: SqlStore
    database: Path | str

    @asynccontextmanager
    async def desk(self, handler: EchoingHandler, *, lanes: tuple[Lane, ...] = tuple(Lane)) -> AsyncIterator[Desk]:
        orchestrator = Orchestrator([AgentOf({COUNT: handler, OWN: EchoingHandler(Lane.OWNER)})])
        rows = TaskTable(self.store)
        settings = EngineSettings(
            database=self.database, lanes=lanes, silence=timedelta(seconds=1), polling=timedelta(seconds=0.05)
        )
        engine = DbosEngine(rows, ExecutorTable(self.store), orchestrator, SystemClock(), settings)
        stop = asyncio.Event()
        running = asyncio.create_task(engine.run(stop))
        try:
            yield Desk(StoredTaskQueue(rows, orchestrator, engine), rows, engine)
        finally:
            stop.set()
            await running


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    with database_of(request.param, tmp_path) as url:
        store = await SqlStore.open(url, clock=SystemClock(), durability="normal")
        yield Bench(store, tmp_path / "tasks.db" if request.param == "sqlite" else url)
        await store.close()


async def test_a_task_is_done_and_says_what_came_of_it(bench: Bench) -> None:
    handler = EchoingHandler()
    async with bench.desk(handler) as desk:
        task = await desk.ended(await desk.queue.submit(NewTask(COUNT, {"items": 3})))
    assert (task.status, task.attempts, task.done, task.total) == (TaskStatus.COMPLETED, 1, 3, 3)
    assert task.output_data == {"results": [{"item": 0}, {"item": 1}, {"item": 2}]}
    assert handler.performed == [0, 1, 2]
