"""A database of each kind, for tests that run on all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.fakes.postgres import NoPostgresError, Postgres, PostgresServer, postgres

KINDS: Final = ("sqlite", "postgresql")


@contextmanager
def database_of(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a store's database of its own; a test that needs PostgreSQL is skipped where there is none."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'echo.db'}"
        return
    with server().database() as url:
        yield url


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
