"""Brings archived conversations back."""

import asyncio
from dataclasses import dataclass

import structlog

from source.domain.archived_content import archived_content, says_the_same
from source.domain.conversation_head import ConversationState, StoredConversation
from source.domain.errors import ArchiveDamagedError, ArchiveError, ArchiveUnavailableError
from source.ports.archives import Archive
from source.services.archive_mending import MendedStore
from source.services.archived_transcripts import ArchivedTranscripts
from source.services.transcript_home import TranscriptHome

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Returned:
    """A conversation that is not archived (any more); `remark` says why its transcript was written from the store."""

    conversation_id: int
    was_archived: bool
    remark: str = ""


class ArchiveReturns:
    """Makes archived conversations ended ones again, with the very transcripts that were put away."""

    def __init__(self, store: MendedStore, archived: ArchivedTranscripts, home: TranscriptHome) -> None:
        self._store = store
        self._archived = archived
        self._home = home

    async def bring_back(self, conversation_id: int, *, at_any_rate: bool = False) -> Returned | None:
        """Bring a conversation back whose thread the caller holds; None: there is none.

        `at_any_rate`: when the storage cannot be reached, the transcript is written from the store.
        Raises: ArchiveUnavailableError, TranscriptError, StoreError: it is still archived.
        """
        stored = await self._store.load(conversation_id)
        if stored is None:
            return None
        if stored.head.state is not ConversationState.ARCHIVED:
            return Returned(conversation_id, was_archived=False)
        archive = await self._store.archive_of(conversation_id)
        content, remark = await self._content(stored, archive, at_any_rate=at_any_rate)
        await self._home.bring_back(stored.head, content)
        await self._clear(stored, archive)
        log.info("conversation_unarchived", conversation_id=conversation_id, from_store=bool(remark))
        return Returned(conversation_id, was_archived=True, remark=remark)

    async def _content(
        self, stored: StoredConversation, archive: Archive | None, *, at_any_rate: bool
    ) -> tuple[bytes, str]:
        """Return the transcript that was put away, or the store's and why."""
        try:
            content = await self._put_away(stored, archive)
            if await asyncio.to_thread(says_the_same, content, stored):
                return content, ""
            remark = "it was changed since it was archived"
        except ArchiveDamagedError as error:
            remark = str(error)
        except ArchiveUnavailableError as error:
            if not at_any_rate:
                raise
            remark = str(error)
        log.warning("archive_not_used", conversation_id=stored.head.conversation_id, reason=remark)
        return await asyncio.to_thread(archived_content, stored), f"{remark}: written again from the store"

    async def _put_away(self, stored: StoredConversation, archive: Archive | None) -> bytes:
        async with self._archived.soon():
            if archive is not None and archive.sha256:
                return await self._archived.get(archive)
            there = await self._archived.find(stored.head)
        if there is None:
            raise ArchiveDamagedError("nothing of it is in the archive storage")
        return there[0]

    async def _clear(self, stored: StoredConversation, archive: Archive | None) -> None:
        """Empty its place in the storage; what stays there the clean-up finds."""
        try:
            async with self._archived.soon():
                if archive is not None:
                    await self._archived.remove(archive.location)
                else:
                    await self._archived.remove_all_of(stored.head)
        except ArchiveError as error:
            log.warning("archive_left_behind", conversation_id=stored.head.conversation_id, reason=str(error))
