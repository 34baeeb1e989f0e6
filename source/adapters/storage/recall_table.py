"""Reading a history for recall, in the database."""

import time
from collections.abc import Callable, Collection, Mapping

from source.adapters.storage import recall_likely, recall_reading
from source.adapters.storage.recall_outlines import Outlines
from source.adapters.storage.sql_access import SqlAccess
from source.domain.recall.turns import SaidTurn
from source.ports.recall import Extent, Eyes, Likely, Sought, StoredTurn


class RecallTable:
    """Implements RecallStore."""

    def __init__(self, access: SqlAccess, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._outlines = Outlines(monotonic)

    async def extent(self, eyes: Eyes, *, most_conversations: int, since: int | None = None) -> Extent:
        return await self._access.read(recall_reading.extent, eyes, most_conversations, since)

    async def said_in(self, after: Mapping[int, int], *, limit: int) -> list[SaidTurn]:
        return await self._access.read(recall_reading.said_in, after, limit)

    async def likely(self, sought: Sought, eyes: Eyes, *, limit: int) -> Likely:
        return await self._access.read(recall_likely.likely, sought, eyes, limit, self._outlines)

    async def told(self, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredTurn]:
        return await self._access.read(recall_reading.told, keys, eyes)

    def forget(self) -> None:
        self._outlines.forget()
