"""What SQLAlchemy and the drivers say, in the words of the store's errors."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from source.adapters.storage import postgres_errors
from source.domain.errors import FolderInUseError, StoreDamagedError, StoreError, StoreUnavailableError

_RESTORE: Final = "move the file away and run `python bot.py rebuild --from transcripts`"
_UNKNOWN: Final = "the database could not be read or written: look at the disk"

_UNAVAILABLE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space; nothing that was accepted is lost",
    sqlite3.SQLITE_READONLY: "the database cannot be written: give Echo's user the right to write its file and folder",
    sqlite3.SQLITE_PERM: "the database cannot be opened: give Echo's user the right to its file and folder",
    sqlite3.SQLITE_AUTH: "the database cannot be opened: give Echo's user the right to its file and folder",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened: look at the path and the rights of its folder",
    sqlite3.SQLITE_BUSY: "the database is locked by another program: close what has it open",
    sqlite3.SQLITE_LOCKED: "the database is locked by another program: close what has it open",
    sqlite3.SQLITE_IOERR: "the disk refused to read or write the database: look at its space and health",
    sqlite3.SQLITE_NOMEM: "there is not enough memory for the database",
}
_DAMAGED: Final = {
    sqlite3.SQLITE_CORRUPT: f"the database file is damaged: {_RESTORE}",
    sqlite3.SQLITE_NOTADB: f"the file is not a database, or its beginning is damaged: {_RESTORE}",
}
_OWN_FAULT: Final = frozenset(
    {
        sqlite3.SQLITE_ERROR,
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_RANGE,
        sqlite3.SQLITE_MISUSE,
    }
)


def translated(error: Exception) -> StoreError:
    """Return the store's error for what a driver raised; one that is translated already comes back."""
    if isinstance(error, StoreError):
        return error
    origin = driver_error(error)
    if _is_of_server(origin):
        return postgres_errors.fault_of(origin)
    code = _primary_code(origin)
    if code in _DAMAGED:
        return StoreDamagedError(_DAMAGED[code])
    if code in _UNAVAILABLE:
        return StoreUnavailableError(_UNAVAILABLE[code])
    if code in _OWN_FAULT or not isinstance(origin, sqlite3.OperationalError | sqlite3.DatabaseError):
        return StoreError(f"the store refused what it was given ({type(origin).__name__})")
    return StoreUnavailableError(_UNKNOWN)


def showable(error: Exception) -> Exception:
    """Return the error as it may be named as a cause: without what the database quotes of its rows."""
    origin = driver_error(error)
    return postgres_errors.without_contents(origin) if _is_of_server(origin) else error


def driver_error(error: Exception) -> Exception:
    """Return what the driver raised."""
    origin = error.orig if isinstance(error, DBAPIError) else None
    return origin if isinstance(origin, Exception) else error


def concerns_everything(error: StoreError) -> bool:
    """Whether the next write would fail alike: the fault is not the operation's."""
    return isinstance(error, StoreUnavailableError | StoreDamagedError | FolderInUseError)


@contextmanager
def store_errors() -> Generator[None]:
    """Raise a StoreError for whatever the database raises in this block."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise translated(error) from showable(error)


def _is_of_server(origin: Exception) -> bool:
    return hasattr(origin, "sqlstate")  # known without importing the driver


def _primary_code(origin: Exception) -> int | None:
    code = getattr(origin, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None
