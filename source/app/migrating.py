"""The command that moves an installation to another database."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import click
from sqlalchemy import Engine

from source.adapters.storage.database_url import database_named
from source.adapters.storage.engine import is_there, reading_engine
from source.adapters.storage.errors import store_errors
from source.adapters.storage.moving import MovedTable, move
from source.adapters.storage.sql_store import SqlStore
from source.app.composition import hold_folders
from source.app.lost_database import refuse_a_lost_file, refuse_an_empty_store
from source.app.settings import Settings
from source.domain.errors import SettingsError, StoreError, StoreUnavailableError
from source.ports.clock import SystemClock


async def run_migrate(settings: Settings, to: str) -> int:
    """Move the SQLite database of these settings to the PostgreSQL database at the URL `to`.

    Raises: FolderInUseError, StoreError, SettingsError: nothing was changed here; run again, it goes on.
    """
    source = settings.sqlite_file
    if source is None:
        raise SettingsError("DATABASE_URL already names a PostgreSQL database: there is no SQLite file to move.")
    with _said_of_the_target():
        named = database_named(to)
    if isinstance(named, Path):
        raise SettingsError("--to: name a PostgreSQL database, as in postgresql://user:password@host/echo.")
    refuse_a_lost_file(settings)
    if not is_there(source):
        raise StoreUnavailableError(f"there is no {source.name} in {source.parent}: nothing to move")
    async with AsyncExitStack() as stack:
        hold_folders(stack, settings, command="migrate")
        # Both get the newest tables, and are tried before anything begins.
        here = await SqlStore.open(source, clock=SystemClock())
        # Open to the end: the last who closes the file empties its log, which who only reads may not.
        stack.push_async_callback(here.close)
        await _refuse_nothing_to_move(settings, here, source)
        with _said_of_the_target():
            await (await SqlStore.open(to, clock=SystemClock())).close()
            moved = await asyncio.to_thread(_moved, source, to)
    _tell(moved)
    return 0


async def _refuse_nothing_to_move(settings: Settings, here: SqlStore, source: Path) -> None:
    await refuse_an_empty_store(settings, here)
    if not await here.count() and not await here.unanswered():
        raise StoreUnavailableError(f"{source} has no conversations: nothing to move")


@contextmanager
def _said_of_the_target() -> Iterator[None]:
    """The database that errors speak of is the one to move to, which no setting names yet."""
    try:
        yield
    except (SettingsError, StoreError) as error:
        raise type(error)(str(error).replace("DATABASE_URL", "--to")) from error


def _moved(source: Path, to: str) -> list[MovedTable]:
    with store_errors(), ExitStack() as stack:
        reading = reading_engine(source)
        stack.callback(reading.dispose)
        writing = _target(to)
        stack.callback(writing.dispose)
        return move(reading, writing, _progress)


def _target(to: str) -> Engine:
    from sqlalchemy import create_engine

    url = database_named(to)
    assert not isinstance(url, Path)  # noqa: S101  # refused before
    return create_engine(url, hide_parameters=True)


def _tell(moved: list[MovedTable]) -> None:
    if sys.stderr.isatty():
        click.echo(err=True)
    for table in moved:
        if table.rows:
            click.echo(f"{table.rows:>12,}  {table.name:<28} {table.digest[:16]}  the same in both")
    click.echo(
        "Everything is there, and the same. Put the URL into .env as DATABASE_URL; the SQLite file was not changed "
        "and can be kept as a backup."
    )


def _progress(table: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{table}: {done:,} of {total:,} …\x1b[K", nl=False, err=True)
