"""Engines of PostgreSQL: one for connections that write, one for those that read."""

import json
import math
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

from source.adapters.storage.engine import READERS, Durability

if TYPE_CHECKING:
    import psycopg

# libpq: a server that is gone without a word is noticed within a minute.
_CONNECT: Final[dict[str, int | str]] = {
    "connect_timeout": 5,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "echo",
}
_SESSION: Final = "SET timezone TO 'UTC'"
# A plan that is made without the values takes a LIMIT for a tenth of the table, and reads that. To compile one takes
# longer than what is read here: lists that come as JSON are taken for long ones.
_PLANS: Final = "SET plan_cache_mode TO force_custom_plan; SET jit TO off"
_LOCK_TIMEOUT: Final = "10s"
_IDLE_IN_TRANSACTION: Final = "60s"
# The server's own patience with a client that is gone without a word is two hours, for which it would keep our locks.
_KEEPALIVES: Final = "SET tcp_keepalives_idle TO 20; SET tcp_keepalives_interval TO 10; SET tcp_keepalives_count TO 3"
# In one message: asking for the number costs nothing more.
_BEGIN: Final = b"BEGIN; SELECT pg_current_xact_id()::text"
_NUMBER: Final = "transaction_number"
_SYNCHRONOUS: Final[dict[Durability, str]] = {
    # Any other value than "off" survives a power cut, and was decided for this server.
    "full": "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    "normal": "SET synchronous_commit TO off",
}


def server_writing_engine(url: URL, durability: Durability) -> Engine:
    """Return the engine of connections that write; `transaction_number` tells the transaction that one is in."""
    engine = create_engine(url, poolclass=NullPool, **_options(url))

    def connected(connection: "psycopg.Connection", _record: object) -> None:
        # The driver's own BEGIN would be a round trip more.
        connection.autocommit = True
        connection.prepare_threshold = 2
        timeouts = (
            f"SET lock_timeout TO '{_LOCK_TIMEOUT}'",
            f"SET idle_in_transaction_session_timeout TO '{_IDLE_IN_TRANSACTION}'",
        )
        connection.execute("; ".join((_SESSION, _KEEPALIVES, *timeouts, _SYNCHRONOUS[durability])).encode())

    def begun(connection: Connection) -> None:
        cursor = connection.connection.cursor()
        cursor.execute(_BEGIN)
        cursor.nextset()
        (connection.info[_NUMBER],) = cursor.fetchone() or (None,)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def transaction_number(connection: Connection) -> str:
    """Return what the server calls the transaction that a connection of the writing engine is in."""
    return str(connection.info[_NUMBER])


def server_reading_engine(url: URL) -> Engine:
    """Return the engine of a few connections that cannot write; each transaction sees one moment."""
    engine = create_engine(url, poolclass=QueuePool, pool_size=READERS, max_overflow=0, **_options(url))

    def connected(connection: "psycopg.Connection", _record: object) -> None:
        from psycopg import IsolationLevel

        connection.autocommit = True
        connection.execute(f"{_SESSION}; {_PLANS}".encode())
        connection.autocommit = False
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True

    event.listen(engine, "connect", connected)
    return engine


def _options(url: URL) -> dict[str, Any]:  # Any: create_engine has a type for each
    return {
        "connect_args": {name: value for name, value in _CONNECT.items() if name not in url.query},
        "hide_parameters": True,
        # Positional, as `Prepared` wants them.
        "paramstyle": "format",
        "use_native_hstore": False,
        "json_serializer": _as_json,
    }


def _as_json(value: object) -> str:
    """Python writes NaN and infinity as no other program reads them; this server refuses them."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value))


def _finite(value: object) -> object:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {name: _finite(each) for name, each in value.items()}
        case list() | tuple():
            return [_finite(each) for each in value]
    return value
