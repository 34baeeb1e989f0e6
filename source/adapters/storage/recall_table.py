"""Reading a history for recall, in the database."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from source.adapters.storage import recall_likely, recall_reading
from source.adapters.storage.recall_outlines import Outlines
from source.adapters.storage.sql_access import SqlAccess
from source.domain.recall.turns import SaidTurn
from source.ports.recall import Extent, Eyes, Likely, RecallReader, Sought, StoredTurn

T = TypeVar("T")


class RecallTable:
    """Implements RecallStore."""

    def __init__(self, access: SqlAccess, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._outlines = Outlines(monotonic)

    async def look(self, look: Callable[[RecallReader], T]) -> T:
        return await self._access.read(lambda connection: look(_Reader(connection, self._outlines)))

    def forget(self) -> None:
        self._outlines.forget()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Implements RecallReader inside one transaction."""

    connection: Connection
    outlines: Outlines

    def extent(self, eyes: Eyes, *, most_conversations: int, since: int | None = None) -> Extent:
        return recall_reading.extent(self.connection, eyes, most_conversations, since)

    def said_in(self, after: Mapping[int, int], *, limit: int) -> list[SaidTurn]:
        return recall_reading.said_in(self.connection, after, limit)

    def likely(self, sought: Sought, eyes: Eyes, *, limit: int) -> Likely:
        return recall_likely.likely(self.connection, sought, eyes, limit, self.outlines)

    def told(self, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredTurn]:
        return recall_reading.told(self.connection, keys, eyes)
