"""An archive storage in memory that fails when told to."""

import asyncio
from collections.abc import AsyncIterator

from source.domain.errors import ArchiveUnavailableError
from source.ports.archives import Blob


class InMemoryBlobs:
    """Implements `BlobStorage`; `kept` is what is in it, to be looked at and spoilt by a test.

    While `away` is set everything raises it.
    """

    def __init__(self, url: str = "memory://blobs") -> None:
        self.url = url
        self.kept: dict[str, bytes] = {}
        self.away: ArchiveUnavailableError | None = None

    async def put(self, name: str, data: bytes) -> None:
        await self._reached()
        self.kept[name] = data

    async def get(self, name: str) -> bytes | None:
        await self._reached()
        return self.kept.get(name)

    async def delete(self, name: str) -> None:
        await self._reached()
        self.kept.pop(name, None)

    async def listed(self) -> AsyncIterator[Blob]:
        await self._reached()
        for name, data in list(self.kept.items()):
            await asyncio.sleep(0)
            yield Blob(name, len(data))

    async def _reached(self) -> None:
        await asyncio.sleep(0)
        if self.away is not None:
            raise self.away
