"""Which database a setting names."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from source.domain.errors import SettingsError

_EXAMPLES: Final = "sqlite:////var/lib/echo.db or postgresql://user:password@host/echo"
_POSTGRES_DRIVERS: Final = ("postgresql", "postgresql+psycopg")


def database_named(url_or_path: str | Path) -> Path | URL:
    """Return the file of an SQLite database, or the URL of one on a PostgreSQL server.

    Raises: SettingsError: it names neither.
    """
    if isinstance(url_or_path, Path) or "://" not in url_or_path:
        return Path(url_or_path).absolute()
    try:
        url = make_url(url_or_path)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        # Not its cause: what could not be read may have the password in it.
        raise SettingsError(f"DATABASE_URL is not a database URL; one looks like {_EXAMPLES}") from None
    if backend == "postgresql":
        return _of_server(url)
    if backend != "sqlite":
        raise SettingsError(f"DATABASE_URL: Echo keeps its store in SQLite or PostgreSQL; use {_EXAMPLES}")
    if not url.database or url.database == ":memory:":
        raise SettingsError("DATABASE_URL: name a file; a database in memory keeps nothing")
    return Path(url.database).absolute()


def _of_server(url: URL) -> URL:
    if url.drivername not in _POSTGRES_DRIVERS:
        raise SettingsError("DATABASE_URL: Echo speaks to PostgreSQL through psycopg; begin it with postgresql://")
    if "password" in url.query:
        raise SettingsError(
            "DATABASE_URL: give the password before the host, as in postgresql://user:password@host/echo"
        )
    if not url.database:
        raise SettingsError("DATABASE_URL: name the database, as in postgresql://user:password@host/echo")
    return url.set(drivername="postgresql+psycopg")
