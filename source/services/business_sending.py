"""What an operator sends into a chat: kept as said by the business, then delivered as replies are."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, Protocol

import structlog

from source.domain.errors import RefusedInputError, StoreError
from source.domain.message import OF_BUSINESS, Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, InboundMessage, SaidMessage, TurnRecord
from source.ports.channel import Channel
from source.ports.clock import Clock
from source.ports.store import ConversationStore, TurnStore
from source.services.audit import AuditLog
from source.services.conversation_manager import InMemoryConversationManager, Seat
from source.services.delivery import Deliveries
from source.services.opening import Opening
from source.services.outgoing import Fate, Outgoing
from source.services.owned_tasks import OwnedTasks
from source.services.scrubbing import AS_IT_IS, Keeping

log = structlog.get_logger(__name__)

ACTION: Final = "message_sent"
_PATIENCE: Final = timedelta(seconds=20)
_UNREACHABLE: Final = "Nothing can be sent there: Echo is not connected to that platform, or people only read it there."
_NOBODY: Final = "There is no conversation in this chat any more: the person has to write first."
# Whoever talks there waits for each answer and sees nothing that comes at another time.
_ONLY_ANSWERS: Final = frozenset({Platform.WEB, Platform.TERMINAL})


class SendState(StrEnum):
    """What became of it so far."""

    SENT = "sent"
    TEMPLATE = "template"  # a template tells it, or asks the person to write, upon which it is delivered
    PARKED = "parked"  # it is delivered when the person writes again
    WAITING = "waiting"  # it is tried again until it is delivered
    FAILED = "failed"  # it can never arrive


_STATES: Final = {
    Fate.SETTLED: SendState.SENT,
    Fate.PARKED: SendState.PARKED,
    Fate.ASKED_FOR: SendState.TEMPLATE,
    Fate.LOST: SendState.FAILED,
}


@dataclass(frozen=True, slots=True)
class SentByBusiness:
    """A message that is part of the conversation, and what became of it."""

    state: SendState
    message_id: int


class Channels(Protocol):
    """What is needed of the `TurnService`."""

    @property
    def deliveries(self) -> Deliveries: ...

    def channel_of(self, platform: Platform) -> Channel | None:
        """As in `TurnService`."""
        ...


class SendingStore(ConversationStore, TurnStore, Protocol):
    """What is read and written."""

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        """As in `ChannelStore`."""
        ...


class AsksLeave(Protocol):
    """What is needed of the people's wishes."""

    async def may_be_sent(self, thread: ThreadKey, external_id: str) -> bool:
        """As in `Wishes`."""
        ...


class KnowsWhoSpoke(Protocol):
    """What is needed of whoever knows where a person answers."""

    async def person_spoke(self, thread: ThreadKey) -> None:
        """As in `Attending`."""
        ...


@dataclass(frozen=True, slots=True)
class SendingParts:
    """What is worked with; `refusal` is what is said where a person wants nothing."""

    turns: Channels
    manager: InMemoryConversationManager
    opening: Opening
    store: SendingStore
    wishes: AsksLeave
    refusal: str
    attending: KnowsWhoSpoke
    audit: AuditLog
    clock: Clock
    keeping: Keeping = AS_IT_IS


class BusinessSending:
    """Sends for the people of the business; `windows` say whether a platform takes more than a template now."""

    def __init__(self, parts: SendingParts, *, name: str = "") -> None:
        self._parts = parts
        self._speaker = PersonRef(OF_BUSINESS, name or "A person of the team")
        self._tasks = OwnedTasks()
        self.windows: dict[Platform, Callable[[ThreadRef], Awaitable[bool]]] = {}

    async def send(self, thread: ThreadRef, text: str, *, asked_by: str, name: str | None = None) -> SentByBusiness:
        """Keep a message in the thread's conversation, and deliver it; one with a `name` is kept and sent once.

        Raises: RefusedInputError: nothing was kept; the text says why. StoreError: nothing was kept.
        """
        channel = self._parts.turns.channel_of(thread.platform)
        if channel is None or thread.platform in _ONLY_ANSWERS:
            raise RefusedInputError(_UNREACHABLE)
        is_open = self.windows.get(thread.platform)
        as_it_is = is_open is None or await is_open(thread)
        outgoing = await self._kept(thread, text, f"sent-{name or uuid.uuid4().hex}")
        if isinstance(outgoing, SentByBusiness):
            return outgoing
        await self._note(thread, asked_by)
        state = await self._delivered(channel, outgoing)
        if state is SendState.SENT and not as_it_is:
            state = SendState.TEMPLATE
        return SentByBusiness(state, outgoing.message_id)

    async def close(self) -> None:
        """Stop delivering; what has not arrived is delivered at the next start."""
        await self._tasks.close(timedelta(0))

    async def _note(self, thread: ThreadRef, asked_by: str) -> None:
        """Note what was done; it is kept by now, and whoever was told otherwise would send it again."""
        try:
            await self._parts.attending.person_spoke(thread.key)
            await self._parts.audit.note(ACTION, asked_by, {"messages": 1})
        except StoreError as error:
            log.warning("sending_not_noted", reason=str(error))

    async def _known(self, thread: ThreadRef, event_id: str) -> SentByBusiness | None:
        """Return what was sent under this name before; a process may have ended before it could say so."""
        known = await self._parts.store.find(thread.platform, event_id)
        if known is None:
            return None
        message_id = known.message.message_id
        undelivered = await self._parts.store.undelivered(thread.key)
        if all(reply.message.message_id != message_id for reply in undelivered):
            return SentByBusiness(SendState.SENT, message_id)
        is_parked = self._parts.turns.deliveries.has_parked(thread.key)
        return SentByBusiness(SendState.PARKED if is_parked else SendState.WAITING, message_id)

    async def _kept(self, thread: ThreadRef, text: str, event_id: str) -> Outgoing | SentByBusiness:
        parts = self._parts
        now = parts.clock.now()
        async with parts.manager.turn(thread) as seat:
            known = await self._known(thread, event_id)
            if known is not None:
                return known
            customer = await self._customer(seat)
            if not await parts.wishes.may_be_sent(thread.key, customer.external_id):
                raise RefusedInputError(parts.refusal)
            opened = await parts.opening.open(seat, customer, now, opening=text, asks_model=False)
            conversation = opened.conversation
            said = InboundMessage(event_id, thread, self._speaker, "", now)
            event = AcceptedEvent(parts.manager.ids.next(now), said, now)
            message = conversation.take(
                Message(now, MessageType.CHAT, text, requester=OF_BUSINESS, event_id=said.event_id)
            )
            record = await parts.keeping.turn(
                TurnRecord(
                    conversation.conversation_id,
                    messages=(message,),
                    people=(self._speaker,),
                    answered=(event.key,),
                    unasked=event,
                )
            )
            kept = await parts.store.commit_turn(record)
            conversation.keep_committed(kept, people=record.people)
            parts.manager.keep(conversation)
        return Outgoing((event.key,), thread, text, message_id=message.message_id, is_of_business=True)

    async def _customer(self, seat: Seat) -> PersonRef:
        """Return whose conversation it is.

        Raises: RefusedInputError: nobody's.
        """
        if seat.conversation is not None:
            head, people = seat.conversation.head, seat.conversation.people or {}
        else:
            latest = await self._parts.store.latest(seat.thread.key)
            stored = await self._parts.store.load(latest.conversation_id) if latest is not None else None
            if stored is None:
                raise RefusedInputError(_NOBODY)
            head, people = stored.head, dict(stored.people)
        who = head.requester
        if who is None or who == OF_BUSINESS:
            raise RefusedInputError(_NOBODY)
        return PersonRef(who, people.get(who, who))

    async def _delivered(self, channel: Channel, outgoing: Outgoing) -> SendState:
        """Deliver it; whoever asked for it does not wait for as long as that may take."""
        reply = channel.open_reply(outgoing.thread, outgoing.keys)
        delivering = self._tasks.spawn(
            self._parts.turns.deliveries.deliver(channel, reply, outgoing), name="business-sending"
        )
        await asyncio.wait([delivering], timeout=_PATIENCE.total_seconds())
        return _STATES.get(delivering.result(), SendState.WAITING) if delivering.done() else SendState.WAITING
