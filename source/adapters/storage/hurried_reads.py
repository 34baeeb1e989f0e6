"""Reads of callers who may ask for anything: each ends within a time, and the others find a thread that is free."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from sqlite3 import SQLITE_INTERRUPT
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from source.adapters.storage.engine import READERS
from source.adapters.storage.errors import driver_error, showable
from source.adapters.storage.sql_access import SqlAccess
from source.domain.errors import ReadTooLongError
from source.domain.identifiers import IdGenerator

P = ParamSpec("P")
T = TypeVar("T")

# SQLite: a few milliseconds of its steps.
_STEPS_BETWEEN_LOOKS: Final = 50_000
_CANCELLED: Final = "57014"
_LONGEST: Final = timedelta(seconds=10)


class HurriedReads:
    """Implements `SqlAccess` over another one, of whose threads for reading it leaves one alone.

    What is not read `within` that time raises a ReadTooLongError.
    """

    def __init__(self, access: SqlAccess, *, within: timedelta = _LONGEST) -> None:
        self._access = access
        self._within = within
        self._seats = asyncio.Semaphore(READERS - 1)

    @property
    def ids(self) -> IdGenerator:
        return self._access.ids

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def hurried(connection: Connection) -> T:
            with _ending_within(self._within, connection):
                return query(connection, *args, **kwargs)

        async with self._seats:
            return await self._access.read(hurried)

    async def change(self, apply: Callable[[Connection, datetime], T]) -> T:
        return await self._access.change(apply)


@contextmanager
def _ending_within(within: timedelta, connection: Connection) -> Iterator[None]:
    limit = _in_sqlite if connection.dialect.name == "sqlite" else _on_server
    try:
        with limit(within, connection):
            yield
    except DBAPIError as error:
        if not _was_cut_off(driver_error(error)):
            raise
        raise ReadTooLongError(f"it was not read within {within}") from showable(error)


@contextmanager
def _in_sqlite(within: timedelta, connection: Connection) -> Iterator[None]:
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101  # it has just been connected
    end = time.monotonic() + within.total_seconds()
    driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def _on_server(within: timedelta, connection: Connection) -> Iterator[None]:
    connection.exec_driver_sql(f"SET LOCAL statement_timeout TO {round(within.total_seconds() * 1000)}")
    yield


def _was_cut_off(error: Exception) -> bool:
    return (
        getattr(error, "sqlite_errorcode", None) == SQLITE_INTERRUPT or getattr(error, "sqlstate", None) == _CANCELLED
    )
