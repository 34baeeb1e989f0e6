"""Commands that show something and change nothing of what was said."""

from collections.abc import Sequence
from dataclasses import replace

from source.domain.errors import RefusedInputError
from source.domain.message import Message
from source.domain.thread import PersonRef, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.store import ConversationCatalog, ConversationStore
from source.services.commands.messages import MessageFinder
from source.services.commands.numbered import GONE, MOST_LISTED, is_seen, line_of, listed
from source.services.commands.offering import to_resume
from source.services.commands.vocabulary import CommandInvocation, CommandReply, Line
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.summarizer import ConversationSummarizer

_NOTHING_SAID = "Nothing has been said here yet."
_NOT_IN_A_THREAD = "No conversation runs in this channel itself: ask me in a thread of mine."
_NOT_THEIRS = "You have taken part in no conversation that runs here."


class ReadingCommands:
    """`/conversations` and `/summary`."""

    def __init__(
        self,
        manager: InMemoryConversationManager,
        store: ConversationStore,
        catalog: ConversationCatalog,
        finder: MessageFinder,
        summarizer: ConversationSummarizer,
    ) -> None:
        self._manager = manager
        self._store = store
        self._catalog = catalog
        self._finder = finder
        self._summarizer = summarizer

    async def conversations(self, invocation: CommandInvocation) -> CommandReply:
        """List the person's conversations, the latest first, by the numbers that other commands take."""
        conversations = await listed(self._catalog, invocation)
        if not conversations:
            return CommandReply("There is no conversation of yours here yet.")
        lines = [Line(line_of(number, each), each.thread) for number, each in enumerate(conversations, 1)]
        if len(conversations) == MOST_LISTED:
            lines.append(Line(f"(the latest {MOST_LISTED})"))
        told = "\n".join(line.text for line in lines)
        return CommandReply(told, lines=tuple(lines), choices=to_resume(conversations))

    async def summary(self, invocation: CommandInvocation) -> CommandReply:
        """Say what a conversation is about, and keep that with it: the running one, or the one of a message."""
        meant = invocation.text("message")
        if meant:
            said = await self._finder.visible(meant, invocation)
            async with self._manager.turn(said.thread) as seat:
                return CommandReply(await self._summary(seat, said.conversation_id, invocation.person))
        if not invocation.is_in_thread:
            raise RefusedInputError(_NOT_IN_A_THREAD)
        async with self._manager.turn(invocation.thread) as seat:
            running = seat.conversation
            if running is None or not len(running.history):
                return CommandReply(_NOTHING_SAID)
            if not await is_seen(self._catalog, invocation, seat.thread.key, running.conversation_id):
                raise RefusedInputError(_NOT_THEIRS)
            return CommandReply(await self._summary(seat, running.conversation_id, invocation.person))

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        """Return the last `limit` messages of the thread's active conversation."""
        async with self._manager.turn(thread) as seat:
            if seat.conversation is None:
                return []
            history = seat.conversation.history
            return [message for message in history.since(max(0, len(history) - limit)) if message.is_kept]

    async def _summary(self, seat: Seat, conversation_id: int, person: PersonRef) -> str:
        """Return what a conversation of the seat's thread is about."""
        running = seat.conversation
        if running is not None and running.conversation_id == conversation_id:
            await self._summarize(running, person)
            self._manager.keep(running)
            return running.summary
        await self._manager.settle(conversation_id)
        stored = await self._catalog.load(conversation_id)
        if stored is None:
            raise RefusedInputError(GONE)
        ended = Conversation.loaded(stored, self._manager.ids)
        if not ended.summary:
            await self._summarize(ended, person)
            self._manager.retire(ended)
        return ended.summary

    async def _summarize(self, conversation: Conversation, person: PersonRef) -> None:
        head = conversation.head
        result = await self._summarizer.summarize(
            head, conversation.history.since(head.context_start), conversation.people or {}
        )
        summarized = replace(head, summary=result.summary.text, title=head.title or result.summary.title)
        usage = (replace(result.usage, person=person.external_id),) if result.usage else ()
        await self._store.commit_turn(TurnRecord(head.conversation_id, heads=(summarized,), usage=usage))
        conversation.keep_committed((), head=summarized)
