"""Changes what was said in a conversation everywhere: in memory, in the store, in its file and in the archive."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Protocol

import structlog

from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.errors import TranscriptUnwritableError
from source.domain.message import Message, Standing
from source.ports.archives import ArchiveStore
from source.ports.privacy import Rewritten
from source.ports.store import ConversationStore
from source.services.archive_mending import ArchiveMending
from source.services.archived_transcripts import ArchivedTranscripts
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.deletion import Deletion
from source.services.transcript_home import TranscriptHome

log = structlog.get_logger(__name__)

# One commit takes so many corrections without holding up other writes for long.
_AT_ONCE: Final = 200


class Whole(Enum):
    """Nothing is to be left of the conversation."""

    GOES = "goes"


Decision = Rewritten | Whole | None
"""What is to become of a conversation; None: it stays as it is."""

Decide = Callable[[StoredConversation], Awaitable[Decision]]


class RewritingStore(ConversationStore, Protocol):
    """What is changed in the store."""

    async def correct(self, conversation_id: int, message: Message) -> None:
        """As in `CorrectionStore`."""
        ...


class Rewrites(Protocol):
    """What is needed of `PersonForgetting`."""

    async def rewrite(self, change: Rewritten) -> None: ...


class ForgetsPrepared(Protocol):
    """Whoever keeps a summary ready."""

    def forget(self, conversation_id: int) -> None:
        """Drop what was made ready of this conversation."""
        ...


class Copies(Protocol):
    """Files that people had made of conversations."""

    async def remove_of(self, conversation_id: int) -> int:
        """Remove the copies of a conversation, which says something else now."""
        ...


@dataclass(frozen=True, slots=True)
class RewritingParts:
    """What changing conversations works with."""

    store: RewritingStore
    archives: ArchiveStore
    rewrites: Rewrites
    archived: ArchivedTranscripts
    mending: ArchiveMending
    home: TranscriptHome
    manager: InMemoryConversationManager
    deletion: Deletion
    prepared: ForgetsPrepared
    copies: Copies


class Rewriting:
    """Changes one conversation at a time, while nobody speaks there; what is cut off is done by the next try.

    The old file goes before the store changes and the new one is written after it: what is found then is right.
    """

    def __init__(self, parts: RewritingParts) -> None:
        self._parts = parts

    async def change(self, conversation_id: int, decide: Decide) -> Decision:
        """Have become of a conversation what is decided of it once its thread's turn has ended; return that.

        Raises: StoreError, TranscriptError, ArchiveUnavailableError: it may be changed in part.
        """
        manager = self._parts.manager
        while True:
            head = await self._parts.archives.head_of(conversation_id)
            if head is None:
                return None
            if head.is_active:
                async with manager.turn(head.thread) as seat:
                    return await self._changed(conversation_id, decide, seat)
            async with manager.hold(head.thread.key):
                found = await self._parts.archives.head_of(conversation_id)
                if found is not None and not found.is_active:  # else it was resumed while we waited, or deleted
                    return await self._changed(conversation_id, decide, None)

    async def look(self, conversation_id: int) -> StoredConversation | None:
        """Return a conversation as the turn leaves it that its thread has now; None: there is none.

        Raises: StoreError.
        """
        head = await self._parts.archives.head_of(conversation_id)
        if head is None:
            return None
        async with self._parts.manager.hold(head.thread.key):
            await self._parts.manager.settle(conversation_id)
            return await self._parts.store.load(conversation_id)

    async def turns_ended(self) -> None:
        """Wait until every turn has ended that is under way now, in any thread."""
        await self._parts.manager.turns_ended()

    async def _changed(self, conversation_id: int, decide: Decide, seat: Seat | None) -> Decision:
        await self._parts.manager.settle(conversation_id)
        stored = await self._parts.store.load(conversation_id)
        if stored is None:
            return None
        decision = await decide(stored)
        if decision is not None:  # what is being written now must not be written over what comes
            await self._parts.manager.write_transcripts()
        if decision is Whole.GOES:
            await self._parts.deletion.delete_held(stored.head, seat)
        elif isinstance(decision, Rewritten):
            await self._rewrite(stored, decision, seat)
        if decision is not None:
            await self._parts.copies.remove_of(conversation_id)
            self._parts.prepared.forget(conversation_id)
        return decision

    async def _rewrite(self, stored: StoredConversation, change: Rewritten, seat: Seat | None) -> None:
        await self._correct(stored, change)
        await self._clear_places(stored.head, change.head)
        async with self._parts.home.moving(stored.head.conversation_id):
            if change.head.filename != stored.head.filename:
                await self._parts.home.take_away(stored.head, b"")
            await self._parts.rewrites.rewrite(change)
        await self._renew(stored.head.conversation_id, seat)
        log.info("conversation_rewritten", conversation_id=stored.head.conversation_id, emptied=len(change.emptied))

    async def _correct(self, stored: StoredConversation, change: Rewritten) -> None:
        """Take back the messages one by one: whatever was made of them goes with each.

        Echo's own first: what they repeat is told by what people said, which has to be there until then.
        """
        going = {*change.emptied, *change.removed}
        kept = [each for each in stored.messages if each.message_id in going and _says_something(each)]
        for is_from_person in (False, True):
            some = [_emptied(each) for each in kept if each.is_from_person is is_from_person]
            for start in range(0, len(some), _AT_ONCE):
                await self._correct_together(stored.head.conversation_id, some[start : start + _AT_ONCE])

    async def _correct_together(self, conversation_id: int, messages: Sequence[Message]) -> None:
        await asyncio.gather(*(self._parts.store.correct(conversation_id, message) for message in messages))

    async def _clear_places(self, before: ConversationHead, after: ConversationHead) -> None:
        """Remove copies in the archive that another name has; the store has the whole of them."""
        if before.state is not ConversationState.ARCHIVED or before.requester == after.requester:
            return
        archive = await self._parts.archives.archive_of(before.conversation_id)
        async with self._parts.archived.soon():
            await self._parts.archived.remove_all_of(before, *([archive.location] if archive else []))

    async def _renew(self, conversation_id: int, seat: Seat | None) -> None:
        """Have memory, file and archive say what the store says now."""
        manager = self._parts.manager
        stored = await self._parts.store.load(conversation_id)
        if stored is None:
            return
        conversation = Conversation.loaded(stored, manager.ids)
        conversation.mark_unwritten()
        if seat is not None and stored.head.is_active:
            manager.keep(conversation)
            seat.conversation = conversation
        else:
            manager.retire(conversation)
        if stored.head.state is ConversationState.ARCHIVED:
            await self._parts.mending.mend(conversation_id)
        if not await conversation.persist():
            raise TranscriptUnwritableError("a transcript could not be written anew: it is tried again")


def _says_something(message: Message) -> bool:
    return message.is_kept or bool(message.message_content)


def _emptied(message: Message) -> Message:
    return replace(message, message_content="", standing=Standing.DELETED, pii=())
