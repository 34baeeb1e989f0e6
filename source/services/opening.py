"""Decides which conversation a message belongs to: the running one, or a new one that follows it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from source.domain.carried import begun_with
from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason
from source.domain.message import MessageType
from source.domain.summary import Summary
from source.domain.thread import PersonRef, ThreadRef
from source.domain.topic_order import about_first
from source.domain.transcript_name import transcript_name
from source.domain.turn import ModelUsage, SaidMessage, TurnRecord
from source.domain.window import Window
from source.ports.clock import Clock
from source.ports.store import ConversationStore, Scope
from source.services.carrying import Carrying
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.scrubbing import AS_IT_IS, KeptText
from source.services.summarizer import ConversationSummarizer

log = structlog.get_logger(__name__)


class BringsBack(Protocol):
    """Makes archived conversations ended ones again."""

    async def bring_back(self, conversation_id: int, *, at_any_rate: bool = False) -> object:
        """Do it, or return None: there is no such conversation; `at_any_rate`: whatever became of its archive."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """The conversation that takes the message, and the line to show when it is new."""

    conversation: Conversation
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Succession:
    """How a new conversation follows an old one; `opening` is what it begins with, as far as that is known.

    Without `with_summary` it begins with nothing, not even with what is known of the person. Without `asks_model` the
    summary of the old one is made of excerpts.
    """

    reason: CreatedReason
    at: datetime
    title: str = ""
    with_summary: bool = True
    opening: str = ""
    asks_model: bool = True


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A summary, and the state of the conversation that it tells of."""

    of: int
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
        archive: BringsBack | None = None,
        carrying: Carrying | None = None,
        kept_text: KeptText = AS_IT_IS.text,
    ) -> None:
        self._manager = manager
        self._store = store
        self._summarizer = summarizer
        self._clock = clock
        self._window = window
        self._include_summary = include_summary
        self._archive = archive
        self._carrying = carrying
        self._kept_text = kept_text
        self._prepared: dict[int, _Prepared] = {}

    async def open(
        self,
        seat: Seat,
        person: PersonRef,
        said_at: datetime,
        *,
        opening: str = "",
        replied_to: SaidMessage | None = None,
        asks_model: bool = True,
    ) -> Opened:
        """Return the conversation that a message said at `said_at` belongs to, in memory and in the store.

        A reply to something that was said in this thread goes on in the conversation where that stands. Without
        `asks_model` a summary is made of excerpts.
        """
        current = seat.conversation
        if replied_to is not None and replied_to.thread.key == seat.thread.key:
            if current is not None and current.conversation_id == replied_to.conversation_id:
                return Opened(current)
            resumed = await self.resume(seat, replied_to.conversation_id)
            if resumed is not None:
                return Opened(resumed, back_in(resumed))
        if current is None:
            return Opened(await self._begin_in(seat, person, said_at, opening))
        if not self._window.has_passed(current.head, said_at):
            return Opened(current)
        quiet = said_at - current.head.last_activity
        following = Succession(CreatedReason.WINDOW_PASSED, said_at, opening=opening, asks_model=asks_model)
        conversation = await self.succeed(seat, person, following)
        remembered = "I remember what mattered" if conversation.head.carried_summary else "it starts empty"
        return Opened(
            conversation,
            f"New conversation after {_spoken(quiet)} of quiet: {remembered}. /resume goes back to the last one.",
        )

    async def succeed(self, seat: Seat, person: PersonRef, following: Succession) -> Conversation:
        """End the seat's conversation and begin the one that follows it, or the thread's latest one."""
        previous = seat.conversation
        if previous is None:
            return await self._begin(seat, person, following, await self._store.latest(seat.thread.key))
        summary, usage = await self.summary_of(previous, asks_model=following.asks_model)
        ended = previous.head.ended(self._clock.now(), summary=summary.text, title=summary.title)
        return await self._begin(seat, person, following, ended, usage)

    async def resume(self, seat: Seat, conversation_id: int) -> Conversation | None:
        """Go on with a conversation that ended or was archived, whole; the seat's running one ends.

        None: there is no such conversation any more, and nothing was changed.
        """
        # A copy that still waits to be written may know more than the store; the loaded one takes its place.
        await self._manager.settle(conversation_id)
        if self._archive is not None:
            await self._archive.bring_back(conversation_id, at_any_rate=True)
        stored = await self._store.load(conversation_id)
        if stored is None:
            return None
        now = self._clock.now()
        resumed = stored.head.resumed(now)
        left = seat.conversation
        ended = [left.head.ended(now)] if left is not None else []
        await self._store.commit_turn(TurnRecord(conversation_id, heads=(*ended, resumed)))
        if left is not None:
            left.keep_committed((), head=ended[0])
        conversation = Conversation.loaded(replace(stored, head=resumed), self._manager.ids)
        conversation.mark_unwritten()
        self._manager.keep(conversation)
        seat.conversation = conversation
        return conversation

    async def end(self, seat: Seat) -> None:
        """End the seat's conversation, with its summary; it leaves memory, and nothing runs in the thread."""
        conversation = seat.conversation
        if conversation is None:
            return
        summary, usage = await self.summary_of(conversation)
        ended = conversation.head.ended(self._clock.now(), summary=summary.text, title=summary.title)
        await self._store.commit_turn(TurnRecord(ended.conversation_id, heads=(ended,), usage=usage))
        conversation.keep_committed((), head=ended)
        self._manager.retire(conversation)
        seat.conversation = None

    async def prepare(self, thread: ThreadRef) -> None:
        """Make the summary that the next message will need, if the window has passed, before it comes."""
        async with self._manager.turn(thread) as seat:
            current = seat.conversation
            if current is None or not self._include_summary:
                return
            if self._window.has_passed(current.head, self._clock.now()):
                summary, usage = await self.summary_of(current)
                self._prepared[current.conversation_id] = _Prepared(_state_of(current), summary)
                if usage:
                    await self._store.commit_turn(TurnRecord(current.conversation_id, usage=usage))

    async def summary_of(
        self, conversation: Conversation, *, asks_model: bool = True
    ) -> tuple[Summary, tuple[ModelUsage, ...]]:
        """Return what the conversation was about, from what was prepared if nothing was said since."""
        prepared = self._prepared.pop(conversation.conversation_id, None)
        if prepared is not None and prepared.of == _state_of(conversation):
            return prepared.summary, ()
        summarizer = self._summarizer
        may_ask = self._include_summary and asks_model
        summarize = summarizer.summarize if may_ask else summarizer.summarize_offline
        result = await summarize(
            conversation.head, conversation.history.since(conversation.head.context_start), conversation.people or {}
        )
        return result.summary, (result.usage,) if result.usage else ()

    def forget(self, conversation_id: int) -> None:
        """Drop the summary that was made ready of a conversation."""
        self._prepared.pop(conversation_id, None)

    async def _begin_in(self, seat: Seat, person: PersonRef, said_at: datetime, opening: str) -> Conversation:
        """Begin a conversation in a thread without an active one; it follows the thread's latest, if any."""
        latest = await self._store.latest(seat.thread.key)
        reason = CreatedReason.FIRST_MESSAGE
        if latest is not None and latest.state is ConversationState.ARCHIVED:
            reason = CreatedReason.AFTER_ARCHIVE
        elif latest is not None:
            reason = CreatedReason.AFTER_END
        return await self._begin(seat, person, Succession(reason, said_at, opening=opening), latest)

    async def _begin(
        self,
        seat: Seat,
        person: PersonRef,
        following: Succession,
        parent: ConversationHead | None,
        usage: tuple[ModelUsage, ...] = (),
    ) -> Conversation:
        """Begin a conversation after `parent`, whose end, if it is the seat's, is committed with it."""
        head = self._new_head(
            seat.thread,
            person,
            following,
            parent=parent.conversation_id if parent else None,
            carried=await self._carried(seat.thread, person, following, parent),
        )
        ends = (parent,) if parent is not None and seat.conversation is not None else ()
        return await self._commit(
            seat, TurnRecord(head.conversation_id, heads=(*ends, head), people=(person,), usage=usage)
        )

    async def _carried(
        self, thread: ThreadRef, person: PersonRef, following: Succession, parent: ConversationHead | None
    ) -> str:
        """Return what the conversation begins with; of people, only what is known of who begins it."""
        if not following.with_summary:
            return ""
        summary = about_first(following.title, parent.summary) if parent is not None and self._include_summary else ""
        if self._carrying is None:
            return summary
        scope = Scope(thread.platform, person.external_id, thread.guild_id, thread.circle)
        return begun_with(await self._carrying.carried(scope, following.opening or following.title), summary)

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
            title=self._kept_text(following.title),
            carried_summary=self._kept_text(carried),
        )

    async def _commit(self, seat: Seat, record: TurnRecord) -> Conversation:
        """Begin the last of the record's conversations; one before it is the seat's, which ends."""
        *ended, head = record.heads
        await self._store.commit_turn(record)
        if seat.conversation is not None and ended:
            seat.conversation.keep_committed((), head=ended[0])
        conversation = Conversation.begun(head, self._manager.ids)
        conversation.keep_committed((), head=head, people=record.people)
        self._manager.keep(conversation)
        seat.conversation = conversation
        log.info(
            "conversation_began",
            conversation_id=head.conversation_id,
            parent_conversation_id=head.parent_conversation_id,
            reason=head.created_reason.value,
        )
        return conversation


def _state_of(conversation: Conversation) -> int:
    """Return a number that another one follows when something is said, edited or deleted."""
    said = conversation.history.since(conversation.head.context_start)
    return hash(tuple((message.message_id, message.edited_at, message.standing) for message in said))


def back_in(conversation: Conversation) -> str:
    """Return the line that tells people that they are back in this conversation."""
    head = conversation.head
    about = f" about {head.title}" if head.title else ""
    said = sum(message.message_type is MessageType.CHAT and message.is_kept for message in conversation.history)
    return f"Back in the conversation of {head.created_at:%d %B %Y}{about}: {said} message{'s' if said != 1 else ''}."


def _spoken(quiet: timedelta) -> str:
    minutes = int(quiet.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minute{'s' if minutes != 1 else ''}"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
