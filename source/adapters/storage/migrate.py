"""Which version a database has, and how it becomes the newest."""

from typing import Final

from sqlalchemy import Connection, inspect, select, table
from sqlalchemy import column as sql_column

from source.domain.errors import StoreVersionError

VERSIONS: Final = ("0001", "0002")
NEWEST: Final = VERSIONS[-1]
_VERSION_TABLE: Final = "alembic_version"


def bring_up_to_date(connection: Connection, target: str = NEWEST) -> None:
    """Create or migrate the tables in one transaction; the caller holds the folder's lock.

    Raises: StoreVersionError: a newer Echo, or another program, made this database.
    """
    with connection.begin():
        if stored_version(connection) != target:
            _upgrade(connection, target)


def ensure_readable(connection: Connection) -> None:
    """Raises: StoreVersionError: the tables are not those that this Echo reads."""
    version = stored_version(connection)
    connection.rollback()
    if version != NEWEST:
        raise StoreVersionError(
            "the database was made by an older version of Echo: run `python bot.py chat` once, which brings it up to date"
        )


def stored_version(connection: Connection) -> str | None:
    """Return the database's version; None for one without tables.

    Raises: StoreVersionError: a newer Echo, or another program, made this database.
    """
    names = inspect(connection).get_table_names()
    if _VERSION_TABLE not in names:
        if names:
            raise StoreVersionError("the database holds tables of another program: set DATABASE_URL to a file of Echo's own")
        return None
    query = select(sql_column("version_num")).select_from(table(_VERSION_TABLE))
    version: str | None = connection.execute(query).scalar()
    if version is not None and version not in VERSIONS:
        raise StoreVersionError(
            f"the database has version {version}, which this Echo does not know: use the newer Echo that made it"
        )
    return version


def _upgrade(connection: Connection, target: str) -> None:
    # Only here: the import takes longer than everything else at a usual start.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "source.adapters.storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, target)
