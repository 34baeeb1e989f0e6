"""Deletes conversations everywhere: from process memory, the folder, the archive and the store."""

import structlog

from source.domain.conversation_head import ConversationHead, ConversationState
from source.domain.errors import TranscriptDamagedError, TranscriptError
from source.ports.archives import ArchiveStore
from source.services.archived_transcripts import ArchivedTranscripts
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.transcript_home import TranscriptHome

log = structlog.get_logger(__name__)


class Deletion:
    """Deletes a conversation with everything of its own.

    The store comes last: what is cut off before is whole there, and deleted by the next try.
    """

    def __init__(
        self,
        store: ArchiveStore,
        archived: ArchivedTranscripts,
        home: TranscriptHome,
        manager: InMemoryConversationManager,
    ) -> None:
        self._store = store
        self._archived = archived
        self._home = home
        self._manager = manager

    async def delete(self, conversation_id: int) -> bool:
        """Delete a conversation once its thread's running turn has ended; False: there is none.

        Raises: ArchiveUnavailableError, TranscriptError, StoreError: the store still has it.
        """
        while True:
            head = await self._store.head_of(conversation_id)
            if head is None:
                return False
            if head.is_active:
                return await self._delete_running(head)
            async with self._manager.hold(head.thread.key):
                found = await self._store.head_of(conversation_id)
                if found is not None and not found.is_active:  # else it was resumed while we waited, or deleted
                    await self.delete_held(found, None)
                    return True

    async def _delete_running(self, head: ConversationHead) -> bool:
        async with self._manager.turn(head.thread) as seat:
            found = await self._store.head_of(head.conversation_id)
            if found is None:
                return False
            await self.delete_held(found, seat)
            return True

    async def delete_held(self, head: ConversationHead, seat: Seat | None) -> None:
        """As `delete`, for who holds the conversation's thread, of a running one with its seat."""
        await self._delete(head)
        running = seat.conversation if seat is not None else None
        if seat is not None and running is not None and running.conversation_id == head.conversation_id:
            self._manager.retire(running)
            seat.conversation = None

    async def _delete(self, head: ConversationHead) -> None:
        await self._manager.settle(head.conversation_id)
        archive = await self._store.archive_of(head.conversation_id)
        async with self._archived.soon():
            await self._archived.remove_all_of(head, *([archive.location] if archive else []))
        async with self._home.moving(head.conversation_id):
            await self._delete_file(head)
            await self._store.delete_conversations([head.conversation_id])
        log.info("conversation_deleted", conversation_id=head.conversation_id)

    async def _delete_file(self, head: ConversationHead) -> None:
        """Delete the conversation's file, even a damaged one; another's of that name stays."""
        if await self._home.take_away(head, b"") or head.state is ConversationState.ARCHIVED:
            return
        try:
            await self._home.load(head.filename)
        except TranscriptDamagedError:
            await self._home.delete(head.filename)
        except TranscriptError:
            return
