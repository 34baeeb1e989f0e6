"""Whether a connection has deleted rows that the writer may know."""

from typing import Final

from sqlalchemy import Connection, Delete, Engine, event

_MARK: Final = "has_deleted"
_KNOWN_TABLES: Final = frozenset({"threads", "aliases", "participants", "conversations", "interactions"})


def watch_deletions(engine: Engine) -> None:
    """Have the engine's connections remember that they deleted; DELETEs are to be written in Core."""

    def executed(connection: Connection, statement: object, *_: object) -> None:
        if isinstance(statement, Delete) and getattr(statement.table, "name", None) in _KNOWN_TABLES:
            connection.info[_MARK] = True

    event.listen(engine, "after_execute", executed)


def has_deleted(connection: Connection) -> bool:
    """Whether it has, since this was asked last."""
    return bool(connection.info.pop(_MARK, False))
