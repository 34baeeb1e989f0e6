"""Where each conversation's transcript belongs: the folder, the archive, or nowhere any more."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol

import structlog

from source.domain.archived_content import archived_content, says_the_same
from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.errors import TranscriptError
from source.ports.archives import Archive, ArchiveRule, ArchiveStore
from source.ports.files import TranscriptEntry, TranscriptFiles
from source.services.keyed_locks import KeyedLocks
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)


class Mending(Protocol):
    """Puts the archive of a conversation right."""

    async def mend(self, conversation_id: int) -> object:
        """Have the archive say what the store says."""
        ...


class TranscriptHome:
    """Implements `TranscriptFiles`: a late write does not bring back the file of what was put away or deleted.

    Whoever moves a transcript holds its conversation's lock, so that it is never written while it moves.
    """

    def __init__(self, files: TranscriptFiles, store: ArchiveStore) -> None:
        self._files = files
        self._store = store
        self._locks = KeyedLocks()
        self._tasks = OwnedTasks()
        self._mending: Mending | None = None

    def mended_by(self, mending: Mending) -> None:
        """Have what is changed although it is archived put away again by this."""
        self._mending = mending

    async def close(self, deadline: timedelta) -> None:
        """Let what is being put away again be finished."""
        await self._tasks.close(deadline)

    def moving(self, conversation_id: int) -> AbstractAsyncContextManager[None]:
        """Let nobody else write or move the transcript while the block runs."""
        return self._locks.hold(str(conversation_id))

    async def save(self, conversation: StoredConversation) -> str:
        """Write the file of a conversation that has one; put an archived one away again, in the background."""
        conversation_id = conversation.head.conversation_id
        async with self.moving(conversation_id):
            known = await self._store.head_of(conversation_id)
            is_archived = known is not None and known.state is ConversationState.ARCHIVED
            if known is not None and not is_archived:
                return await self._files.save(conversation)
        if is_archived and self._mending is not None and not await self._is_put_away(conversation):
            self._tasks.spawn(self._mend(self._mending, conversation_id), name=f"mend-archive-{conversation_id}")
        return conversation.head.filename

    async def _is_put_away(self, conversation: StoredConversation) -> bool:
        archive = await self._store.archive_of(conversation.head.conversation_id)
        return archive is not None and archive.sha256 == await asyncio.to_thread(_archived_sha256, conversation)

    async def content_of(self, conversation: StoredConversation) -> bytes:
        """Return the transcript as it is to be put away: byte for byte the owner's file, if that is up to date.

        Raises: TranscriptUnwritableError: the conversation holds what JSON cannot.
        """
        try:
            content = await self._files.content(conversation.head.filename)
        except TranscriptError:
            content = b""
        return await asyncio.to_thread(_up_to_date, content, conversation)

    async def put_away(
        self, archive: Archive, *, seen: StoredConversation, content: bytes, rule: ArchiveRule | None = None
    ) -> None:
        """Note that the conversation is archived, then remove its file; one that stays is removed by the clean-up.

        Raises: StoreConflictError: the conversation is not as it was seen, or not due by the rule, and not archived.
            StoreError.
        """
        async with self.moving(archive.conversation_id):
            await self._store.note_archived(archive, seen=seen, rule=rule)
            await self.clear(seen.head, content)

    async def clear(self, head: ConversationHead, content: bytes = b"") -> bool:
        """Remove the file of a conversation that has no place in the folder; whether there was one."""
        try:
            return await self._files.take_away(head, content)
        except TranscriptError as error:
            log.warning("transcript_left_behind", conversation_id=head.conversation_id, reason=str(error))
            return False

    async def bring_back(self, head: ConversationHead, content: bytes) -> None:
        """Write exactly this as the conversation's file, then note that it is not archived any more.

        Raises: TranscriptError, StoreError: it is still archived.
        """
        async with self.moving(head.conversation_id):
            name = await self._files.put_back(head, content)
            await self._store.note_restored(head.conversation_id, filename=name)

    async def load(self, filename: str) -> StoredConversation:
        return await self._files.load(filename)

    async def content(self, filename: str) -> bytes:
        return await self._files.content(filename)

    async def put_back(self, head: ConversationHead, content: bytes) -> str:
        return await self._files.put_back(head, content)

    async def take_away(self, head: ConversationHead, known: bytes) -> bool:
        return await self._files.take_away(head, known)

    async def delete(self, filename: str) -> bool:
        return await self._files.delete(filename)

    def entries(self) -> AsyncIterator[TranscriptEntry]:
        return self._files.entries()

    async def _mend(self, mending: Mending, conversation_id: int) -> None:
        try:
            await mending.mend(conversation_id)
        except Exception as error:
            log.warning(
                "archive_behind", conversation_id=conversation_id, error=type(error).__name__, until="the next clean-up"
            )
            raise


def _up_to_date(content: bytes, conversation: StoredConversation) -> bytes:
    return content if says_the_same(content, conversation) else archived_content(conversation)


def _archived_sha256(conversation: StoredConversation) -> str:
    return hashlib.sha256(archived_content(conversation)).hexdigest()
