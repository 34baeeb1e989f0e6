"""The full-text index of SQLite, filled behind the writes."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select, text, update

from source.adapters.storage.tables import messages, search_progress
from source.adapters.storage.writer import Progress
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


class SearchIndex:
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
        """Find out what an earlier process left to do, at the most."""
        progress = _progress(connection)
        self.deferred = progress.last - progress.reached

    def step(self, connection: Connection) -> Progress:
        """Index the next messages in the order of commit."""
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
        """Take messages (`seq`, type, content as indexed) out before their rows go."""
        reached = _progress(connection).reached
        indexed = [
            {"seq": seq, "content": content}
            for seq, kind, content in rows
            if seq <= reached and kind == MessageType.CHAT.value
        ]
        if indexed:
            connection.execute(_REMOVE, indexed)

    def replace(self, connection: Connection, seq: int, before: str, after: str) -> None:
        """Have a chat message found by its new text; one that is not indexed yet will be by what its row says then."""
        if seq <= _progress(connection).reached:
            connection.execute(_REMOVE, {"seq": seq, "content": before})
            connection.execute(_PUT, {"seq": seq, "content": after})


def _progress(connection: Connection) -> Progress:
    reached = connection.execute(select(search_progress.c.indexed_to)).scalar_one()
    last: int | None = connection.execute(select(func.max(messages.c.seq))).scalar()
    return Progress(reached, last or reached)
