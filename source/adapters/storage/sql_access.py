"""Reading and writing the database, for everything that has tables of its own."""

from collections.abc import Callable
from datetime import datetime
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from source.adapters.storage.operation import Operation
from source.domain.identifiers import IdGenerator

P = ParamSpec("P")
T = TypeVar("T")

Insert = sqlite.Insert | postgresql.Insert


class SqlAccess(Protocol):
    """What a group of tables needs of the store."""

    @property
    def ids(self) -> IdGenerator: ...

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `query` reads, all at one moment, on a thread for reading.

        Raises: StoreError.
        """
        ...

    async def change(self, apply: Callable[[Connection, datetime], T]) -> T:
        """Return what `apply(connection, now)` returns once what it wrote is durable.

        It runs on the writer's thread, in a transaction that it shares with whatever else is written at this
        moment, and may be run again after a failure of that: it has no effect but on the database, and is short.

        Raises: StoreError, or any EchoError of `apply`'s own: nothing of it was kept.
        """
        ...


class OperationAccess(SqlAccess, Protocol):
    """What is needed of the store by who writes more than functions."""

    async def write(self, operation: Operation[T]) -> T:
        """Return what an operation gives once it is durable. Raises: StoreError: nothing of it was kept."""
        ...


def insert_of(connection: Connection, table: Table) -> Insert:
    """Return an INSERT that can deal with conflicts, in the words of the database at hand."""
    return insert_for(connection.dialect.name, table)


def insert_for(dialect: str, table: Table) -> Insert:
    """Return the same for a database of this kind."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
