"""Decides which conversation a message belongs to: the running one, or a new one that follows it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason
from source.domain.summary import Summary
from source.domain.thread import PersonRef, ThreadRef
from source.domain.transcript_name import transcript_name
from source.domain.turn import ModelUsage, TurnRecord
from source.domain.window import Window
from source.ports.clock import Clock
from source.ports.store import ConversationStore
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.summarizer import ConversationSummarizer

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation that takes the message, and the line to show when it is new."""

    conversation: Conversation
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Succession:
    """How a new conversation follows an old one."""

    reason: CreatedReason
    at: datetime
    title: str = ""
    with_summary: bool = True


@dataclass(frozen=True, slots=True)
class _Prepared:
    message_count: int
    summary: Summary


class Opening:
    """Ends and begins conversations; each change is durable before it is seen."""

    def __init__(
        self,
        manager: InMemoryConversationManager,
        store: ConversationStore,
        summarizer: ConversationSummarizer,
        clock: Clock,
        *,
        window: Window,
        include_summary: bool,
    ) -> None:
        self._manager = manager
        self._store = store
        self._summarizer = summarizer
        self._clock = clock
        self._window = window
        self._include_summary = include_summary
        self._prepared: dict[int, _Prepared] = {}

    async def open(self, seat: Seat, person: PersonRef, said_at: datetime) -> Opened:
        """Return the conversation that a message said at `said_at` belongs to, in memory and in the store."""
        current = seat.conversation
        if current is None:
            return Opened(await self._begin_in(seat, person, said_at))
        if not self._window.has_passed(current.head, said_at):
            return Opened(current)
        quiet = said_at - current.head.last_activity
        following = Succession(CreatedReason.WINDOW_PASSED, said_at, with_summary=self._include_summary)
        conversation = await self.succeed(seat, person, following)
        remembered = "I remember what mattered" if conversation.head.carried_summary else "it starts empty"
        return Opened(
            conversation,
            f"New conversation after {_spoken(quiet)} of quiet: {remembered}. /resume goes back to the last one.",
        )

    async def succeed(self, seat: Seat, person: PersonRef, following: Succession) -> Conversation:
        """End the seat's conversation, if there is one, and begin the one that follows it."""
        previous = seat.conversation
        heads: tuple[ConversationHead, ...] = ()
        usage: tuple[ModelUsage, ...] = ()
        carried = ""
        parent = None
        if previous is not None:
            summary, usage = await self.summary_of(previous)
            heads = (previous.head.ended(self._clock.now(), summary=summary.text, title=summary.title),)
            parent = previous.conversation_id
            carried = summary.text if following.with_summary else ""
        head = self._new_head(seat.thread, person, following, parent=parent, carried=carried)
        return await self._commit(seat, head, heads, usage)

    async def prepare(self, thread: ThreadRef) -> None:
        """Make the summary that the next message will need, if the window has passed, before it comes."""
        async with self._manager.turn(thread) as seat:
            current = seat.conversation
            if current is None or not self._include_summary:
                return
            if self._window.has_passed(current.head, self._clock.now()):
                summary, usage = await self.summary_of(current)
                self._prepared[current.conversation_id] = _Prepared(len(current.history), summary)
                if usage:
                    await self._store.commit_turn(TurnRecord(current.conversation_id, usage=usage))

    async def summary_of(self, conversation: Conversation) -> tuple[Summary, tuple[ModelUsage, ...]]:
        """Return what the conversation was about, from what was prepared if nothing was said since."""
        prepared = self._prepared.pop(conversation.conversation_id, None)
        if prepared is not None and prepared.message_count == len(conversation.history):
            return prepared.summary, ()
        result = await self._summarizer.summarize(
            conversation.head, conversation.history.since(conversation.head.context_start), conversation.people or {}
        )
        return result.summary, (result.usage,) if result.usage else ()

    async def _begin_in(self, seat: Seat, person: PersonRef, said_at: datetime) -> Conversation:
        """Begin a conversation in a thread without an active one; it follows the thread's latest, if any."""
        latest = await self._store.latest(seat.thread.key)
        reason = CreatedReason.FIRST_MESSAGE
        if latest is not None and latest.state is ConversationState.ARCHIVED:
            reason = CreatedReason.AFTER_ARCHIVE
        elif latest is not None:
            reason = CreatedReason.AFTER_END
        head = self._new_head(
            seat.thread,
            person,
            Succession(reason, said_at),
            parent=latest.conversation_id if latest else None,
            carried=latest.summary if latest and self._include_summary else "",
        )
        return await self._commit(seat, head, (), ())

    def _new_head(
        self, thread: ThreadRef, person: PersonRef, following: Succession, *, parent: int | None, carried: str
    ) -> ConversationHead:
        return ConversationHead(
            conversation_id=self._manager.ids.next(following.at),
            thread=thread,
            requester=person.external_id,
            created_at=following.at,
            updated_at=following.at,
            created_reason=following.reason,
            filename=transcript_name(
                created_at=following.at,
                requester=person.external_id,
                guild_id=thread.guild_id,
                platform=thread.platform,
            ),
            parent_conversation_id=parent,
            title=following.title,
            carried_summary=carried,
        )

    async def _commit(
        self, seat: Seat, head: ConversationHead, ended: tuple[ConversationHead, ...], usage: tuple[ModelUsage, ...]
    ) -> Conversation:
        await self._store.commit_turn(TurnRecord(head.conversation_id, heads=(*ended, head), usage=usage))
        previous = seat.conversation
        if previous is not None and ended:
            previous.keep_committed((), head=ended[0])
        conversation = Conversation.begun(head, self._manager.ids)
        conversation.keep_committed(())
        self._manager.keep(conversation)
        seat.conversation = conversation
        log.info(
            "conversation_began",
            conversation_id=head.conversation_id,
            parent_conversation_id=head.parent_conversation_id,
            reason=head.created_reason.value,
        )
        return conversation


def _spoken(quiet: timedelta) -> str:
    hours = int(quiet.total_seconds() // 3600)
    if hours < 48:
        return f"{hours} hour{'s' if hours != 1 else ''}"
    return f"{hours // 24} days"
