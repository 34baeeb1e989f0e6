"""The SQLite file in which the engine notes what it has done of each task."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import structlog

from source.domain.errors import StoreUnavailableError

log = structlog.get_logger(__name__)

_WAIT_SECONDS: Final = 5.0
_TELLS_PARTS_OF_SECONDS: Final = (3, 42)
# dbos calls a task's run so in every table that notes something of it.
_WORKFLOW: Final = "workflow_uuid"
_NOT_WHOLE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class ExecutionConnection(sqlite3.Connection):
    """A connection that can tell the time in parts of a second.

    From Python 3.12 on dbos counts on SQLite 3.42, which need not be there: to an older one that time is NULL.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: as sqlite3.connect gives them
        super().__init__(*args, **kwargs)
        if sqlite3.sqlite_version_info < _TELLS_PARTS_OF_SECONDS:
            self.create_function("unixepoch", 1, _unixepoch)


def _unixepoch(modifier: str) -> float | None:
    return time.time() if modifier == "subsec" else None


def prepare(file: Path) -> None:
    """Make the file ready for the engine; one that is damaged is put aside: the tasks themselves are in the store.

    Raises: OSError, sqlite3.Error.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        _look_at(file)
    except sqlite3.DatabaseError as error:
        if _primary_code(error) not in _NOT_WHOLE:
            raise
        aside = file.with_name(f"{file.name}.damaged")
        log.warning("task_log_damaged", put_aside=aside.name, effect="unfinished tasks begin again")
        for part in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                file.with_name(f"{file.name}{part}").replace(aside.with_name(f"{aside.name}{part}"))
        _look_at(file)


async def forget(file: Path, task_ids: Collection[int]) -> None:
    """Remove what was noted of tasks that are over.

    Raises: StoreUnavailableError: do it again.
    """
    if task_ids:
        await asyncio.to_thread(_changed, file, lambda connection: _forget(connection, task_ids))


async def erase(file: Path) -> None:
    """Have nothing of what was removed left in the file.

    Raises: StoreUnavailableError: do it again.
    """
    await asyncio.to_thread(_changed, file, _erase)


def _changed(file: Path, change: Callable[[sqlite3.Connection], None]) -> None:
    if not file.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=_WAIT_SECONDS)) as connection:
            change(connection)
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"the log of the task engine cannot be used ({type(error).__name__})") from error


def _forget(connection: sqlite3.Connection, task_ids: Collection[int]) -> None:
    names = [(str(task_id),) for task_id in task_ids]
    connection.execute("BEGIN IMMEDIATE")
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        columns = [column[1] for column in connection.execute(f'PRAGMA table_info("{table}")')]
        if _WORKFLOW in columns:
            connection.executemany(f'DELETE FROM "{table}" WHERE {_WORKFLOW} = ?', names)  # noqa: S608  # its own tables
    connection.execute("COMMIT")


def _erase(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")
    [is_busy, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise StoreUnavailableError("somebody reads the log of the task engine for long: it cannot be emptied now")


def _look_at(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        # Before the engine opens it: it would keep SQLite's default, under which readers and the writer wait in turn.
        connection.execute("PRAGMA journal_mode = WAL")
        [verdict] = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        damaged = sqlite3.DatabaseError("the file is not whole")
        damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damaged


def _primary_code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None
