"""Work that runs by itself: where it is kept, who takes it, who does it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from source.domain.task import Json, Lane, NewTask, Task, TaskStatus


class TaskStore(Protocol):
    """The rows of the tasks, for those who want something done; a write returns when it is durable.

    Raises: StoreError.
    """

    async def add(self, new: NewTask, lane: Lane) -> Task:
        """Keep a new task; when one of its key is there, return that one instead."""
        ...

    async def get(self, task_id: int) -> Task | None: ...

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
        """Return tasks, the newest first."""
        ...

    async def request_cancel(self, task_id: int) -> Task | None:
        """Cancel what has not begun, ask what runs to stop; None: no such task."""
        ...

    async def delete_finished(self, before: datetime, limit: int = 1_000) -> int:
        """Forget tasks that ended before then, but for the newest of each schedule; return how many."""
        ...


class TaskProgress(Protocol):
    """The rows of the tasks, for the engine that does them; a write returns when it is durable.

    Raises: StoreError.
    """

    async def waiting(self, lanes: Sequence[Lane], limit: int = 100) -> list[Task]:
        """Return tasks that no engine has taken yet, the oldest first."""
        ...

    async def note_handed_over(self, task_ids: Sequence[int]) -> None:
        """Note that the engine has recorded these tasks as its own."""
        ...

    async def in_hand(self) -> list[Task]:
        """Return the tasks that an engine has taken and that are not over."""
        ...

    async def begin(self, task_id: int) -> Task | None:
        """Note that the task runs, once more; None when it is over or was cancelled, and must not run."""
        ...

    async def note_progress(self, task_id: int, *, done: int, total: int) -> bool:
        """Note how far the task is; return whether it is to go on: it was not cancelled."""
        ...

    async def finish(
        self, task_id: int, status: TaskStatus, *, output_data: Json | None = None, error: str | None = None
    ) -> None:
        """Note the end; of a task that has ended nothing changes."""
        ...


class ExecutorStore(Protocol):
    """The processes that run tasks on one database.

    Raises: StoreError.
    """

    async def beat(self, executor_id: str) -> None:
        """Note that this process lives."""
        ...

    async def leave(self, executor_id: str) -> None:
        """Forget a process: it has gone in order, or its work was taken over."""
        ...

    async def heard(self) -> Mapping[str, datetime]:
        """Return when each process noted that it lives, by its own clock: two clocks are never compared."""
        ...


class TaskHandler(Protocol):
    """How one type of task is done: planned, done piece by piece, summed up.

    Each call that has returned is durable and is not made again; one that was cut off by a crash is. So `perform`
    finds what it had done already and does the rest. Errors of single items belong into its result; what it raises
    (an EchoError) has the piece tried again a few times, then noted as failed, and the others go on.
    """

    @property
    def lane(self) -> Lane: ...

    def checked(self, given: Json) -> Json:
        """Return the input with defaults filled in.

        Raises: RefusedInputError: it cannot be done; the sentence says why.
        """
        ...

    async def plan(self, given: Json) -> Sequence[Json]:
        """Return the pieces of the work, of a second or so each."""
        ...

    async def perform(self, piece: Json) -> Json:
        """Do one piece; return what came of it."""
        ...

    def report(self, results: Sequence[Json]) -> Json:
        """Return `output_data` from what came of all pieces; one that failed for good is `{"error": sentence}`."""
        ...


class Agent(Protocol):
    """Somebody who can do certain types of tasks."""

    @property
    def name(self) -> str: ...

    @property
    def handlers(self) -> Mapping[str, TaskHandler]:
        """By task type, how it is done."""
        ...


class TaskQueue(Protocol):
    """Where tasks are handed in.

    Raises: RefusedInputError: nobody does such tasks, or not with this input. StoreError: it was not kept.
    """

    async def submit(self, new: NewTask) -> Task:
        """Keep the task durably and have it done soon; the one already there when its key was used."""
        ...

    async def get(self, task_id: int) -> Task | None: ...

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
        """Return tasks, the newest first."""
        ...

    async def cancel(self, task_id: int) -> Task | None:
        """Stop a task between two of its pieces, or before its first; None: no such task."""
        ...
