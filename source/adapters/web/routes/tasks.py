"""Work that runs by itself: what there is, what runs by the clock, and stopping it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import TaskAnswer, TaskShown, task_shown
from source.adapters.web.documented import problems
from source.adapters.web.handing_in import key_of, taken
from source.adapters.web.pages import Identifier, Name, PageQuery, Shown
from source.adapters.web.problems import Problem
from source.domain.schedule import JobStatus
from source.domain.task import Task, TaskStatus
from source.ports.tasks import TaskQueue

_Asking = Annotated[Caller, requires(Scope.TASKS)]
_Reading = Annotated[Caller, requires(Scope.READ)]
_TaskId = Annotated[Identifier, Path(description="The task.")]


class JobShown(Shown):
    """Something that runs by the clock; `next_run` is null when it is switched off."""

    id: str = Field(examples=["auto_archive"])
    name: str = Field(examples=["Archive old conversations"])
    next_run: datetime | None
    is_enabled: bool
    last_run: datetime | None
    last_task: TaskShown | None


class ScheduleShown(Shown):
    """Everything that runs by the clock."""

    success: bool = True
    scheduler_running: bool
    jobs: list[JobShown]


class TasksShown(Shown):
    """A part of all tasks, the newest first."""

    tasks: list[TaskShown]


class Schedule(Protocol):
    """What is needed of the `ScheduleService`."""

    @property
    def is_running(self) -> bool: ...

    async def listed(self) -> Sequence[JobStatus]:
        """As in `ScheduleService`."""
        ...

    async def trigger(self, job_id: str, *, requested_by: str, key: str | None = None) -> Task | None:
        """As in `ScheduleService`."""
        ...


@dataclass(frozen=True, slots=True)
class TaskParts:
    """What looking at tasks over HTTP needs."""

    queue: TaskQueue
    schedule: Schedule


def router(parts: TaskParts) -> APIRouter:
    """Return the routes of tasks."""
    routes = APIRouter(prefix="/api/conversations", tags=["tasks"])

    @routes.get("/scheduled-tasks", operation_id="listScheduledTasks", responses=problems())
    async def scheduled(_: _Reading) -> ScheduleShown:
        """List what runs by the clock, when it runs next, and what came of the last time."""
        jobs = [_job_shown(status) for status in await parts.schedule.listed()]
        return ScheduleShown(scheduler_running=parts.schedule.is_running, jobs=jobs)

    @routes.post(
        "/scheduled-tasks/{id}/trigger", operation_id="triggerScheduledTask", status_code=202, responses=problems(404)
    )
    async def trigger(
        job_id: Annotated[Name, Path(alias="id", description="The job.", examples=["auto_archive"])],
        request: Request,
        response: Response,
        caller: _Asking,
    ) -> TaskAnswer:
        """Run now what else runs by the clock."""
        key = key_of(request, "schedule", job_id)
        task = await parts.schedule.trigger(job_id, requested_by=caller.requested_by, key=key)
        if task is None:
            known = ", ".join(each.job.id for each in await parts.schedule.listed())
            raise Problem(404, f"There is no scheduled task {job_id}; there are: {known}.")
        return taken(response, task.task_id)

    @routes.get("/tasks", operation_id="listTasks", responses=problems())
    async def listed(
        page: PageQuery,
        _: _Reading,
        status: Annotated[TaskStatus | None, Query(description="Only those in this state.")] = None,
        task_type: Annotated[
            Name | None, Query(alias="type", description="Only those of this type.", examples=["SYNC_MESSAGES"])
        ] = None,
        schedule_id: Annotated[
            Name | None, Query(description="Only those that this job caused.", examples=["auto_sync"])
        ] = None,
    ) -> TasksShown:
        """List tasks, the newest first."""
        found = await parts.queue.listed(
            status=status, type=task_type, schedule_id=schedule_id, limit=page.limit, offset=page.offset
        )
        return TasksShown(tasks=[task_shown(task) for task in found])

    @routes.get("/tasks/{id:int}", operation_id="getTask", responses=problems(404))
    async def one(task_id: Annotated[_TaskId, Path(alias="id")], _: _Reading) -> TaskShown:
        """Say how far a task is, and what came of it."""
        return task_shown(_found(await parts.queue.get(task_id), task_id))

    @routes.post("/tasks/{id:int}/cancel", operation_id="cancelTask", responses=problems(404))
    async def cancel(task_id: Annotated[_TaskId, Path(alias="id")], _: _Asking) -> TaskShown:
        """Stop a task before its first piece or between two; one that has ended stays as it is."""
        return task_shown(_found(await parts.queue.cancel(task_id), task_id))

    return routes


def _found(task: Task | None, task_id: int) -> Task:
    if task is None:
        raise Problem(404, f"There is no task {task_id}; tasks are forgotten a month after their end.")
    return task


def _job_shown(status: JobStatus) -> JobShown:
    return JobShown(
        id=status.job.id,
        name=status.job.name,
        next_run=status.next_run,
        is_enabled=status.job.is_enabled,
        last_run=status.last_run,
        last_task=task_shown(status.last_task) if status.last_task else None,
    )
