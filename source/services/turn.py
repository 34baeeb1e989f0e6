"""One turn: context, model call, tools, reply, commit, delivery."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from source.domain.errors import ContextTooLongError, StoreError
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, TurnRecord
from source.ports.channel import LiveReply
from source.ports.clock import Clock
from source.ports.store import Scope, TurnStore
from source.services.context_service import ContextService
from source.services.conversation import Conversation
from source.services.conversation_manager import InMemoryConversationManager
from source.services.delivery import announce
from source.services.opening import Opening
from source.services.speaker import Speaker, Speech
from source.services.upkeep import ContextUpkeep

log = structlog.get_logger(__name__)

_MISSED = "I was interrupted before I could answer this, and some time has passed. Say it again if it still matters."
_TOO_LONG = "That is more than my language model can read at once. Please send it in parts."


@dataclass(slots=True)
class _Running:
    speaking: asyncio.Task[None]
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one turn answers, where, and what is being said."""

    conversation: Conversation
    events: Sequence[AcceptedEvent]
    arriving: tuple[Message, ...]
    reply: LiveReply
    speech: Speech = field(default_factory=Speech)

    @property
    def keys(self) -> tuple[int, ...]:
        return tuple(event.key for event in self.events)

    @property
    def people(self) -> tuple[PersonRef, ...]:
        return tuple({event.inbound.person.external_id: event.inbound.person for event in self.events}.values())

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Everyone who is answered: all of them read the reply."""
        thread = self.conversation.head.thread
        return tuple(Scope(thread.platform, person.external_id, thread.guild_id) for person in self.people)


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored answer to the events of these keys, as its reader is to see it."""

    keys: tuple[int, ...]
    text: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class TurnParts:
    """The services that a turn goes through."""

    manager: InMemoryConversationManager
    store: TurnStore
    opening: Opening
    context: ContextService
    speaker: Speaker
    upkeep: ContextUpkeep
    clock: Clock


class Answerer:
    """Answers accepted messages of one thread together; what it returns is stored and can be delivered."""

    def __init__(self, parts: TurnParts) -> None:
        self._parts = parts
        self._running: dict[ThreadKey, _Running] = {}

    def stop(self, thread: ThreadKey) -> bool:
        """Stop the thread's running answer; False when none is running."""
        running = self._running.get(thread)
        if running is None:
            return False
        running.stopped = True
        running.speaking.cancel()
        return True

    async def answer(
        self, thread: ThreadRef, events: Sequence[AcceptedEvent], reply: LiveReply, *, missed: bool = False
    ) -> Answer:
        """Answer `events` in one turn and return the answer, stored and still to be delivered.

        `missed` events are too old to be answered: those who wrote them are told so.

        Raises: ModelError, StoreError: nothing of the turn was kept; the events stay accepted.
        """
        async with self._parts.manager.turn(thread) as seat:
            opened = await self._parts.opening.open(seat, events[-1].inbound.person, _said_at(events[0]))
            if opened.notice:
                await announce(reply, opened.notice)
            arriving = tuple(opened.conversation.take(_message(event)) for event in events)
            turn = _Turn(opened.conversation, events, arriving, reply)
            if missed:
                turn.speech.say(_MISSED, reply)
            else:
                await self._speak(turn)
            await self._commit(turn)
        return Answer(turn.keys, turn.speech.shown, turn.speech.interrupted)

    async def tidy(self, thread: ThreadRef) -> None:
        """Cut the context if it has outgrown its marks, between turns; what fails is done in the next turn."""
        try:
            async with self._parts.manager.turn(thread) as seat:
                if seat.conversation is not None:
                    await self._parts.upkeep.after_turn(seat.conversation)
        except StoreError as error:
            log.warning("context_not_cut", error=str(error))

    async def _speak(self, turn: _Turn) -> None:
        """Have the model speak; `stop` ends it with what was said so far."""
        key = turn.conversation.head.thread.key
        running = _Running(asyncio.ensure_future(self._speak_within_limits(turn)))
        self._running[key] = running
        try:
            await running.speaking
        except asyncio.CancelledError:
            if not running.stopped:
                raise
            turn.speech.interrupted = True
        finally:
            del self._running[key]

    async def _speak_within_limits(self, turn: _Turn) -> None:
        """Speak; a prompt that the model finds too long is halved until it fits or nothing can leave."""
        conversation, upkeep = turn.conversation, self._parts.upkeep
        await upkeep.before_reply(conversation, turn.arriving)
        while True:
            prompt = self._parts.context.build(conversation, turn.arriving, turn.people)
            try:
                await self._parts.speaker.speak(prompt, turn.scopes, turn.reply, turn.speech)
                return
            except ContextTooLongError:
                if not await upkeep.halve(conversation):
                    turn.speech.say(_TOO_LONG, turn.reply)
                    return

    async def _commit(self, turn: _Turn) -> None:
        conversation, speech = turn.conversation, turn.speech
        said = (conversation.take(message) for message in speech.messages(self._parts.clock))
        record = TurnRecord(
            conversation.conversation_id,
            messages=(*turn.arriving, *said),
            people=turn.people,
            usage=tuple(speech.usage),
            answered=turn.keys,
        )
        await self._parts.store.commit_turn(record)
        conversation.keep_committed(record.messages, people=turn.people)
        self._parts.manager.keep(conversation)


def _said_at(event: AcceptedEvent) -> datetime:
    """When the message was said: never after it was accepted, whatever the sender's clock shows."""
    return min(event.inbound.sent_at, event.accepted_at)


def _message(event: AcceptedEvent) -> Message:
    return Message(
        created_at=_said_at(event),
        message_type=MessageType.CHAT,
        message_content=event.inbound.text,
        requester=event.inbound.person.external_id,
        event_id=event.inbound.event_id,
    )
