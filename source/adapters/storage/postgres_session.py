"""The connection that writes to PostgreSQL: it outlives a restart of the server, and nothing is written twice."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from source.adapters.storage.errors import driver_error
from source.adapters.storage.node_lease import NodeLease
from source.adapters.storage.patience import Patience
from source.adapters.storage.postgres_engine import transaction_number
from source.adapters.storage.postgres_errors import is_connection_lost
from source.adapters.storage.write_session import discard
from source.domain.errors import StoreUnavailableError
from source.domain.identifiers import IdGenerator

_log = structlog.get_logger(__name__)

_STATUS: Final = text("SELECT pg_xact_status(CAST(:xid AS xid8))")
# A connection that broke on this side only lives on over there, with its transaction and its locks.
_END: Final = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_xid = CAST(CAST(:xid AS xid8) AS xid) AND pid <> pg_backend_pid()"
)
# A server that took over from the one that broke, and never saw that transaction.
_NOT_YET_GIVEN: Final = "22023"
_LOOKS: Final = 40
_BETWEEN_LOOKS_SECONDS: Final = 0.05

T = TypeVar("T")


@dataclass(slots=True)
class _Attempt(Generic[T]):
    """A transaction whose COMMIT was sent; whether it was kept is not known until the server has said so."""

    xid: str
    result: T


class ServerSession:
    """Keeps one connection to PostgreSQL; whatever is interrupted is done again once the server is back.

    A transaction that broke at its COMMIT is asked for by its number, and done again only if it was not kept.
    """

    def __init__(self, engine: Engine, lease: NodeLease, ids: IdGenerator, patience: Patience) -> None:
        self._engine = engine
        self._lease = lease
        self._ids = ids
        self._patience = patience
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        sent: _Attempt[T] | None = None

        def attempt() -> T:
            nonlocal sent
            try:
                connection = self._connected()
                if sent is not None and _was_kept(connection, sent.xid):
                    return sent.result
                with connection.begin():
                    result = work(connection)
                    sent = _Attempt(transaction_number(connection), result)
                return result
            except Exception:
                self.reset()
                raise

        try:
            return self._patience.run(attempt)
        except Exception as error:
            if sent is not None and is_connection_lost(driver_error(error)):
                _log.warning("store.outcome_unknown", transaction=sent.xid)
            raise

    def compact(self) -> None:
        """Nothing: the files are the server's, and VACUUM is asked for beside the writes."""

    def _connected(self) -> Connection:
        """Return the connection that writes, opened when it is not open, while the node of the ids is held."""
        self._lease.ensure()
        self._ids.move_to(self._lease.node)
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def reset(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            discard(connection)

    def close(self) -> None:
        self.reset()
        self._lease.close()
        self._engine.dispose()


def _was_kept(connection: Connection, xid: str) -> bool:
    """Whether a transaction was committed; one that nobody will end any more is ended."""
    for _ in range(_LOOKS):
        with connection.begin():
            status = _status(connection, xid)
            if status != "in progress":
                return status == "committed"
            connection.execute(_END, {"xid": xid})
        time.sleep(_BETWEEN_LOOKS_SECONDS)
    raise StoreUnavailableError("the database is still busy with what was written last: see what it waits for")


def _status(connection: Connection, xid: str) -> str | None:
    try:
        status: str | None = connection.execute(_STATUS, {"xid": xid}).scalar()
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _NOT_YET_GIVEN:
            raise
        return None
    return status
