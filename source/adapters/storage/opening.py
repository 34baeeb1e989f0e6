"""Opening the database that a setting names."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, event

from source.adapters.storage import read_queries
from source.adapters.storage.deletions import watch_deletions
from source.adapters.storage.engine import Durability, reading_engine, take_log_away, writing_engine
from source.adapters.storage.errors import store_errors
from source.adapters.storage.migrate import bring_up_to_date, ensure_readable
from source.adapters.storage.node_lease import NodeLease
from source.adapters.storage.patience import Patience
from source.adapters.storage.postgres_engine import server_reading_engine, server_writing_engine
from source.adapters.storage.postgres_errors import is_starting
from source.adapters.storage.postgres_session import ServerSession
from source.adapters.storage.write_session import FileSession
from source.adapters.storage.write_target import SqlWriteTarget
from source.domain.identifiers import IdGenerator
from source.ports.clock import Clock

# Longer than a server takes to start again, shorter than people wait for an answer.
_READ_PATIENCE_SECONDS: Final = 5.0
_WRITE_PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class OpenDatabase:
    """What reads, what writes unless the database is for reading only, and the ids that are free in it."""

    reading: Engine
    target: SqlWriteTarget | None
    ids: IdGenerator
    patience: Patience

    @property
    def has_deferred_index(self) -> bool:
        """Whether a search has to have the index catch up first."""
        return self.reading.dialect.name == "sqlite"


def open_database(
    named: Path | URL, clock: Clock, durability: Durability, *, read_only: bool, is_owner: bool
) -> OpenDatabase:
    """Open the database; unless read-only, make its tables or bring them up to date.

    Raises: FolderInUseError: a server's has another owner. StoreUnavailableError, StoreDamagedError, StoreVersionError.
    """
    with store_errors():
        if isinstance(named, Path):
            return _file(named, clock, durability, read_only=read_only)
        patience = Patience(_WRITE_PATIENCE_SECONDS, passes=is_starting)
        return patience.run(lambda: _server(named, clock, durability, read_only=read_only, is_owner=is_owner))


def _file(file: Path, clock: Clock, durability: Durability, *, read_only: bool) -> OpenDatabase:
    patience = Patience(0, passes=lambda _: False)
    if read_only:
        reading = reading_engine(file)
        event.listen(reading, "engine_disposed", lambda _: take_log_away(file))
        return _for_reading(reading, patience)
    with ExitStack() as unless_open:
        writing = writing_engine(file, durability)
        unless_open.callback(writing.dispose)
        ids = IdGenerator(last=_brought_up_to_date(writing))
        watch_deletions(writing)
        target = SqlWriteTarget(FileSession(writing), writing.dialect, ids=ids, clock=clock)
        unless_open.callback(target.close)
        target.begin()
        reading = reading_engine(file)
        unless_open.pop_all()
        return OpenDatabase(reading, target, ids, patience)


def _server(url: URL, clock: Clock, durability: Durability, *, read_only: bool, is_owner: bool) -> OpenDatabase:
    reading = server_reading_engine(url)
    patience = Patience(_READ_PATIENCE_SECONDS)
    if read_only:
        return _for_reading(reading, patience)
    with ExitStack() as unless_open:
        writing = server_writing_engine(url, durability)
        unless_open.callback(writing.dispose)
        lease = NodeLease(writing, is_owner=is_owner)
        unless_open.callback(lease.close)
        lease.ensure()
        last = _brought_up_to_date(writing)
        ids = IdGenerator(node=lease.node, last=last)
        watch_deletions(writing)
        session = ServerSession(writing, lease, ids, Patience(_WRITE_PATIENCE_SECONDS))
        target = SqlWriteTarget(session, writing.dialect, ids=ids, clock=clock)
        unless_open.callback(target.close)
        target.begin()
        unless_open.pop_all()
        return OpenDatabase(reading, target, ids, patience)


def _for_reading(reading: Engine, patience: Patience) -> OpenDatabase:
    with ExitStack() as unless_open:
        unless_open.callback(reading.dispose)
        with reading.connect() as connection:
            ensure_readable(connection)
            ids = IdGenerator(last=read_queries.highest_id(connection))
        unless_open.pop_all()
        return OpenDatabase(reading, None, ids, patience)


def _brought_up_to_date(writing: Engine) -> int:
    """Return an id that no stored one exceeds."""
    with writing.connect() as connection:
        bring_up_to_date(connection)
        return read_queries.highest_id(connection)
