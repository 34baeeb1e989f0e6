"""One turn: context, model call, tools, reply, commit."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog

from source.domain.errors import AlreadyAnsweredError, ContextTooLongError, ModelError, StoreError
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, SaidMessage
from source.ports.channel import LiveReply
from source.ports.clock import Clock
from source.ports.recall import Eyes
from source.ports.store import TurnStore
from source.services.answers import Answer, Answers
from source.services.asked import Asked, arriving, messages_of, retried
from source.services.attendance import ALWAYS_OPEN, Gate
from source.services.context_service import ContextService
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.delivery import announce
from source.services.hearing import Hearing
from source.services.introduction import NO_INTRODUCTIONS, Introductions, introduced
from source.services.mailbox import Batch
from source.services.notices import NOTHING_TO_TELL, Notices
from source.services.opening import Opening
from source.services.recalling import NEVER_FIRST, RecallFirst
from source.services.scrubbing import AS_IT_IS, Keeping
from source.services.speaker import Speaker
from source.services.topics import NO_SUGGESTIONS, TopicWatch
from source.services.upkeep import ContextUpkeep

log = structlog.get_logger(__name__)

NOTHING_TO_RETRY = "There is no answer here that I could give again. Write something and I will answer."
_MISSED = "I was interrupted before I could answer this, and some time has passed. Say it again if it still matters."
_PARTLY_MISSED = "Some of this was said while I was away, long ago: say it again if it still matters."
_CAUGHT_UP = "I was away; this answers what you wrote while I was."
_ANSWERED = "I have answered this already."
_TOO_LONG = "That is more than my language model can read at once. Please send it in parts."


class AnsweringStore(TurnStore, Protocol):
    """What turns read and write."""

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        """As in `CorrectionStore`."""
        ...


@dataclass(slots=True)
class _Running:
    """A turn in progress that answers the events of these keys; `speaking` is there once the model speaks."""

    keys: frozenset[int]
    speaking: asyncio.Task[None] | None = None
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class TurnParts:
    """The services that a turn goes through."""

    manager: InMemoryConversationManager
    store: AnsweringStore
    opening: Opening
    context: ContextService
    speaker: Speaker
    upkeep: ContextUpkeep
    clock: Clock
    recall_first: RecallFirst = NEVER_FIRST
    keeping: Keeping = AS_IT_IS
    notices: Notices = NOTHING_TO_TELL
    topics: TopicWatch = NO_SUGGESTIONS
    gate: Gate = ALWAYS_OPEN
    introductions: Introductions = NO_INTRODUCTIONS


class Answerer:
    """Answers accepted messages of one thread together; what it returns is stored and can be delivered."""

    def __init__(self, parts: TurnParts) -> None:
        self._parts = parts
        self._answers = Answers(parts.store, parts.manager, parts.keeping, parts.clock)
        self._hearing = Hearing(parts.opening, self._answers, parts.introductions)
        self._running: dict[ThreadKey, _Running] = {}

    def stop(self, thread: ThreadKey, *, answering: int | None = None) -> bool:
        """Stop the thread's running answer, or only one to the event `answering`; False when it is not running."""
        running = self._running.get(thread)
        if running is None or (answering is not None and answering not in running.keys):
            return False
        running.stopped = True
        if running.speaking is not None:
            running.speaking.cancel()
        return True

    async def can_retry(self, thread: ThreadRef) -> bool:
        """Whether there is something in this thread that can be answered once more."""
        async with self._parts.manager.turn(thread) as seat:
            return retried(seat.conversation) is not None

    async def answer(self, batch: Batch) -> Answer | None:
        """Answer a batch in one turn and return the answer, stored and still to be delivered; None: nothing is left.

        Messages that are too old are not answered: those who wrote them are told so. Nothing but retries is
        answered by a new reply to what was said last, in the place of the reply that was there. What turns out to
        be answered, by a turn of which it was not known whether the store had kept it, is not answered again: its
        reply is returned, without the events that it does not answer.

        Raises: ModelError, StoreError: nothing of the turn was kept; the events stay accepted.
        """
        try:
            return await self._answered(batch)
        except AlreadyAnsweredError:
            return await self._stored(batch)

    async def _answered(self, batch: Batch) -> Answer | None:
        running = self._running[batch.thread.key] = _Running(frozenset(each.event.key for each in batch.waiting))
        try:
            async with self._parts.manager.turn(batch.thread) as seat:
                # Only now: what still waited could be edited and taken back.
                events = batch.events
                if not events:
                    return None
                _refuse_what_is_in_the_history(batch, seat.conversation)
                heard = await self._parts.gate.heard(batch.thread.key, events)
                if heard is not None:
                    return await self._hearing.hear(seat, batch, events, heard)
                asked = await self._asked(seat, batch, events, batch.reply)
                if asked is None:
                    return await self._answers.tell(seat, events, _MISSED if batch.is_too_old else NOTHING_TO_RETRY)
                asked = await introduced(asked, self._parts.introductions)
                if batch.is_too_old:
                    asked.speech.say(_MISSED, asked.reply)
                elif not await self._speak(asked, running):
                    return await self._answers.leave(asked)
                if self._parts.gate.is_held(batch.thread.key):
                    await self._hearing.give_way(batch, asked)
                    return None
                answer = await self._answers.commit(asked)
                if not batch.is_too_old:
                    await self._suggest(asked)
                return answer
        finally:
            del self._running[batch.thread.key]

    async def _stored(self, batch: Batch) -> Answer:
        """Return the answer that the store has to some of the batch already."""
        store, thread = self._parts.store, batch.thread
        waiting = {event.key for event in await store.unanswered(platform=thread.platform)}
        keys = {event.key for event in batch.events} - waiting
        log.warning("answered_before", events=len(keys))
        for reply in await store.undelivered(thread.key):
            if not keys.isdisjoint(reply.keys):
                message = reply.message
                return Answer(reply.keys, message.message_content, message.interrupted, message.message_id)
        return Answer(tuple(sorted(keys)), _ANSWERED)

    async def tidy(self, thread: ThreadRef) -> None:
        """Cut the context if it has outgrown its marks, between turns; what fails is done in the next turn."""
        try:
            async with self._parts.manager.turn(thread) as seat:
                if seat.conversation is not None:
                    await self._parts.upkeep.after_turn(seat.conversation)
        except StoreError as error:
            log.warning("context_not_cut", error=str(error))

    async def _asked(
        self, seat: Seat, batch: Batch, events: tuple[AcceptedEvent, ...], reply: LiveReply
    ) -> Asked | None:
        """Return what is to be answered, in the conversation that it belongs to; None: a retry of nothing."""
        said = messages_of(events)
        if not said:
            last = None if batch.is_too_old else retried(seat.conversation)
            if seat.conversation is None or last is None:
                return None
            return Asked(seat.conversation, events, reply, earlier=last.asked, again=last.said)
        latest = said[-1].inbound
        replied_to = await self._parts.store.find(seat.thread.platform, latest.reply_to) if latest.reply_to else None
        words = "\n".join(event.inbound.text for event in said)
        opened = await self._parts.opening.open(
            seat, latest.person, said[0].said_at, opening=words, replied_to=replied_to
        )
        for line in (opened.notice, _line_about(batch)):
            if line:
                await announce(reply, line)
        await self._parts.notices.tell(reply, seat.thread, latest.person.external_id)
        conversation = opened.conversation
        return Asked(conversation, events, reply, arriving=arriving(conversation, events))

    async def _speak(self, asked: Asked, running: _Running) -> bool:
        """Have the model speak; `stop` ends it with what was said so far. False: nothing that is worth its place."""
        if not running.stopped:
            running.speaking = asyncio.ensure_future(self._speak_within_limits(asked))
            try:
                await running.speaking
            except asyncio.CancelledError:
                if not running.stopped:
                    raise
            except ModelError:
                if not self._parts.gate.is_held(asked.thread.key):
                    raise
            else:
                return True
        if self._parts.gate.is_held(asked.thread.key):
            return True
        return asked.speech.cut_short(asked.reply) or not asked.again

    async def _speak_within_limits(self, asked: Asked) -> None:
        """Speak; a prompt that the model finds too long is halved until it fits or nothing can leave."""
        conversation, upkeep = asked.conversation, self._parts.upkeep
        await upkeep.before_reply(conversation, asked.arriving)
        first = await self._parts.recall_first.found(asked.words, asked.names, asked.eyes)
        while True:
            prompt = self._parts.context.build(conversation, asked.arriving, asked.people, without=asked.replaced)
            try:
                await self._parts.speaker.speak(prompt, Eyes(asked.scopes), asked.reply, asked.speech, first=first)
                return
            except ContextTooLongError:
                if not await upkeep.halve(conversation):
                    asked.speech.say(_TOO_LONG, asked.reply)
                    return

    async def _suggest(self, asked: Asked) -> None:
        """Show, below the answer, what is worth suggesting after it; an answer given anew says nothing new."""
        line = self._parts.topics.suggestion(asked.conversation) if not asked.again else None
        if line is not None:
            await announce(asked.reply, line)


def _refuse_what_is_in_the_history(batch: Batch, conversation: Conversation | None) -> None:
    """Before the model is asked: what failed to be stored, as it seemed, may have been stored."""
    if conversation is None or not any(waiting.is_told for waiting in batch.remaining):
        return
    tried = {waiting.event.inbound.event_id for waiting in batch.remaining}
    if any(message.event_id in tried for message in conversation.history):
        raise AlreadyAnsweredError("the turn was kept after all")


def _line_about(batch: Batch) -> str | None:
    """Return what is to be told of a turn that does not answer what was said just now."""
    if batch.is_too_old:
        return None
    if any(waiting.is_too_old for waiting in batch.remaining):
        return _PARTLY_MISSED
    return _CAUGHT_UP if any(waiting.is_caught_up for waiting in batch.remaining) else None
