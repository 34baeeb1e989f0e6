"""What an operator should know of the PostgreSQL server behind a database."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select, text

from source.adapters.storage.database_url import database_named
from source.adapters.storage.errors import store_errors
from source.adapters.storage.migrate import ensure_readable, stored_version
from source.adapters.storage.postgres_engine import server_reading_engine
from source.adapters.storage.tables import conversations
from source.domain.errors import SettingsError

_STATE: Final = text(
    "SELECT current_setting('server_version'), pg_database_size(current_database()), current_setting('fsync') = 'on'"
)


@dataclass(frozen=True, slots=True)
class ServerState:
    """`conversations` is None while nobody has made Echo's tables; `survives_power_cut` is what the server promises."""

    version: str
    size_bytes: int
    survives_power_cut: bool
    conversations: int | None


def state_of(url: str) -> ServerState:
    """Look at the server and at Echo's tables in the database.

    Raises: StoreError: it cannot be reached or read. SettingsError: the URL names no such database.
    """
    named = database_named(url)
    if isinstance(named, Path):
        raise SettingsError("DATABASE_URL names no server")
    engine = server_reading_engine(named)
    try:
        with store_errors(), engine.connect() as connection:
            return _state(connection)
    finally:
        engine.dispose()


def _state(connection: Connection) -> ServerState:
    version, size_bytes, survives = connection.execute(_STATE).one()
    found: int | None = None
    if stored_version(connection) is not None:
        ensure_readable(connection)
        found = connection.execute(select(func.count()).select_from(conversations)).scalar_one()
    return ServerState(version.split()[0], size_bytes, survives, found)
