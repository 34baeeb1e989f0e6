"""The real task engine over a real store, started and stopped as often as a test likes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.task_table import ExecutorTable, TaskTable
from source.adapters.tasks.engine import DbosEngine, EngineSettings
from source.domain.task import Json, Lane, Task, TaskStatus
from source.ports.clock import Clock, SystemClock
from source.services.agents.orchestrator import Orchestrator
from source.services.task_queue import StoredTaskQueue
from tests.fakes.task_queue import AgentOf, EchoingHandler

T = TypeVar("T")

COUNT: Final = "COUNT"
"""The type of the tasks of the handler that a desk is given."""

OWN: Final = "OWN"
"""Tasks of the owner's lane."""


@dataclass(slots=True)
class GatedHandler(EchoingHandler):
    """Tells when a piece has begun, and lets each end only when told."""

    begun: "asyncio.Queue[int]" = field(default_factory=asyncio.Queue)
    may_end: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def perform(self, piece: Json) -> Json:
        self.begun.put_nowait(int(str(piece["item"])))
        await self.may_end.acquire()
        return await EchoingHandler.perform(self, piece)


class WatchedRows(TaskTable):
    """Tells when a task has begun, moved on or ended."""

    def __init__(self, access: SqlAccess) -> None:
        super().__init__(access)
        self.has_changed = asyncio.Event()

    async def begin(self, task_id: int) -> Task | None:
        return self._telling(await super().begin(task_id))

    async def note_progress(self, task_id: int, *, done: int, total: int) -> bool:
        return self._telling(await super().note_progress(task_id, done=done, total=total))

    async def finish(
        self, task_id: int, status: TaskStatus, *, output_data: Json | None = None, error: str | None = None
    ) -> None:
        await super().finish(task_id, status, output_data=output_data, error=error)
        self.has_changed.set()

    def _telling(self, result: T) -> T:
        self.has_changed.set()
        return result


@dataclass(slots=True)
class Desk:
    """A queue and its running engine."""

    queue: StoredTaskQueue
    rows: WatchedRows
    engine: DbosEngine

    async def ended(self, task: Task) -> Task:
        """Wait for the end of a task."""
        return await self.becomes(task, lambda found: found.status.is_final)

    async def becomes(self, task: Task, wanted: Callable[[Task], bool]) -> Task:
        """Wait until a task is as wanted."""
        while True:
            self.rows.has_changed.clear()
            if wanted(found := await self.found(task)):
                return found
            await self.rows.has_changed.wait()

    async def found(self, task: Task) -> Task:
        found = await self.rows.get(task.task_id)
        assert found is not None
        return found


@dataclass(slots=True)
class TaskBench:
    """One database; desks on it follow each other, as a program that is started again: a process has one engine."""

    store: SqlStore
    database: Path | str

    @property
    def rows(self) -> TaskTable:
        return TaskTable(self.store)

    @asynccontextmanager
    async def desk(
        self,
        handler: EchoingHandler,
        *,
        lanes: tuple[Lane, ...] = tuple(Lane),
        concurrency: int = 2,
        clock: Clock | None = None,
    ) -> AsyncIterator[Desk]:
        orchestrator = Orchestrator([AgentOf({COUNT: handler, OWN: EchoingHandler(Lane.OWNER)})])
        settings = EngineSettings(
            database=self.database,
            lanes=lanes,
            concurrency=concurrency,
            polling=timedelta(seconds=0.05),
        )
        rows = WatchedRows(self.store)
        engine = DbosEngine(rows, ExecutorTable(self.store), orchestrator, clock or SystemClock(), settings)
        stop = asyncio.Event()
        running = asyncio.create_task(engine.run(stop))
        try:
            yield Desk(StoredTaskQueue(rows, orchestrator, engine), rows, engine)
        finally:
            stop.set()
            await running


@asynccontextmanager
async def opened_bench(url: str, folder: Path) -> AsyncIterator[TaskBench]:
    """Open a bench on the database of this URL; with SQLite the engine keeps its own file in `folder`."""
    store = await SqlStore.open(url, clock=SystemClock(), durability="normal")
    try:
        yield TaskBench(store, folder / "tasks.db" if url.startswith("sqlite") else url)
    finally:
        await store.close()
