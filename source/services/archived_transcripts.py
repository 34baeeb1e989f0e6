"""Transcripts in the archive storage: written so that they can be trusted, read so that damage is noticed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from source.domain.archive_name import archive_name, archive_names, is_compressed
from source.domain.conversation_head import ConversationHead
from source.domain.errors import ArchiveDamagedError, ArchiveUnavailableError
from source.ports.archives import Archive, Blob, BlobStorage, Compression

_MAX_TRANSCRIPT_BYTES: Final = 512 * 1024 * 1024
# Below this, compressing and hashing takes less than a trip to a thread.
_SHORT_BYTES: Final = 16_384

# Whoever speaks in the thread waits as long: a storage that hangs would keep them for minutes.
_MOST_SECONDS_HELD: Final = 5.0

_NOTHING: Final = ".nothing"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Kept:
    """How and where a transcript is kept."""

    location: str
    is_compressed: bool
    sha256: str
    size_bytes: int
    stored_bytes: int


class _Place(NamedTuple):
    storage: BlobStorage
    name: str


class ArchivedTranscripts:
    """Puts transcripts into the storage and gets them back.

    `elsewhere` opens the storage of another URL: where archives were put before ARCHIVE_STORAGE was changed.
    """

    def __init__(
        self, storage: BlobStorage, compression: Compression, *, elsewhere: Callable[[str], BlobStorage]
    ) -> None:
        self._storage = storage
        self._compression = compression
        self._elsewhere = elsewhere
        self._opened: dict[str, BlobStorage] = {storage.url: storage}
        self._hangs_until = 0.0

    @asynccontextmanager
    async def soon(self) -> AsyncIterator[None]:
        """Give up what the block asks of the storage after some seconds; for who holds a thread.

        Raises: ArchiveUnavailableError: it took longer, or did so just before: many may stand in line for one thread.
        """
        now = asyncio.get_running_loop().time
        hangs = f"{self._storage.url}: it does not answer in {_MOST_SECONDS_HELD:g} seconds, and the thread waits"
        if now() < self._hangs_until:
            raise ArchiveUnavailableError(f"{hangs}: it is tried again later; nothing is lost")
        try:
            async with asyncio.timeout(_MOST_SECONDS_HELD):
                yield
        except TimeoutError as error:
            self._hangs_until = now() + _MOST_SECONDS_HELD
            raise ArchiveUnavailableError(f"{hangs}: it is tried again later; nothing is lost") from error

    async def check(self) -> None:
        """Ask the storage for something that need not be there.

        Raises: ArchiveUnavailableError: it does not answer, or refuses.
        """
        await self._storage.get(_NOTHING)

    async def put(self, head: ConversationHead, content: bytes, *, compress: bool) -> Kept:
        """Keep the transcript, and read it back before anybody relies on it.

        Raises: ArchiveUnavailableError: it may not be there, or be there without anybody knowing of it.
        """
        name = archive_name(head, compressed=compress)
        data = await self._apart(self._compression.compress, content) if compress else content
        await self._storage.put(name, data)
        if await self._storage.get(name) != data:
            raise ArchiveUnavailableError(
                f"{self._storage.url}: what was put there does not come back: look at the storage; nothing is lost"
            )
        return Kept(self.location_of(name), compress, await self._apart(_sha256, content), len(content), len(data))

    async def get(self, archive: Archive) -> bytes:
        """Return the transcript exactly as it was put.

        Raises: ArchiveDamagedError: it is gone, or not what was put there. ArchiveUnavailableError.
        """
        place = self._place(archive.location)
        data = await place.storage.get(place.name)
        if data is None:
            raise ArchiveDamagedError(f"{archive.location} is gone")
        content = await self._opened_up(place.name, data)
        if await self._apart(_sha256, content) != archive.sha256:
            raise ArchiveDamagedError(f"{archive.location} is not what was put there")
        return content

    async def find(self, head: ConversationHead) -> tuple[bytes, Kept] | None:
        """Return a transcript that is there although nothing is noted of it."""
        for name in archive_names(head):
            data = await self._storage.get(name)
            if data is not None:
                content = await self._opened_up(name, data)
                sha256 = await self._apart(_sha256, content)
                return content, Kept(self.location_of(name), is_compressed(name), sha256, len(content), len(data))
        return None

    async def read(self, name: str) -> bytes | None:
        """Return what is in the storage under this name, decompressed if its name says so; None: nothing is.

        Raises: ArchiveDamagedError. ArchiveUnavailableError.
        """
        data = await self._storage.get(name)
        return None if data is None else await self._opened_up(name, data)

    async def remove(self, location: str) -> None:
        """Remove what is there; there may be nothing."""
        place = self._place(location)
        await place.storage.delete(place.name)

    async def remove_all_of(self, head: ConversationHead, *locations: str) -> None:
        """Remove whatever the storage has of a conversation, noted or not."""
        for location in dict.fromkeys((*locations, *map(self.location_of, archive_names(head)))):
            await self.remove(location)

    def listed(self) -> AsyncIterator[Blob]:
        """Everything in the storage."""
        return self._storage.listed()

    def location_of(self, name: str) -> str:
        """Return how archives name this place in the storage."""
        return f"{self._storage.url}/{name}"

    def _place(self, location: str) -> _Place:
        url, _, name = location.rpartition("/")
        if url not in self._opened:
            self._opened[url] = self._elsewhere(url)
        return _Place(self._opened[url], name)

    async def _opened_up(self, name: str, data: bytes) -> bytes:
        if not is_compressed(name):
            return data
        try:
            return await self._apart(self._decompressed, data)
        except ArchiveDamagedError as error:
            raise ArchiveDamagedError(f"{self.location_of(name)}: {error}") from error

    def _decompressed(self, data: bytes) -> bytes:
        return self._compression.decompress(data, max_bytes=_MAX_TRANSCRIPT_BYTES)

    async def _apart(self, act: Callable[[bytes], _T], data: bytes) -> _T:
        """Work on the data where it holds up nobody."""
        return act(data) if len(data) <= _SHORT_BYTES else await asyncio.to_thread(act, data)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
