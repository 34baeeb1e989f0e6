"""A database of each kind, for tests that run on all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.pool import NullPool

from tests.fakes.postgres import NoPostgresError, Postgres, PostgresServer, postgres

KINDS: Final = ("sqlite", "postgresql")
_DRIVERS: Final = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a store's database of its own; a test that needs PostgreSQL is skipped where there is none."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'echo.db'}"
        return
    with server().database() as url:
        yield url


def rows(url: str, query: str) -> list[tuple[Any, ...]]:  # Any: the columns are known to the query
    """Return what is in the database, read by a connection of our own."""
    engine = create_engine(make_url(url).set(drivername=_DRIVERS[url.partition(":")[0]]), poolclass=NullPool)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET timezone TO 'UTC'")
        found = connection.exec_driver_sql(query)
        return [tuple(row) for row in found] if found.returns_rows else []


def server() -> Postgres:
    """Return the server of all tests, or skip the test, saying why."""
    try:
        return postgres()
    except NoPostgresError as error:
        pytest.skip(f"PostgreSQL: {error}")


@contextmanager
def own_server(**settings: str) -> Iterator[PostgresServer]:
    """Yield a started server that no other test uses, or skip the test."""
    try:
        server = PostgresServer(**settings)
    except NoPostgresError as error:
        pytest.skip(f"PostgreSQL: {error}")
    try:
        server.start()
        yield server
    finally:
        server.remove()
