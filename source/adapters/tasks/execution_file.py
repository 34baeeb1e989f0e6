"""The SQLite file in which the engine notes what it has done of each task."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_NOT_WHOLE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


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
