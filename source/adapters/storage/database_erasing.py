"""Having nothing of what was deleted left in the database's files."""

from datetime import datetime
from typing import Final, Protocol

from sqlalchemy import Connection, text

from source.adapters.storage.database_space import give_back_space
from source.adapters.storage.search_index import INDEX
from source.adapters.storage.sql_access import SqlAccess

# A deletion only marks words in the index; merging all of its parts, so many pages at a time, leaves them out.
_PAGES: Final = 500
_BEGIN_MERGE: Final = text(f"INSERT INTO {INDEX} ({INDEX}, rank) VALUES ('merge', -{_PAGES})")  # noqa: S608  # constants
_MERGE: Final = text(f"INSERT INTO {INDEX} ({INDEX}, rank) VALUES ('merge', {_PAGES})")  # noqa: S608
# FTS5: fewer changes than this say that there was nothing to merge.
_LEAST_CHANGES: Final = 2
_WITHIN_SECONDS: Final = 600.0


class ErasableAccess(SqlAccess, Protocol):
    """What erasing needs of the store."""

    async def compact(self) -> None:
        """Write an SQLite file anew; other writes wait meanwhile."""
        ...


async def erase(access: ErasableAccess) -> None:
    """Merge the index, write the file anew and empty its log; on PostgreSQL have the tables vacuumed.

    Raises: StoreError: do it again.
    """
    if await access.read(_is_postgresql):
        await give_back_space(access, within_seconds=_WITHIN_SECONDS)
        return
    await access.change(_begin)
    while await access.change(_merge):
        pass
    await access.compact()


def _begin(connection: Connection, _now: datetime) -> None:
    connection.execute(_BEGIN_MERGE)
    # Samples of what was in the columns, where SQLite was built to take some.
    if connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat4'").first() is not None:
        connection.exec_driver_sql("DELETE FROM sqlite_stat4")


def _merge(connection: Connection, _now: datetime) -> bool:
    """Merge some more; whether there may be more to merge."""
    before = _changes(connection)
    connection.execute(_MERGE)
    return _changes(connection) - before >= _LEAST_CHANGES


def _changes(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one())


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
