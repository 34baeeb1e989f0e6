"""Which node of ids a process has on a database that several share."""

import random
import select
import time
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import Connection, Engine, text

from source.adapters.storage.write_session import discard
from source.domain.errors import FolderInUseError, StoreUnavailableError
from source.domain.identifiers import NODES

if TYPE_CHECKING:
    import psycopg

_log = structlog.get_logger(__name__)
# "Echo" in ASCII: no other program's locks are meant by it.
LOCKS: Final = 0x4563686F
_TRY: Final = text("SELECT pg_try_advisory_lock(:locks, :node)")
# Only the process that owns the data folder has this one.
OWNERS: Final = 0
_OTHERS: Final = range(1, NODES)
_WHO: Final = text("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
# The server may not have noticed yet that a connection of ours has broken.
_END: Final = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = :pid AND backend_start = :backend_start"
)
# Nor that the process before this one was killed.
_WAIT_SECONDS: Final = 2.0
_BETWEEN_TRIES_SECONDS: Final = 0.05
_OWNED: Final = (
    "another Echo owns this database: give each a database of its own (DATABASE_URL); "
    "more processes for its tasks are `python bot.py worker`"
)


class NodeLease:
    """Holds a node for as long as its connection lives, on which nothing else is done; an owner its own."""

    def __init__(self, engine: Engine, *, is_owner: bool = False) -> None:
        self._engine = engine
        self._is_owner = is_owner
        self._connection: Connection | None = None
        self._holder: dict[str, object] = {}
        self.node: int = OWNERS if is_owner else random.choice(_OTHERS)  # noqa: S311  # not the lowest that is free: it may have been given up just now

    def ensure(self) -> None:
        """Hold a node: this one, or if another process has it by now, another.

        Raises: FolderInUseError: it has another owner. StoreUnavailableError: so many processes share the database
            already. What the database raises.
        """
        if self._connection is not None:
            if not _has_something_to_say(self._connection):
                return
            self.close()
            _log.warning("store.node_lost", node=self.node)
        connection = self._engine.connect()
        try:
            if self._is_owner:
                self._own(connection)
            else:
                self.node = _taken(connection, self.node)
            self._holder = dict(connection.execute(_WHO).one()._mapping)  # SQLAlchemy's public name for it
            connection.commit()  # the lock outlives the transaction
        except BaseException:
            discard(connection)
            raise
        self._connection = connection

    def _own(self, connection: Connection) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while not _is_taken(connection, OWNERS):
            if time.monotonic() > deadline:
                raise FolderInUseError(_OWNED)
            if self._holder:
                connection.execute(_END, self._holder)
            time.sleep(_BETWEEN_TRIES_SECONDS)

    def close(self) -> None:
        """Give the node up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            discard(connection)


def _taken(connection: Connection, preferred: int) -> int:
    nodes: list[int] = list(_OTHERS)
    start = nodes.index(preferred)
    for node in nodes[start:] + nodes[:start]:
        if _is_taken(connection, node):
            return node
    raise StoreUnavailableError(f"{len(_OTHERS)} processes write to this database already: stop one of them first")


def _is_taken(connection: Connection, node: int) -> bool:
    return bool(connection.execute(_TRY, {"locks": LOCKS, "node": node}).scalar())


def _has_something_to_say(connection: Connection) -> bool:
    """A server speaks first only when it ends a connection; looking costs no round trip."""
    raw: psycopg.Connection | None = connection.connection.driver_connection
    if raw is None or raw.closed:
        return True
    readable, _, _ = select.select([raw.fileno()], [], [], 0)
    return bool(readable)
