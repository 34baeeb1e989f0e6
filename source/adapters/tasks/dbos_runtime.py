"""dbos, as far as tasks need it."""

import sqlite3
import threading
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

# dbos, imported later and on a thread, imports the ORM: half of it loaded, statements of other threads break.
import sqlalchemy.orm  # noqa: F401
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from source.adapters.tasks.dbos_log import hush
from source.adapters.tasks.execution_file import ExecutionConnection, prepare
from source.domain.errors import StoreUnavailableError
from source.domain.task import Lane

if TYPE_CHECKING:
    from dbos import DBOS, DBOSConfig, WorkflowStatus
    from dbos._sys_db import SystemDatabase

_APPLICATION: Final = "echo"
# Pinned: by default it is a hash of the code, and an update of Echo would leave begun tasks lying.
_VERSION: Final = "1"
_WORKFLOW: Final = "run_task"
_SCHEMA: Final = "echo_tasks"
_CONNECTIONS: Final = 5
_PURGED_AT_ONCE: Final = 200
_ACTIVE: Final = frozenset({"PENDING", "ENQUEUED", "DELAYED"})
# dbos looks into its database from many threads, most of them for what Echo does not use. As it comes, that takes 1.5
# to 1.8 % of a core in an idle process; like this, 0.8.
_SELDOM_SECONDS: Final = 3_600.0
_STOPS_WITHIN_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """`database` is the file of an SQLite database of the engine's own, or the URL of a PostgreSQL one.

    `polling` is how long a task that was handed over lies at the most before a free process takes it.
    """

    database: Path | str
    lanes: Sequence[Lane]
    concurrency: int
    polling: timedelta


@dataclass(frozen=True, slots=True)
class _Launched:
    database: "SystemDatabase"
    workflow: "Callable[[int], Coroutine[Any, Any, None]]"


class DbosRuntime:
    """Keeps what was done of each task, and says who does it: each task is a workflow whose id is the task's.

    There is one in a process. Every method blocks and belongs on a thread without an event loop. Raises:
    StoreUnavailableError: its database cannot be used now.
    """

    def __init__(self, settings: RuntimeSettings, executor_id: str) -> None:
        self._settings = settings
        self._executor_id = executor_id
        self._launched: _Launched | None = None
        # Whoever closes while it is being launched waits for that.
        self._gate = threading.Lock()

    def launch(self, run: Callable[[int], Awaitable[None]]) -> None:
        """Begin to take tasks that were handed over; `run` is awaited for each on an event loop of the engine's."""
        with self._gate, _vendor_errors():
            from dbos import DBOS

            hush()
            if isinstance(self._settings.database, Path):
                prepare(self._settings.database)
            try:
                self._launch(run)
            except BaseException:
                DBOS.destroy(destroy_registry=True)
                raise

    def _launch(self, run: Callable[[int], Awaitable[None]]) -> None:
        from dbos import DBOS

        async def run_task(task_id: int) -> None:
            await run(task_id)

        dbos = DBOS(config=self._config())
        # However often a process dies over it: it is the task's row that says when a task is over.
        workflow = DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)(run_task)
        DBOS.listen_queues([_queue(lane) for lane in self._settings.lanes])
        _leave_out_what_is_not_used(dbos)
        DBOS.launch()
        for lane in Lane:
            DBOS.register_queue(
                _queue(lane),
                worker_concurrency=self._settings.concurrency,
                polling_interval_sec=self._settings.polling.total_seconds(),
                on_conflict="always_update",
            )
        self._launched = _Launched(dbos._sys_db, workflow)

    def _config(self) -> "DBOSConfig":
        from dbos import DBOSPortableJSONSerializer

        return {
            "name": _APPLICATION,
            "system_database_url": self._url,
            "dbos_system_schema": _SCHEMA,
            "application_version": _VERSION,
            "executor_id": self._executor_id,
            "serializer": DBOSPortableJSONSerializer(),
            "run_migrations": True,
            # A connection and a thread that would wake a hundred times a second, for messages that nobody sends.
            "use_listen_notify": False,
            "enable_otlp": False,
            "log_level": "WARNING",
            "sys_db_pool_size": _CONNECTIONS,
            # What tasks found out must not get into the log with an error.
            "db_engine_kwargs": {"hide_parameters": True, "connect_args": self._connect_args},
            "notification_listener_polling_interval_sec": _STOPS_WITHIN_SECONDS,
        }

    @property
    def _connect_args(self) -> dict[str, object]:
        return {"factory": ExecutionConnection} if isinstance(self._settings.database, Path) else {}

    @property
    def _url(self) -> str:
        database = self._settings.database
        if isinstance(database, str):
            return database
        return URL.create("sqlite", database=str(database)).render_as_string(hide_password=False)

    def enqueue(self, tasks: Iterable[tuple[int, Lane]]) -> None:
        """Record tasks as work to do; one that is recorded already stays as it is."""
        from dbos import DBOS, SetWorkflowID

        workflow = self._now.workflow
        with _vendor_errors():
            for task_id, lane in tasks:
                with SetWorkflowID(str(task_id)):
                    DBOS.enqueue_workflow(_queue(lane), workflow, task_id)

    def states(self, task_ids: Collection[int]) -> dict[int, bool]:
        """Return for each of these tasks that is recorded whether it is still to be done."""
        found: dict[int, bool] = {}
        names = [str(task_id) for task_id in task_ids]
        for start in range(0, len(names), _PURGED_AT_ONCE):
            for workflow in self._listed(workflow_ids=names[start : start + _PURGED_AT_ONCE]):
                found[int(workflow.workflow_id)] = workflow.status in _ACTIVE
        return found

    def executors(self) -> set[str]:
        """Return the processes that have begun tasks and not ended them."""
        return {each.executor_id for each in self._listed(status="PENDING") if each.executor_id}

    def take_over(self, executors: Collection[str]) -> None:
        """Give back to their queues what these processes, which are gone, have begun; of several calls one does."""
        from dbos import DBOS

        _ = self._now
        with _vendor_errors():
            # Public is only `resume_workflows`, which would also take back what another process has just taken over.
            DBOS._recover_pending_workflows(list(executors))

    def give_back(self, task_id: int) -> None:
        """Give back to its queue a task that this process has begun and does not go on with."""
        database = self._now.database
        with _vendor_errors():
            database.reenqueue_for_recovery(str(task_id), [self._executor_id], _queue(Lane.ANYWHERE))

    def purge(self, before: datetime) -> None:
        """Forget what was done of tasks that ended before then."""
        from dbos import DBOS

        while ended := self._listed(completed_before=before.isoformat(), limit=_PURGED_AT_ONCE):
            with _vendor_errors():
                DBOS.delete_workflows([workflow.workflow_id for workflow in ended])

    def forget(self, task_ids: Collection[int]) -> None:
        """Forget what was done of these tasks, which are over."""
        from dbos import DBOS

        _ = self._now
        with _vendor_errors():
            DBOS.delete_workflows([str(task_id) for task_id in task_ids])

    def close(self) -> None:
        """Take nothing more and stop; what runs is cut off and can be taken up again."""
        from dbos import DBOS

        with self._gate:
            launched, self._launched = self._launched, None
            if launched is not None:
                # Who waits for a database that is away waits no longer.
                launched.database._retry_connection_errors = False
                DBOS.destroy(destroy_registry=True)

    def _listed(self, **which: Any) -> "list[WorkflowStatus]":
        from dbos import DBOS

        _ = self._now
        with _vendor_errors():
            return DBOS.list_workflows(name=_WORKFLOW, load_input=False, load_output=False, **which)

    @property
    def _now(self) -> "_Launched":
        if self._launched is None:
            raise StoreUnavailableError("the task engine does not run")
        return self._launched


def _queue(lane: Lane) -> str:
    return f"{_APPLICATION}-{lane.value}"


def _leave_out_what_is_not_used(dbos: "DBOS") -> None:
    """Have no threads for sleeping workflows, time-outs and schedules; there are no settings for it."""
    from dbos import _dbos

    for loop in ("background_jobs_thread", "dynamic_scheduler_loop"):
        if not hasattr(_dbos, loop):
            raise AttributeError(f"dbos has no {loop} any more")
        setattr(_dbos, loop, _nothing)
    dbos._registry.get_internal_queue()._polling_interval_sec = _SELDOM_SECONDS


def _nothing(*_: object) -> None:
    """Does what a loop does that nobody needs."""


@contextmanager
def _vendor_errors() -> Generator[None]:
    """Raise a StoreUnavailableError for whatever dbos and its database raise in this block."""
    from dbos import error as dbos_errors

    try:
        yield
    except (dbos_errors.DBOSException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreUnavailableError(f"the log of the task engine cannot be used ({type(error).__name__})") from error
