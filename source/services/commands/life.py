"""Commands that begin, end, put away and bring back conversations."""

from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import structlog

from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.errors import ArchiveError, RefusedInputError, StoreError, TranscriptError
from source.domain.thread import ThreadRef
from source.ports.clock import Clock
from source.ports.store import ConversationCatalog, ConversationListing
from source.services.archive import ArchiveRequest, ArchiveService
from source.services.commands.numbered import GONE, WHICH, Eligible, about, chosen, listed
from source.services.commands.offering import RESUMABLE, to_resume
from source.services.commands.vocabulary import Choice, CommandInvocation, CommandReply
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.opening import Opening, Succession, back_in

log = structlog.get_logger(__name__)

_LONGEST_TITLE_CHARS = 80
_NOT_NOW = "The archive cannot be reached right now: try it again later. Nothing is lost."

ARCHIVABLE = Eligible(
    frozenset({ConversationState.ACTIVE, ConversationState.ENDED}),
    none_left="There is no conversation of yours here to archive.",
)
ARCHIVED = Eligible(
    frozenset({ConversationState.ARCHIVED}), none_left="There is no archived conversation of yours here."
)


class LifeCommands:
    """`/new`, `/resume`, `/archive` and `/unarchive`; each waits for the thread's running turn to end."""

    def __init__(
        self,
        manager: InMemoryConversationManager,
        catalog: ConversationCatalog,
        opening: Opening,
        archive: ArchiveService,
        clock: Clock,
    ) -> None:
        self._manager = manager
        self._catalog = catalog
        self._opening = opening
        self._archive = archive
        self._clock = clock

    async def new(self, invocation: CommandInvocation) -> CommandReply:
        """End the conversation and begin one with its summary; `fresh` begins with nothing."""
        if not invocation.is_in_thread:
            raise RefusedInputError("A conversation needs a thread: ask me for a new one there.")
        fresh = invocation.flag("fresh")
        title = _topic_in(invocation.text("topic"))
        reason = CreatedReason.TOPIC_COMMAND if title else CreatedReason.NEW_COMMAND
        if fresh:
            reason = CreatedReason.FRESH_COMMAND
        async with self._manager.turn(invocation.thread) as seat:
            following = Succession(reason, self._clock.now(), title=title, with_summary=not fresh)
            conversation = await self._opening.succeed(seat, invocation.person, following)
        on_topic = f" about {title}" if title else ""
        remembered = "I remember what mattered." if conversation.head.carried_summary else "It starts empty."
        return CommandReply(f"New conversation{on_topic}. {remembered} /resume goes back to the last one.")

    async def resume(self, invocation: CommandInvocation) -> CommandReply:
        """Go on with an ended or archived conversation, whole; the running one of its thread ends."""
        async with self._held(invocation, RESUMABLE) as (seat, listing):
            conversation = await self._opening.resume(seat, listing.conversation_id)
        if conversation is None:
            raise RefusedInputError(GONE)
        told = _told(back_in(conversation), invocation, listing, archived=False)
        return told if invocation.text(WHICH) else replace(told, choices=await self._others(invocation))

    async def archive(self, invocation: CommandInvocation) -> CommandReply:
        """Put a conversation away: the running one, or another by its number."""
        if invocation.is_in_thread and not invocation.text(WHICH):
            async with self._manager.turn(invocation.thread) as seat:
                if seat.conversation is not None:
                    return await self._archive_running(seat, seat.conversation.conversation_id, invocation)
        async with self._held(invocation, ARCHIVABLE) as (seat, listing):
            running = seat.conversation
            if running is not None and listing.conversation_id == running.conversation_id:
                reply = await self._archive_running(seat, listing.conversation_id, invocation)
                return replace(reply, thread=_elsewhere(invocation, listing))
            await self._put_away(seat, listing.conversation_id, invocation)
        # A thread in which another conversation runs stays where it is.
        emptied = True if running is None else None
        return _told(f"Archived {about(listing)}.", invocation, listing, archived=emptied)

    async def unarchive(self, invocation: CommandInvocation) -> CommandReply:
        """Bring an archived conversation back among the ended ones."""
        async with self._held(invocation, ARCHIVED) as (_, listing):
            with _refused_while_unreachable():
                await self._archive.restore_in_hold(listing.conversation_id)
        return _told(f"Brought back {about(listing)}. /resume goes on with it.", invocation, listing, archived=False)

    async def _others(self, invocation: CommandInvocation) -> tuple[Choice, ...]:
        """Return what else could have been meant; it is done already, so that nothing may go wrong here."""
        try:
            return to_resume(await listed(self._catalog, invocation))
        except StoreError as error:
            log.warning("nothing_offered", reason=str(error))
            return ()

    @asynccontextmanager
    async def _held(
        self, invocation: CommandInvocation, eligible: Eligible
    ) -> AsyncIterator[tuple[Seat, ConversationListing]]:
        """Hold the thread of the conversation that is meant, which may not be the one where it was asked."""
        thread = invocation.thread
        if not invocation.is_in_thread:
            found = await chosen(self._catalog, invocation, eligible)
            thread = found.thread
            invocation = replace(invocation, options={WHICH: str(found.conversation_id)})
        async with self._manager.turn(thread) as seat:
            # Chosen while the thread is held: what ran before may have changed what there is to choose.
            yield seat, await chosen(self._catalog, invocation, eligible)

    async def _archive_running(self, seat: Seat, conversation_id: int, invocation: CommandInvocation) -> CommandReply:
        await self._put_away(seat, conversation_id, invocation)
        return CommandReply("Archived. /unarchive brings it back; what you write next starts a new one.", archived=True)

    async def _put_away(self, seat: Seat, conversation_id: int, invocation: CommandInvocation) -> None:
        request = ArchiveRequest(by=f"person:{invocation.person.external_id}")
        with _refused_while_unreachable():
            await self._archive.archive_in(seat, conversation_id, request)


@contextmanager
def _refused_while_unreachable() -> Generator[None]:
    """Tell the person that it does not go now, and the operator why."""
    try:
        yield
    except (ArchiveError, TranscriptError) as error:
        log.warning("archive_refused", error=type(error).__name__, reason=str(error))
        raise RefusedInputError(_NOT_NOW) from error


def _told(
    text: str, invocation: CommandInvocation, listing: ConversationListing, *, archived: bool | None
) -> CommandReply:
    return CommandReply(text, thread=_elsewhere(invocation, listing), archived=archived)


def _topic_in(typed: str) -> str:
    """Return the topic of `/new topic garden`, which is that of `/new garden`."""
    words = typed.split()
    if words and words[0].casefold() == "topic":
        del words[0]
    return " ".join(words)[:_LONGEST_TITLE_CHARS].rstrip()


def _elsewhere(invocation: CommandInvocation, listing: ConversationListing) -> ThreadRef | None:
    return None if listing.thread.key == invocation.thread.key else listing.thread
