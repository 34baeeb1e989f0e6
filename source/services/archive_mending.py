"""Puts archives right: damaged ones, lost ones, those that were never noted, those whose conversation was changed."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

import structlog

from source.domain.archived_content import archived_content, says_the_same
from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import ArchiveDamagedError, ArchiveUnavailableError, StoreConflictError
from source.ports.archives import Archive, ArchiveStore
from source.ports.clock import Clock
from source.services.archived_transcripts import ArchivedTranscripts, Kept
from source.services.keyed_locks import KeyedLocks

log = structlog.get_logger(__name__)

# A conversation may be corrected while it is put away; after so many times the next clean-up is left to do it.
MOST_ATTEMPTS: Final = 3
_BY: Final = "clean-up"


class MendedStore(ArchiveStore, Protocol):
    """What archives are compared with, and where they are noted."""

    async def load(self, conversation_id: int) -> StoredConversation | None:
        """As in `ConversationStore`."""
        ...


class Mended(StrEnum):
    """What came of it."""

    RIGHT = "right"
    """It was so already."""
    NOTED = "noted"
    """It was there, and nobody knew of it."""
    REPACKED = "repacked"
    """It was right, and is kept compressed now, or not any more."""
    REWRITTEN = "rewritten"
    """It was written again from the store."""
    NOT_ARCHIVED = "not archived"


@dataclass(frozen=True, slots=True)
class _Found:
    """What there is of an archive: content that says what the store says, and how it is kept."""

    content: bytes
    kept: Kept
    is_noted: bool


class ArchiveMending:
    """Has each archived conversation's transcript in the storage as the store has it."""

    def __init__(self, store: MendedStore, archived: ArchivedTranscripts, clock: Clock, *, compress: bool) -> None:
        self._store = store
        self._archived = archived
        self._clock = clock
        self._compress = compress
        self._locks = KeyedLocks()

    async def mend(self, conversation_id: int, *, compress: bool | None = None) -> Mended:
        """Put the archive of one conversation right, if it is archived.

        Without `compress` it is kept as it was. Raises: ArchiveUnavailableError, StoreError, TranscriptError.
        """
        async with self.alone(conversation_id):
            return await self._mend_alone(conversation_id, compress)

    def alone(self, conversation_id: int) -> AbstractAsyncContextManager[None]:
        """Have nobody mend this archive while the block runs."""
        return self._locks.hold(str(conversation_id))

    async def _mend_alone(self, conversation_id: int, compress: bool | None) -> Mended:
        for _ in range(MOST_ATTEMPTS):
            stored = await self._store.load(conversation_id)
            if stored is None or stored.head.state is not ConversationState.ARCHIVED:
                return Mended.NOT_ARCHIVED
            try:
                return await self._mend(stored, compress)
            except StoreConflictError:
                continue
        raise StoreConflictError("it was changed again and again while its archive was written")

    async def _mend(self, stored: StoredConversation, compress: bool | None) -> Mended:
        archive = await self._store.archive_of(stored.head.conversation_id)
        found = await self._found(stored, archive)
        if compress is None:
            compress = found.kept.is_compressed if found else archive.is_compressed if archive else self._compress
        if found and found.kept.is_compressed == compress:
            if not found.is_noted:
                await self._note(stored, archive, found.kept)
            return Mended.RIGHT if found.is_noted else Mended.NOTED
        content = found.content if found else await asyncio.to_thread(archived_content, stored)
        kept = await self._archived.put(stored.head, content, compress=compress)
        await self._note(stored, archive, kept)
        if archive is not None and archive.location != kept.location:
            await self._forget_place(archive.location)
        log.info("archive_mended", conversation_id=stored.head.conversation_id, was_right=found is not None)
        return Mended.REPACKED if found else Mended.REWRITTEN

    async def _found(self, stored: StoredConversation, archive: Archive | None) -> _Found | None:
        """Return what of the archive can be used; nothing of what the store has in another way."""
        try:
            found = await self._there(stored, archive)
        except ArchiveDamagedError as error:
            log.warning("archive_damaged", conversation_id=stored.head.conversation_id, reason=str(error))
            return None
        if found is None:
            return None
        is_right = await asyncio.to_thread(says_the_same, found.content, stored)
        return found if is_right else None

    async def _there(self, stored: StoredConversation, archive: Archive | None) -> _Found | None:
        if archive is not None and archive.sha256:
            return _Found(await self._archived.get(archive), kept_of(archive), is_noted=True)
        there = await self._archived.find(stored.head)
        return None if there is None else _Found(*there, is_noted=False)

    async def _note(self, stored: StoredConversation, known: Archive | None, kept: Kept) -> None:
        archive = archive_from(
            kept,
            stored,
            reason=known.reason if known else "",
            by=known.archived_by if known else _BY,
            at=known.archived_at if known else self._clock.now(),
        )
        await self._store.put_archive(archive, seen=stored)

    async def _forget_place(self, location: str) -> None:
        try:
            await self._archived.remove(location)
        except ArchiveUnavailableError as error:  # nothing points there any more: the clean-up finds it
            log.warning("archive_left_behind", location=location, reason=str(error))


def archive_from(kept: Kept, stored: StoredConversation, *, reason: str, by: str, at: datetime) -> Archive:
    """Return what is noted of an archive."""
    return Archive(
        conversation_id=stored.head.conversation_id,
        location=kept.location,
        is_compressed=kept.is_compressed,
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        stored_bytes=kept.stored_bytes,
        message_count=len(stored.messages),
        reason=reason,
        archived_by=by,
        archived_at=at,
    )


def kept_of(archive: Archive) -> Kept:
    """Return how an archive is kept."""
    return Kept(archive.location, archive.is_compressed, archive.sha256, archive.size_bytes, archive.stored_bytes)
