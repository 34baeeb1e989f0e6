"""Which node of ids a process has on a database that several share."""

import random
import select
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import Connection, Engine, text

from source.adapters.storage.write_session import discard
from source.domain.errors import StoreUnavailableError
from source.domain.identifiers import NODES

if TYPE_CHECKING:
    import psycopg

_log = structlog.get_logger(__name__)
# "Echo" in ASCII: no other program's locks are meant by it.
LOCKS: Final = 0x4563686F
_TRY: Final = text("SELECT pg_try_advisory_lock(:locks, :node)")


class NodeLease:
    """Holds a node for as long as its connection lives, on which nothing else is done."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self.node = random.randrange(NODES)  # noqa: S311  # not the lowest that is free: it may have been given up just now

    def ensure(self) -> None:
        """Hold a node: this one, or if another process has it by now, another.

        Raises: StoreUnavailableError: so many processes share the database already; what the database raises.
        """
        if self._connection is not None:
            if not _has_something_to_say(self._connection):
                return
            self.close()
            _log.warning("store.node_lost", node=self.node)
        connection = self._engine.connect()
        try:
            self.node = _taken(connection, self.node)
            connection.commit()  # the lock outlives the transaction
        except BaseException:
            discard(connection)
            raise
        self._connection = connection

    def close(self) -> None:
        """Give the node up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            discard(connection)


def _taken(connection: Connection, preferred: int) -> int:
    for node in ((preferred + further) % NODES for further in range(NODES)):
        if connection.execute(_TRY, {"locks": LOCKS, "node": node}).scalar():
            return node
    raise StoreUnavailableError(f"{NODES} processes write to this database already: stop one of them first")


def _has_something_to_say(connection: Connection) -> bool:
    """A server speaks first only when it ends a connection; looking costs no round trip."""
    raw: psycopg.Connection | None = connection.connection.driver_connection
    if raw is None or raw.closed:
        return True
    readable, _, _ = select.select([raw.fileno()], [], [], 0)
    return bool(readable)
