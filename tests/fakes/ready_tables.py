"""A new SQLite file gets its tables from one that has them: the migrations alone take a quarter of a second."""

import sqlite3
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from source.adapters.storage.engine import writing_engine
from source.adapters.storage.migrate import bring_up_to_date


def bring_up_to_date_at_once(connection: Connection) -> None:
    """Do what `bring_up_to_date` does; what cannot be copied is left to it."""
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        with suppress(sqlite3.Error):
            fill(driver)
    bring_up_to_date(connection)


def fill(connection: sqlite3.Connection) -> None:
    """Give a database without tables those of Echo."""
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
        with closing(sqlite3.connect(":memory:")) as ready:
            ready.deserialize(_ready())
            ready.backup(connection)


@cache
def _ready() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "echo.db"
        engine = writing_engine(file, "normal")
        with engine.connect() as connection:
            bring_up_to_date(connection)
        engine.dispose()
        with closing(sqlite3.connect(file)) as made:
            made.execute("PRAGMA journal_mode = DELETE")  # in memory there is no write-ahead log
            return made.serialize()
