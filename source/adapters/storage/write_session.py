"""The connection that writes, and the transactions on it."""

import contextlib
from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from source.domain.errors import StoreUnavailableError

T = TypeVar("T")


class WriteSession(Protocol):
    """Runs work in transactions; called from the writer's thread only."""

    def run(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` returns once its transaction is committed; on an error nothing of it is kept.

        It may be run several times, each time on another connection, of which the last counts.
        """
        ...

    def compact(self) -> None:
        """Leave nothing of what was deleted in the database's files, as far as they are ours."""
        ...

    def reset(self) -> None:
        """Connect anew at the next call."""
        ...

    def close(self) -> None: ...


class FileSession:
    """Keeps one connection to SQLite; after an error the next transaction gets a new one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        connection = self.connection()
        with connection.begin():
            return work(connection)

    def compact(self) -> None:
        connection = self.connection()
        # Not within a transaction, which SQLAlchemy would begin: SQLite refuses it there.
        cursor = connection.connection.cursor()
        try:
            # What moved from page to page has left copies in them, and the log has the pages as they were.
            cursor.execute("VACUUM")
            [is_busy, *_] = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.close()
        if is_busy:
            raise StoreUnavailableError("somebody reads the database for long: its log cannot be emptied now")

    def connection(self) -> Connection:
        """Return the connection that writes, opened when it is not open."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def reset(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            discard(connection)

    def close(self) -> None:
        self.reset()
        self._engine.dispose()


def discard(connection: Connection) -> None:
    """Close a connection that may be broken."""
    with contextlib.suppress(SQLAlchemyError):
        connection.invalidate()
    with contextlib.suppress(SQLAlchemyError):
        connection.close()
