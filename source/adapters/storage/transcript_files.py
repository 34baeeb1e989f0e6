"""The transcripts' folder on disk, for asyncio."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from aiofiles.os import wrap

from source.adapters.storage.transcript_folder import TranscriptFolder
from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import TranscriptMissingError
from source.domain.transcript import TranscriptIdentity, encode_transcript, identity_of
from source.domain.transcript_name import candidate_names, is_safe_name, may_be_of
from source.ports.files import TranscriptEntry
from source.services.keyed_locks import KeyedLocks

_MOST_NAMES_REMEMBERED: Final = 10_000

_T = TypeVar("_T")


class ConversationFileManagerService:
    """Implements `TranscriptFiles` in a folder that no other process writes to.

    A call is one trip to a thread, encoding and syncing included, so that the loop never waits.
    Without `durable`, files survive a kill but not a power cut.
    """

    def __init__(self, folder: str | Path, *, durable: bool = True) -> None:
        self._folder = TranscriptFolder(Path(folder), durable=durable)
        self._locks = KeyedLocks()
        self._owners: dict[str, TranscriptIdentity] = {}
        self._running: set[asyncio.Task[object]] = set()
        self._swept = False

    async def save(self, conversation: StoredConversation) -> str:
        """Write the file and return its name; saves of one conversation happen in the order of their calls."""
        return await self._to_the_end(self._put(conversation.head, lambda: encode_transcript(conversation)))

    async def load(self, filename: str) -> StoredConversation:
        return await self._in_thread(self._folder.read, filename)

    async def delete(self, filename: str) -> bool:
        """Remove a transcript, even a damaged one; False when there was none.

        Raises: TranscriptForeignError: the file is not Echo's, and stays.
        """
        return await self._to_the_end(self._delete(filename))

    async def content(self, filename: str) -> bytes:
        return await self._in_thread(self._folder.content, filename)

    async def put_back(self, head: ConversationHead, content: bytes) -> str:
        return await self._to_the_end(self._put(head, lambda: content))

    async def take_away(self, head: ConversationHead, known: bytes) -> bool:
        return await self._to_the_end(self._take_away(head, known))

    async def entries(self) -> AsyncGenerator[TranscriptEntry]:
        for filename in await self._in_thread(self._folder.filenames):
            entry = await self._in_thread(self._folder.entry, filename)
            if not isinstance(entry.problem, TranscriptMissingError):  # deleted while others were read
                yield entry

    async def find(
        self,
        *,
        requester: str | None = None,
        guild_id: str | None = None,
        on: date | None = None,
        thread_id: str | None = None,
    ) -> tuple[ConversationHead, ...]:
        """Return the heads of conversations that one person began, in a guild, on a day (UTC), in a thread; by name."""
        found: list[ConversationHead] = []
        for filename in await self.list():
            if not may_be_of(filename, requester=requester, guild_id=guild_id, on=on):
                continue
            conversation = (await self._in_thread(self._folder.entry, filename)).conversation
            if conversation and _matches(conversation.head, requester, guild_id, on, thread_id):
                found.append(conversation.head)
        return tuple(found)

    async def list(self) -> tuple[str, ...]:
        """Return the names of all transcripts in order; what is in them is not looked at."""
        return tuple(filter(is_safe_name, await self._in_thread(self._folder.filenames)))

    async def _put(self, head: ConversationHead, content: Callable[[], bytes]) -> str:
        identity, names = identity_of(head), candidate_names(head)
        async with self._locks.hold(*_lock_keys(identity, *names[:2])):
            await self._sweep_once()
            name = next((name for name in names if self._owners.get(name) == identity), None)
            if name is None:
                name = await self._in_thread(self._folder.choose_name, names, identity)
            await self._in_thread(self._write, name, content)
            self._remember(name, identity)
            return name

    def _write(self, name: str, content: Callable[[], bytes]) -> None:
        self._folder.write(name, content())

    async def _take_away(self, head: ConversationHead, known: bytes) -> bool:
        identity, name = identity_of(head), head.filename
        async with self._locks.hold(*_lock_keys(identity, name)):
            taken = await self._in_thread(self._folder.take_away, name, identity, known)
            if taken:
                self._owners.pop(name, None)
            return taken

    async def _delete(self, filename: str) -> bool:
        async with self._locks.hold(_lock_key(filename)):
            await self._sweep_once()
            removed = await self._in_thread(self._folder.remove, filename)
            self._owners.pop(filename, None)
            return removed

    async def _sweep_once(self) -> None:
        async with self._locks.hold("sweep"):
            if not self._swept:
                await self._in_thread(self._folder.sweep)
                self._swept = True

    def _remember(self, name: str, identity: TranscriptIdentity) -> None:
        self._owners.pop(name, None)
        self._owners[name] = identity
        if len(self._owners) > _MOST_NAMES_REMEMBERED:
            del self._owners[next(iter(self._owners))]

    async def _to_the_end(self, work: Coroutine[object, object, _T]) -> _T:
        """Finish `work` although the caller is cancelled: its thread goes on, and must not outlive its lock."""
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            raise

    async def _in_thread(self, act: Callable[..., _T], *arguments: object) -> _T:
        return await wrap(act)(*arguments)


def _lock_keys(identity: TranscriptIdentity, *filenames: str) -> tuple[str, ...]:
    return f"conversation {identity.conversation_id}", *map(_lock_key, filenames)


def _lock_key(filename: str) -> str:
    return f"file {filename.casefold()}"  # some file systems take names that differ in case for one


def _matches(
    head: ConversationHead, requester: str | None, guild_id: str | None, on: date | None, thread_id: str | None
) -> bool:
    return (
        requester in {None, head.requester}
        and guild_id in {None, head.thread.guild_id}
        and on in {None, head.created_at.date()}
        and thread_id in {None, head.thread.thread_id}
    )
