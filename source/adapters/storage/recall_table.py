"""Reading a history for recall, in the database."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from source.adapters.storage import recall_reading
from source.adapters.storage.recall_sights import Sights
from source.adapters.storage.sql_access import SqlAccess
from source.domain.recall.turns import SaidTurn
from source.ports.recall import Extent, Eyes, StoredTurn


class RecallTable:
    """Implements RecallStore."""

    def __init__(self, access: SqlAccess, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._access = access
        self._sights = Sights(monotonic)

    async def extent(self, eyes: Eyes, *, most_conversations: int, since: int | None = None) -> Extent:
        return await self._access.read(recall_reading.extent, eyes, most_conversations, since)

    async def said_in(self, after: Mapping[int, int], *, limit: int) -> list[SaidTurn]:
        return await self._access.read(recall_reading.said_in, after, limit)

    async def likely(
        self, words: Sequence[str], eyes: Eyes, *, limit: int, speakers: Collection[str] = ()
    ) -> list[StoredTurn]:
        return await self._access.read(
            recall_reading.likely, words, eyes, limit, speakers=speakers, sights=self._sights
        )

    async def told(self, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredTurn]:
        return await self._access.read(recall_reading.told, keys, eyes)

    def forget(self) -> None:
        self._sights.forget()
