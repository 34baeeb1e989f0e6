"""Tasks in memory, carried out by their real handlers when a test says so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from source.domain.identifiers import IdGenerator
from source.domain.task import Json, Lane, NewTask, Task, TaskStatus
from source.ports.clock import Clock
from source.ports.tasks import TaskHandler
from source.services.agents.orchestrator import Orchestrator
from source.services.task_queue import StoredTaskQueue
from source.services.task_runner import Outcome, TaskRunner

T = TypeVar("T")


class InMemoryTasks:
    """Implements `TaskStore` and `TaskProgress`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = IdGenerator()
        self._rows: dict[int, Task] = {}
        self._handed_over: set[int] = set()

    async def add(self, new: NewTask, lane: Lane) -> Task:
        await asyncio.sleep(0)
        for task in self._rows.values():
            if new.key is not None and task.key == new.key:
                return task
        now = self._clock.now()
        task = Task(
            self._ids.next(now),
            str(new.type),
            TaskStatus.PENDING,
            lane,
            dict(new.input),
            new.requested_by,
            now,
            key=new.key,
            schedule_id=new.schedule_id,
        )
        return self._put(task)

    async def get(self, task_id: int) -> Task | None:
        await asyncio.sleep(0)
        return self._rows.get(task_id)

    async def listed(
        self,
        *,
        status: TaskStatus | None = None,
        type: str | None = None,  # noqa: A002  # the field's name
        schedule_id: str | None = None,
        key: str | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> list[Task]:
        await asyncio.sleep(0)
        found = [
            task
            for task in sorted(self._rows.values(), key=lambda task: -task.task_id)
            if status in (None, task.status)
            and type in (None, task.type)
            and schedule_id in (None, task.schedule_id)
            and key in (None, task.key)
        ]
        return found[offset : offset + limit]

    async def request_cancel(self, task_id: int) -> Task | None:
        await asyncio.sleep(0)
        task = self._rows.get(task_id)
        if task is None or task.status.is_final:
            return task
        if task.status is TaskStatus.PENDING:
            self._handed_over.add(task_id)
            task = replace(task, status=TaskStatus.CANCELLED, finished_at=self._clock.now())
        return self._put(replace(task, cancel_requested=True))

    async def delete_finished(self, before: datetime, limit: int = 1_000) -> int:
        await asyncio.sleep(0)
        newest = {task.schedule_id: task.task_id for task in self._rows.values() if task.schedule_id is not None}
        old = [
            task.task_id
            for task in self._rows.values()
            if task.finished_at is not None and task.finished_at < before and task.task_id not in newest.values()
        ]
        for task_id in old[:limit]:
            del self._rows[task_id]
        return len(old[:limit])

    async def waiting(self, lanes: Sequence[Lane], limit: int = 100) -> list[Task]:
        await asyncio.sleep(0)
        rows = self._rows.values()
        return [task for task in rows if task.task_id not in self._handed_over and task.lane in lanes][:limit]

    async def note_handed_over(self, task_ids: Sequence[int]) -> None:
        await asyncio.sleep(0)
        self._handed_over.update(task_ids)

    async def in_hand(self) -> list[Task]:
        await asyncio.sleep(0)
        rows = self._rows.values()
        return [task for task in rows if task.task_id in self._handed_over and not task.status.is_final]

    async def begin(self, task_id: int) -> Task | None:
        await asyncio.sleep(0)
        task = self._rows.get(task_id)
        if task is None or task.status.is_final:
            return None
        begun = task.started_at or self._clock.now()
        return self._put(replace(task, status=TaskStatus.RUNNING, attempts=task.attempts + 1, started_at=begun))

    async def note_progress(self, task_id: int, *, done: int, total: int) -> bool:
        await asyncio.sleep(0)
        task = self._rows.get(task_id)
        if task is None or task.status.is_final:
            return False
        return not self._put(replace(task, done=done, total=total)).cancel_requested

    async def finish(
        self, task_id: int, status: TaskStatus, *, output_data: Json | None = None, error: str | None = None
    ) -> None:
        await asyncio.sleep(0)
        task = self._rows.get(task_id)
        if task is not None and not task.status.is_final:
            now = self._clock.now()
            self._put(replace(task, status=status, output_data=output_data, error=error, finished_at=now))

    def _put(self, task: Task) -> Task:
        self._rows[task.task_id] = task
        return task


class KeptSteps:
    """A place whose steps' outcomes outlive a run; `before_step` may raise, as a crash would."""

    def __init__(self) -> None:
        self._kept: list[Outcome] = []
        self._next = 0
        self.before_step: Callable[[int], None] = lambda _number: None

    def again(self) -> None:
        """Begin from the top, as after a crash."""
        self._next = 0

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        return await work()

    async def step(self, _name: str, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        number, self._next = self._next, self._next + 1
        if number == len(self._kept):
            self.before_step(number)
            self._kept.append(await work())
        return self._kept[number]


@dataclass(frozen=True, slots=True)
class AgentOf:
    """An agent with the handlers that it is given."""

    handlers: Mapping[str, TaskHandler]
    name: str = "tester"


@dataclass(slots=True)
class _NoEngine:
    runner: TaskRunner

    def wake(self) -> None:
        """Nothing runs by itself here."""

    def hurry(self, task_id: int) -> None:
        self.runner.hurry(task_id)


class FakeTaskQueue(StoredTaskQueue):
    """Implements `TaskQueue`; a task is carried out as it is submitted, or by `run_waiting` when `at_once` is False."""

    def __init__(self, handlers: Mapping[str, TaskHandler], clock: Clock, *, at_once: bool = True) -> None:
        self.rows = InMemoryTasks(clock)
        orchestrator = Orchestrator([AgentOf(handlers)])
        self.runner = TaskRunner(self.rows, orchestrator, clock)
        self.at_once = at_once
        super().__init__(self.rows, orchestrator, _NoEngine(self.runner))

    async def submit(self, new: NewTask) -> Task:
        task = await super().submit(new)
        if self.at_once:
            await self.run_waiting()
        return await self.rows.get(task.task_id) or task

    async def run_waiting(self) -> None:
        """Carry out everything that waits, one after the other."""
        for task in await self.rows.waiting(tuple(Lane)):
            await self.rows.note_handed_over([task.task_id])
            await self.runner.run(task.task_id, KeptSteps())


@dataclass(slots=True)
class EchoingHandler:
    """Does one piece for each number of `items`; `broken` maps numbers to the errors that they raise."""

    lane: Lane = Lane.ANYWHERE
    broken: dict[int, Exception] = field(default_factory=dict)
    performed: list[int] = field(default_factory=list)

    def checked(self, given: Json) -> Json:
        return {"items": 0, **given}

    async def plan(self, given: Json) -> Sequence[Json]:
        await asyncio.sleep(0)
        return [{"item": item} for item in range(int(str(given["items"])))]

    async def perform(self, piece: Json) -> Json:
        await asyncio.sleep(0)
        item = int(str(piece["item"]))
        self.performed.append(item)
        if item in self.broken:
            raise self.broken[item]
        return {"item": item}

    def report(self, results: Sequence[Json]) -> Json:
        return {"results": [dict(result) for result in results]}
