"""Which version a database has, and how it becomes the newest."""

from typing import Final

from sqlalchemy import Connection, String, column, func, inspect, select, table

from source.adapters.storage.node_lease import LOCKS
from source.domain.errors import StoreVersionError

VERSIONS: Final = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
)
NEWEST: Final = VERSIONS[-1]
_VERSION_TABLE: Final = "alembic_version"
# Beyond the nodes, which are locks of the same number.
LOCK: Final = 1_000


def bring_up_to_date(connection: Connection, target: str = NEWEST) -> None:
    """Create or migrate the tables in one transaction; an SQLite file's caller holds its folder's lock.

    Raises: StoreVersionError: a newer Echo, or another program, made this database.
    """
    with connection.begin():
        if stored_version(connection) == target:
            return
        if connection.dialect.name == "postgresql":
            _wait_for_others(connection)
        if stored_version(connection) != target:
            _upgrade(connection, target)


def ensure_readable(connection: Connection) -> None:
    """Raises: StoreVersionError: the tables are not those that this Echo reads."""
    version = stored_version(connection)
    connection.rollback()
    if version is None:
        raise StoreVersionError("Echo has no tables in the database yet: `python bot.py chat` makes them")
    if version != NEWEST:
        raise StoreVersionError(
            "an older Echo made the database: run `python bot.py chat` once, which brings it up to date"
        )


def stored_version(connection: Connection) -> str | None:
    """Return the database's version; None for one without tables.

    Raises: StoreVersionError: a newer Echo, or another program, made this database.
    """
    names = inspect(connection).get_table_names()
    if _VERSION_TABLE not in names:
        if names:
            raise StoreVersionError(
                "another program's tables are in the database: let DATABASE_URL name a database that is Echo's alone"
            )
        return None
    versions = table(_VERSION_TABLE, column("version_num", String))
    version: str | None = connection.execute(select(versions.c.version_num)).scalar()
    if version is not None and version not in VERSIONS:
        raise StoreVersionError(
            f"the database has version {version}, which this Echo does not know: use the newer Echo that made it"
        )
    return version


def _wait_for_others(connection: Connection) -> None:
    """Let one process at a time change the tables, however long that takes; the lock ends with the transaction."""
    within: str = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
    connection.exec_driver_sql("SET LOCAL lock_timeout TO 0")
    connection.execute(select(func.pg_advisory_xact_lock(LOCKS, LOCK)))
    connection.exec_driver_sql(f"SET LOCAL lock_timeout TO '{within}'")


def _upgrade(connection: Connection, target: str) -> None:
    # Only here: the import takes longer than everything else at a usual start.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "source.adapters.storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, target)
