"""Shapes that the routes of work that runs by itself share."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from source.adapters.web.pages import STORABLE, Shown
from source.domain.task import Task, TaskStatus

ChatId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=512,
        pattern=STORABLE,
        description="A thread's id on its platform, or `platform:id` where two platforms have the same.",
        examples=["123456@c.us"],
    ),
]

MOST_CHATS = 1_000
ChatIds = Annotated[list[ChatId], Field(min_length=1, max_length=MOST_CHATS, examples=[["123456@c.us"]])]


class TaskAnswer(Shown):
    """Work that was taken on; `GET /api/conversations/tasks/{id}` says how far it is."""

    success: bool = True
    task_id: int = Field(examples=[6821946150912032])


class Progress(Shown):
    """How many pieces are done; `total` is null until the task is planned."""

    done: int
    total: int | None


class TaskShown(Shown):
    """A task as it stands; `attempts` above 1 tells of crashes, a `remark` in `output_data` why nothing came of it."""

    id: int
    type: str = Field(examples=["ARCHIVE_CONVERSATIONS"])
    status: TaskStatus
    progress: Progress
    attempts: int
    error: str | None
    output_data: dict[str, object] | None = Field(examples=[{"archived": [6821946150912032]}])
    requested_by: str = Field(examples=["api:dashboard"])
    schedule_id: str | None = Field(examples=["auto_archive"])
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


def task_shown(task: Task) -> TaskShown:
    """Return a task as it is shown."""
    return TaskShown(
        id=task.task_id,
        type=task.type,
        status=task.status,
        progress=Progress(done=task.done, total=task.total),
        attempts=task.attempts,
        error=task.error,
        output_data=None if task.output_data is None else dict(task.output_data),
        requested_by=task.requested_by,
        schedule_id=task.schedule_id,
        cancel_requested=task.cancel_requested,
        created_at=task.created_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
    )
