"""The full-text index: PostgreSQL's is part of the rows, SQLite's is filled behind the writes."""

from collections.abc import Sequence
from typing import Final, Protocol

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.engine import Dialect

from source.adapters.storage.operation import Progress
from source.adapters.storage.tables import messages, search_progress
from source.domain.message import MessageType

INDEX: Final = "messages_search"
TOKENIZER: Final = "porter unicode61 remove_diacritics 2"
_STEP: Final = 4_000
_MOST_DEFERRED: Final = 8_000

_FILL: Final = text(
    f"INSERT INTO {INDEX} (rowid, content) SELECT seq, content FROM messages"  # noqa: S608  # constants
    f" WHERE seq > :reached AND seq <= :upper AND message_type = '{MessageType.CHAT.value}'"
)
_REMOVE: Final = text(f"INSERT INTO {INDEX} ({INDEX}, rowid, content) VALUES ('delete', :seq, :content)")  # noqa: S608
_PUT: Final = text(f"INSERT INTO {INDEX} (rowid, content) VALUES (:seq, :content)")  # noqa: S608


class MessageIndex(Protocol):
    """What writing messages owes to those who search."""

    @property
    def deferred(self) -> int:
        """How many messages wait for the index."""
        ...

    @property
    def is_overdue(self) -> bool: ...

    def note_added(self, count: int) -> None: ...

    def measure(self, connection: Connection) -> None:
        """Find out what an earlier process left to do, at the most."""
        ...

    def step(self, connection: Connection) -> Progress:
        """Index the next messages in the order of commit."""
        ...

    def remove(self, connection: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
        """Take messages (`seq`, type, content as indexed) out before their rows go."""
        ...

    def replace(self, connection: Connection, seq: int, before: str, after: str) -> None:
        """Have a chat message found by its new text; its row is changed next."""
        ...


def index_of(dialect: Dialect) -> MessageIndex:
    """Return the index of the database at hand."""
    return GeneratedIndex() if dialect.name == "postgresql" else DeferredIndex()


class GeneratedIndex:
    """PostgreSQL generates it with each row: there is nothing to do."""

    deferred = 0
    is_overdue = False

    def note_added(self, count: int) -> None: ...

    def measure(self, connection: Connection) -> None: ...

    def step(self, connection: Connection) -> Progress:  # noqa: ARG002  # the protocol's
        return Progress(0, 0)

    def remove(self, connection: Connection, rows: Sequence[tuple[int, str, str]]) -> None: ...

    def replace(self, connection: Connection, seq: int, before: str, after: str) -> None: ...


class DeferredIndex:
    """Knows how many messages wait for the index, and takes them in steps.

    Row triggers would make every insert fifteen times as slow; a step of many rows costs a tenth of that.
    """

    def __init__(self) -> None:
        self.deferred = 0

    @property
    def is_overdue(self) -> bool:
        return self.deferred >= _MOST_DEFERRED

    def note_added(self, count: int) -> None:
        self.deferred += count

    def measure(self, connection: Connection) -> None:
        progress = _progress(connection)
        self.deferred = progress.last - progress.reached

    def step(self, connection: Connection) -> Progress:
        before = _progress(connection)
        following = (
            select(messages.c.seq).where(messages.c.seq > before.reached).order_by(messages.c.seq).limit(_STEP)
        ).subquery()
        upper: int | None = connection.execute(select(func.max(following.c.seq))).scalar()
        if upper is None:
            self.deferred = 0
            return before
        connection.execute(_FILL, {"reached": before.reached, "upper": upper})
        connection.execute(update(search_progress).values(indexed_to=upper))
        self.deferred = before.last - upper
        return Progress(upper, before.last)

    def remove(self, connection: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
        reached = _progress(connection).reached
        indexed = [
            {"seq": seq, "content": content}
            for seq, kind, content in rows
            if seq <= reached and kind == MessageType.CHAT.value
        ]
        if indexed:
            connection.execute(_REMOVE, indexed)

    def replace(self, connection: Connection, seq: int, before: str, after: str) -> None:
        # One that is not indexed yet will be by what its row says then.
        if seq <= _progress(connection).reached:
            connection.execute(_REMOVE, {"seq": seq, "content": before})
            connection.execute(_PUT, {"seq": seq, "content": after})


def _progress(connection: Connection) -> Progress:
    reached = connection.execute(select(search_progress.c.indexed_to)).scalar_one()
    last: int | None = connection.execute(select(func.max(messages.c.seq))).scalar()
    return Progress(reached, last or reached)
