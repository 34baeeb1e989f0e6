"""Tasks where no engine runs: each is done at once, in this process."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

import structlog

from source.domain.errors import EchoError
from source.domain.task import Json, Lane, NewTask, Task, TaskStatus
from source.ports.clock import Clock
from source.ports.tasks import TaskProgress, TaskStore
from source.services.agents.orchestrator import Orchestrator
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

_PAUSES_SECONDS: Final = (1.0, 5.0)


class TaskRows(TaskStore, TaskProgress, Protocol):
    """The rows of the tasks."""


class InlineTasks:
    """Implements `TaskQueue`; what is cut off is begun anew at the next start, here or by an engine."""

    def __init__(self, rows: TaskRows, orchestrator: Orchestrator, clock: Clock) -> None:
        self._rows = rows
        self._orchestrator = orchestrator
        self._clock = clock
        self._tasks = OwnedTasks()

    async def submit(self, new: NewTask) -> Task:
        checked, lane = self._orchestrator.checked(new)
        task = await self._rows.add(checked, lane)
        self._begin(task)
        return task

    async def get(self, task_id: int) -> Task | None:
        return await self._rows.get(task_id)

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
        return await self._rows.listed(
            status=status, type=type, schedule_id=schedule_id, key=key, limit=limit, offset=offset
        )

    async def cancel(self, task_id: int) -> Task | None:
        return await self._rows.request_cancel(task_id)

    async def take_up(self) -> None:
        """Begin what was left undone, of the types that can be done here."""
        for task in await self._rows.waiting(tuple(Lane)):
            if task.type in self._orchestrator.types:
                self._begin(task)

    async def close(self, deadline: timedelta) -> None:
        """Let what runs end; what does not is begun anew at the next start."""
        await self._tasks.close(deadline)

    def _begin(self, task: Task) -> None:
        self._tasks.spawn(self._run(task.task_id), name=f"task-{task.task_id}")

    async def _run(self, task_id: int) -> None:
        task = await self._rows.begin(task_id)
        if task is None:
            return
        for pause in (*_PAUSES_SECONDS, None):
            try:
                await self._carry_out(task)
            except EchoError as error:
                log.warning("task_failed", task=task_id, type=task.type, error=type(error).__name__)
                if pause is not None:
                    await self._clock.sleep(pause)
            else:
                return

    async def _carry_out(self, task: Task) -> None:
        handler = self._orchestrator.handler(task.type)
        pieces: Sequence[Json] = await handler.plan(task.input)
        results = [await handler.perform(piece) for piece in pieces]
        output = handler.report(results)
        await self._rows.note_progress(task.task_id, done=len(pieces), total=len(pieces))
        await self._rows.finish(task.task_id, TaskStatus.COMPLETED, output_data=output)
        await self._rows.note_handed_over([task.task_id])
