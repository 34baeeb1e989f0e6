"""Giving space back to the disk, and looking at what queries are planned by, while others go on writing."""

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection, text

from source.adapters.storage.errors import store_errors
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import metadata
from source.ports.archives import SpaceFreed

log = structlog.get_logger(__name__)

_INCREMENTAL: Final = 2
# Writes wait for a step; a page takes less than a tenth of a millisecond.
_STEP_SECONDS: Final = 0.005
# A file from before space was given back in steps is rewritten once, if that takes no more than a second or so.
_REWRITTEN_UP_TO_BYTES: Final = 64_000_000
_WAIT_SECONDS: Final = 5.0
# So many rows of an index tell enough, and reading them takes milliseconds however large it is.
_ANALYZED_ROWS: Final = 1_000


async def database_bytes(access: SqlAccess) -> int:
    """Return how large the database is."""
    return await access.read(_size)


async def give_back_space(access: SqlAccess, *, within_seconds: float) -> SpaceFreed:
    """Give unused space back and refresh the statistics; stop beginning new steps after that long."""
    before = await access.read(_size)
    if await access.read(_is_postgresql):
        await access.read(_vacuum_tables, time.monotonic() + within_seconds)
    else:
        await _vacuum_file(access, time.monotonic() + within_seconds)
    return SpaceFreed(before, await access.read(_size))


def _vacuum_tables(connection: Connection, deadline: float) -> None:
    """Have PostgreSQL clean its tables one by one: reads and writes go on meanwhile."""
    outside = connection.execution_options(isolation_level="AUTOCOMMIT")
    # Nobody reads with it afterwards: the pool would not put its level back.
    outside.detach()
    for table in metadata.sorted_tables:
        if time.monotonic() > deadline:
            log.warning("vacuum_broken_off", at=table.name)
            return
        outside.execute(text(f'VACUUM (ANALYZE, SKIP_LOCKED) "{table.name}"'))


async def _vacuum_file(access: SqlAccess, deadline: float) -> None:
    if await access.read(_pragma, "auto_vacuum") != _INCREMENTAL:
        await _rewrite_once(access)
    while await access.read(_pragma, "freelist_count") and time.monotonic() < deadline:
        await access.change(_give_back_pages)
    await access.change(_analyze)


def _give_back_pages(connection: Connection, _now: datetime) -> None:
    # The driver takes one step of this statement, which is one page.
    ends = time.monotonic() + _STEP_SECONDS
    while time.monotonic() < ends and _pragma(connection, "freelist_count"):
        connection.exec_driver_sql("PRAGMA incremental_vacuum(1)")


def _analyze(connection: Connection, _now: datetime) -> None:
    connection.exec_driver_sql(f"PRAGMA analysis_limit = {_ANALYZED_ROWS}")
    connection.exec_driver_sql("ANALYZE")


async def _rewrite_once(access: SqlAccess) -> None:
    """Write a small database anew, so that from now on its space is given back in steps."""
    size, file = await access.read(_size), await access.read(_file_of)
    if size > _REWRITTEN_UP_TO_BYTES:
        log.info(
            "vacuum_left_out", size_bytes=size, advice="stop Echo and run: sqlite3 FILE 'PRAGMA auto_vacuum=2; VACUUM'"
        )
        return
    with store_errors():
        await asyncio.to_thread(_rewrite, file)


def _rewrite(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, timeout=_WAIT_SECONDS)) as database:
        database.execute(f"PRAGMA auto_vacuum = {_INCREMENTAL}")
        database.execute("VACUUM")


def _size(connection: Connection) -> int:
    if _is_postgresql(connection):
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    return _pragma(connection, "page_count") * _pragma(connection, "page_size")


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())


def _file_of(connection: Connection) -> Path:
    return Path(connection.exec_driver_sql("PRAGMA database_list").first()[2])  # type: ignore[index]  # there is one


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
