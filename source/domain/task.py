"""Work that runs by itself: what is asked for, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Json = Mapping[str, object]
"""A JSON object."""


class TaskType(StrEnum):
    """The types of work that Echo itself has; an agent may bring its own, as any other text."""

    ARCHIVE_CONVERSATIONS = "ARCHIVE_CONVERSATIONS"
    UNARCHIVE_CONVERSATION = "UNARCHIVE_CONVERSATION"
    SYNC_MESSAGES = "SYNC_MESSAGES"
    CLEANUP_DATABASE = "CLEANUP_DATABASE"
    UPDATE_METADATA = "UPDATE_METADATA"
    UPDATE_STATUS = "UPDATE_STATUS"
    GENERATE_MEMORY_BATCH = "GENERATE_MEMORY_BATCH"
    RECOUNT_INTERACTIONS = "RECOUNT_INTERACTIONS"
    FORGET_PERSON = "FORGET_PERSON"
    APPLY_RETENTION = "APPLY_RETENTION"


class TaskStatus(StrEnum):
    """How far a task has come."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self not in {TaskStatus.PENDING, TaskStatus.RUNNING}


class Lane(StrEnum):
    """Where a task may run."""

    OWNER = "owner"
    """Only in the process that owns the data folder and talks to the channels."""

    ANYWHERE = "anywhere"
    """Wherever the store can be reached."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """What somebody wants done; two with the same `key` are one task.

    `requested_by` says who: `api:<name of the key>`, `schedule`, `cli` or `person:<external id>`.
    """

    type: str
    input: Json = field(default_factory=dict)
    requested_by: str = ""
    key: str | None = None
    schedule_id: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands; `done` of `total` pieces are done, `total` is None until it is planned.

    `attempts` counts how often it was begun: more than 1 after a crash. `error` is for the operator.
    """

    task_id: int
    type: str
    status: TaskStatus
    lane: Lane
    input: Json
    requested_by: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = 0
    done: int = 0
    total: int | None = None
    output_data: Json | None = None
    error: str | None = None
    key: str | None = None
    schedule_id: str | None = None
    cancel_requested: bool = False
