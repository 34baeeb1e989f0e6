"""Handing in tasks."""

from typing import Protocol

from source.domain.task import NewTask, Task, TaskStatus
from source.ports.tasks import TaskStore
from source.services.agents.orchestrator import Orchestrator


class Wakeable(Protocol):
    """An engine of this process, told what it would else find out a moment later."""

    def wake(self) -> None:
        """Look for waiting tasks now."""
        ...

    def hurry(self, task_id: int) -> None:
        """Look now whether this task is still wanted."""
        ...


class StoredTaskQueue:
    """Implements `TaskQueue` over the rows: a task is kept first, then the engine of this process is woken."""

    def __init__(self, store: TaskStore, orchestrator: Orchestrator, engine: Wakeable) -> None:
        self._store = store
        self._orchestrator = orchestrator
        self._engine = engine

    async def submit(self, new: NewTask) -> Task:
        checked, lane = self._orchestrator.checked(new)
        task = await self._store.add(checked, lane)
        self._engine.wake()
        return task

    async def get(self, task_id: int) -> Task | None:
        return await self._store.get(task_id)

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
        return await self._store.listed(
            status=status, type=type, schedule_id=schedule_id, key=key, limit=limit, offset=offset
        )

    async def cancel(self, task_id: int) -> Task | None:
        task = await self._store.request_cancel(task_id)
        self._engine.hurry(task_id)
        return task
