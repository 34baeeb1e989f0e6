"""Commands that show something and change nothing of what was said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from source.domain.conversation_head import ConversationState
from source.domain.errors import RefusedInputError
from source.domain.message import Message
from source.domain.thread import ThreadRef
from source.domain.turn import TurnRecord
from source.ports.store import ConversationCatalog, ConversationListing, ConversationStore, Scope, SearchHit
from source.services.commands.numbered import MOST_LISTED, listed
from source.services.commands.vocabulary import CommandInvocation, CommandReply
from source.services.conversation_manager import InMemoryConversationManager
from source.services.summarizer import ConversationSummarizer
from source.services.tools import worth_showing

_MOST_HITS = 10
_SNIPPET_CHARS = 160
_RUNNING = "running"
_STATES = {
    ConversationState.ACTIVE: "running",
    ConversationState.ENDED: "ended",
    ConversationState.ARCHIVED: "archived",
}


class ReadingCommands:
    """`/conversations`, `/summary` and `/search`."""

    def __init__(
        self,
        manager: InMemoryConversationManager,
        store: ConversationStore,
        catalog: ConversationCatalog,
        summarizer: ConversationSummarizer,
    ) -> None:
        self._manager = manager
        self._store = store
        self._catalog = catalog
        self._summarizer = summarizer

    async def conversations(self, invocation: CommandInvocation) -> CommandReply:
        """List the thread's conversations, the latest first, by the numbers that other commands take."""
        conversations = await listed(self._catalog, invocation.thread)
        if not conversations:
            return CommandReply("There is no conversation here yet.")
        lines = [_line(number, conversation) for number, conversation in enumerate(conversations, 1)]
        more = f"\n(the latest {MOST_LISTED})" if len(conversations) == MOST_LISTED else ""
        return CommandReply("\n".join(lines) + more)

    async def summary(self, invocation: CommandInvocation) -> CommandReply:
        """Say what the running conversation is about, and keep that with it."""
        async with self._manager.turn(invocation.thread) as seat:
            conversation = seat.conversation
            if conversation is None or not len(conversation.history):
                return CommandReply("Nothing has been said here yet.")
            head = conversation.head
            result = await self._summarizer.summarize(
                head, conversation.history.since(head.context_start), conversation.people or {}
            )
            summarized = replace(head, summary=result.summary.text, title=head.title or result.summary.title)
            usage = (result.usage,) if result.usage else ()
            await self._store.commit_turn(TurnRecord(head.conversation_id, heads=(summarized,), usage=usage))
            conversation.keep_committed((), head=summarized)
            self._manager.keep(conversation)
        return CommandReply(result.summary.text)

    async def search(self, invocation: CommandInvocation) -> CommandReply:
        """Find past messages that the person may see."""
        if not invocation.argument:
            raise RefusedInputError("What shall I look for? Write /search and the words.")
        thread = invocation.thread
        scope = Scope(thread.platform, invocation.person.external_id, thread.guild_id)
        hits = worth_showing(await self._catalog.search(invocation.argument, scope=scope, limit=_MOST_HITS))
        if not hits:
            return CommandReply("Nothing that was said here holds those words.")
        return CommandReply("\n".join(_found(hit) for hit in hits))

    async def history(self, thread: ThreadRef, limit: int) -> Sequence[Message]:
        """Return the last `limit` messages of the thread's active conversation."""
        async with self._manager.turn(thread) as seat:
            if seat.conversation is None:
                return []
            history = seat.conversation.history
            return history.since(max(0, len(history) - limit))


def _line(number: int, conversation: ConversationListing) -> str:
    when = conversation.last_message_at or conversation.created_at
    about = conversation.title or "(no topic)"
    state = _RUNNING if conversation.state is ConversationState.ACTIVE else conversation.state.value
    count = f"{conversation.message_count} message{'s' if conversation.message_count != 1 else ''}"
    return f"{number:>2}. {_day(when)}  {about} · {count} · {state}"


def _found(hit: SearchHit) -> str:
    who = "Echo" if hit.message.requester is None else hit.message.requester
    text = " ".join(hit.message.message_content.split())
    shown = text if len(text) <= _SNIPPET_CHARS else text[: _SNIPPET_CHARS - 1] + "…"
    return f"{_day(hit.message.created_at)}  {who}: {shown}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
