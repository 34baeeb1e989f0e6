"""Looking at one thing of a history at a time."""

from collections.abc import Collection, Mapping

from source.domain.recall.turns import SaidTurn
from source.ports.recall import Extent, Eyes, Likely, RecallStore, Sought, StoredTurn


class RecallLooks:
    """What a RecallReader reads, each in a look of its own; `store` is where."""

    def __init__(self, store: RecallStore) -> None:
        self.store = store

    async def extent(self, eyes: Eyes, *, most_conversations: int, since: int | None = None) -> Extent:
        return await self.store.look(
            lambda reader: reader.extent(eyes, most_conversations=most_conversations, since=since)
        )

    async def said_in(self, after: Mapping[int, int], *, limit: int) -> list[SaidTurn]:
        return await self.store.look(lambda reader: reader.said_in(after, limit=limit))

    async def likely(self, sought: Sought, eyes: Eyes, *, limit: int) -> Likely:
        return await self.store.look(lambda reader: reader.likely(sought, eyes, limit=limit))

    async def told(self, keys: Collection[tuple[int, int]], eyes: Eyes) -> list[StoredTurn]:
        return await self.store.look(lambda reader: reader.told(keys, eyes))
