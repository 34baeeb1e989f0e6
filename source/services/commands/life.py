"""Commands that begin, end, put away and bring back conversations."""

from dataclasses import replace

from source.domain.conversation_head import ConversationState, CreatedReason, StoredConversation
from source.domain.errors import RefusedInputError
from source.domain.turn import TurnRecord
from source.ports.clock import Clock
from source.ports.store import ConversationCatalog, ConversationListing, ConversationStore
from source.services.commands.numbered import chosen
from source.services.commands.vocabulary import CommandInvocation, CommandReply
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.opening import Opening, Succession, back_in

_LONGEST_TITLE_CHARS = 80


class LifeCommands:
    """`/new`, `/resume`, `/archive` and `/unarchive`; each waits for the thread's running turn to end."""

    def __init__(
        self,
        manager: InMemoryConversationManager,
        store: ConversationStore,
        catalog: ConversationCatalog,
        opening: Opening,
        clock: Clock,
    ) -> None:
        self._manager = manager
        self._store = store
        self._catalog = catalog
        self._opening = opening
        self._clock = clock

    async def new(self, invocation: CommandInvocation) -> CommandReply:
        """End the conversation and begin one with its summary; `fresh` begins with nothing."""
        first, _, rest = invocation.argument.partition(" ")
        fresh = first.lower() == "fresh"
        title = (rest if fresh else invocation.argument).strip()[:_LONGEST_TITLE_CHARS]
        reason = CreatedReason.FRESH_COMMAND if fresh else CreatedReason.NEW_COMMAND
        async with self._manager.turn(invocation.thread) as seat:
            following = Succession(reason, self._clock.now(), title=title, with_summary=not fresh)
            conversation = await self._opening.succeed(seat, invocation.person, following)
        about = f" about {title}" if title else ""
        remembered = "I remember what mattered." if conversation.head.carried_summary else "It starts empty."
        return CommandReply(f"New conversation{about}. {remembered} /resume goes back to the last one.")

    async def resume(self, invocation: CommandInvocation) -> CommandReply:
        """Go on with an ended or archived conversation, whole; the running one ends."""
        async with self._manager.turn(invocation.thread) as seat:
            listing = await chosen(
                self._catalog,
                invocation.thread,
                invocation.argument,
                eligible=lambda conversation: conversation.state is not ConversationState.ACTIVE,
                none_left="There is no ended conversation here to go back to.",
            )
            conversation = await self._opening.resume(seat, listing.conversation_id)
        if conversation is None:
            raise RefusedInputError("That conversation has just been deleted.")
        return CommandReply(back_in(conversation))

    async def archive(self, invocation: CommandInvocation) -> CommandReply:
        """Put a conversation away: the running one, or an ended one by its number."""
        async with self._manager.turn(invocation.thread) as seat:
            if not invocation.argument and seat.conversation is not None:
                return await self._archive_running(seat, seat.conversation)
            listing = await chosen(
                self._catalog,
                invocation.thread,
                invocation.argument,
                eligible=lambda conversation: conversation.state is not ConversationState.ARCHIVED,
                none_left="There is no conversation here to archive.",
            )
            if seat.conversation is not None and listing.conversation_id == seat.conversation.conversation_id:
                return await self._archive_running(seat, seat.conversation)
            return await self._move(listing, archived=True)

    async def unarchive(self, invocation: CommandInvocation) -> CommandReply:
        """Bring an archived conversation back among the ended ones."""
        async with self._manager.turn(invocation.thread):
            listing = await chosen(
                self._catalog,
                invocation.thread,
                invocation.argument,
                eligible=lambda conversation: conversation.state is ConversationState.ARCHIVED,
                none_left="There is no archived conversation here.",
            )
            return await self._move(listing, archived=False)

    async def _archive_running(self, seat: Seat, conversation: Conversation) -> CommandReply:
        summary, usage = await self._opening.summary_of(conversation)
        now = self._clock.now()
        head = conversation.head.ended(now, summary=summary.text, title=summary.title).archived(now)
        await self._store.commit_turn(TurnRecord(head.conversation_id, heads=(head,), usage=usage))
        conversation.keep_committed((), head=head)
        self._manager.retire(conversation)
        seat.conversation = None
        await conversation.persist()
        return CommandReply("Archived. /unarchive brings it back; what you write next starts a new one.")

    async def _loaded(self, listing: ConversationListing) -> StoredConversation:
        # A copy that still waits to be written may know more than the store; the loaded one takes its place.
        await self._manager.settle(listing.conversation_id)
        stored = await self._catalog.load(listing.conversation_id)
        if stored is None:
            raise RefusedInputError("That conversation has just been deleted.")
        return stored

    async def _move(self, listing: ConversationListing, *, archived: bool) -> CommandReply:
        stored = await self._loaded(listing)
        now = self._clock.now()
        head = stored.head.archived(now) if archived else stored.head.unarchived(now)
        await self._store.commit_turn(TurnRecord(head.conversation_id, heads=(head,)))
        conversation = Conversation.loaded(replace(stored, head=head), self._manager.ids)
        conversation.mark_unwritten()
        self._manager.retire(conversation)
        await conversation.persist()
        of = f"the conversation of {head.created_at:%d %B %Y}{_titled(listing)}"
        return CommandReply(f"Archived {of}." if archived else f"Brought back {of}. /resume goes on with it.")


def _titled(listing: ConversationListing) -> str:
    return f" about {listing.title}" if listing.title else ""
