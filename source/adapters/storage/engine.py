"""Engines of SQLite: one for the connection that writes, one for those that read."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from source.domain.errors import StoreUnavailableError

Durability = Literal["full", "normal"]
READERS: Final = 3
_BUSY_SECONDS: Final = 5.0
# 16 MB: a checkpoint costs two syncs, and under load a page is rewritten many times between two of them.
_CHECKPOINT_PAGES: Final = 4_000
_WAL_LIMIT_BYTES: Final = 64_000_000
_CONNECT: Final = {
    # The driver's own idea of transactions is off: it would commit before DDL and begin too late.
    "isolation_level": None,
    "check_same_thread": False,
    "timeout": _BUSY_SECONDS,
    "cached_statements": 256,
}


def is_there(file: Path) -> bool:
    """Whether the database's file exists.

    Raises: StoreUnavailableError: its folder does not tell.
    """
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise StoreUnavailableError(f"{file.parent} cannot be read: {error.strerror}") from error
    return True


def ensure_there(file: Path) -> None:
    """Raises: StoreUnavailableError: there is no such file, or its folder does not tell."""
    if not is_there(file):
        raise StoreUnavailableError(f"there is no database at {file} yet: the first `python bot.py chat` makes it")


def writing_engine(file: Path, durability: Durability) -> Engine:
    """Return the engine whose connections write; its transactions take the write lock as they begin."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"the folder {file.parent} cannot be made: {error.strerror}") from error
    url = URL.create("sqlite", database=str(file))
    engine = create_engine(url, poolclass=NullPool, connect_args=_CONNECT, hide_parameters=True)
    pragmas = (
        # Of a new file only: the clean-up can give its space back to the disk in steps.
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        f"synchronous = {'FULL' if durability == 'full' else 'NORMAL'}",
        # macOS: a plain sync stays in the drive's cache.
        f"fullfsync = {int(durability == 'full')}",
        "foreign_keys = ON",
        # Deleted is deleted: what a page loses is overwritten.
        "secure_delete = ON",
        f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
        f"journal_size_limit = {_WAL_LIMIT_BYTES}",
        "cache_size = -65536",
    )
    _prepare(engine, pragmas, begin="BEGIN IMMEDIATE")
    return engine


def reading_engine(file: Path) -> Engine:
    """Return the engine of a few connections that cannot write; each transaction sees one moment."""
    ensure_there(file)
    query = {"mode": "ro", "uri": "true"}
    if not os.access(file.parent, os.W_OK) and not file.with_name(f"{file.name}-wal").exists():
        query["immutable"] = "1"  # nobody writes there, and SQLite could not make its shared-memory file
    url = URL.create("sqlite", database=file.as_uri(), query=query)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        pool_use_lifo=True,  # who reads alone finds the statements and pages that the last one left
        connect_args=_CONNECT,
        hide_parameters=True,
    )
    _prepare(engine, ("temp_store = MEMORY",), begin="BEGIN")
    return engine


def take_log_away(file: Path) -> None:
    """Leave the database as one file if nobody else has it open: SQLite does so only for those who may write."""
    if not file.with_name(f"{file.name}-wal").exists() or not os.access(file, os.W_OK):
        return
    # Whoever has it open now leaves later, and does it then.
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=0)) as connection,
    ):
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()


def _prepare(engine: Engine, pragmas: tuple[str, ...], *, begin: str) -> None:
    def connected(connection: sqlite3.Connection, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Connection) -> None:
        cursor = connection.connection.cursor()
        cursor.execute(begin)
        cursor.close()

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
