"""What comes in, what a turn leaves behind, and what a model call cost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from source.domain.conversation_head import ConversationHead
from source.domain.message import Message, Standing
from source.domain.thread import PersonRef, Platform, ThreadRef


class InboundKind(StrEnum):
    """What somebody wants of Echo: an answer, or the last answer once more."""

    MESSAGE = "message"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message of a person, as a channel hands it over; `event_id` is unique in its platform.

    `reply_to` is the platform's id of the message that the person replied to, if they did.
    """

    event_id: str
    thread: ThreadRef
    person: PersonRef
    text: str
    sent_at: datetime
    kind: InboundKind = InboundKind.MESSAGE
    reply_to: str | None = None


class EventState(StrEnum):
    """How far an accepted message has come."""

    ACCEPTED = "accepted"
    ANSWERED = "answered"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class AcceptedEvent:
    """An inbound message that is durable; `key` is the store's id of it."""

    key: int
    inbound: InboundMessage
    accepted_at: datetime

    @property
    def said_at(self) -> datetime:
        """When it was said: never after it was accepted, whatever the sender's clock shows."""
        return min(self.inbound.sent_at, self.accepted_at)


class Purpose(StrEnum):
    """What a model call was for."""

    REPLY = "reply"
    SUMMARY = "summary"
    MEMORY = "memory"
    METADATA = "metadata"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """Tokens of one model call; `estimated` when the server reported none.

    `cached_tokens` is the part of `input_tokens` that the provider read from its prompt cache. `cost` is in
    millionths of a dollar, None where no price is set; `person` is the external id of who caused the call.
    """

    model: str
    purpose: Purpose
    created_at: datetime
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    estimated: bool = False
    cost: int | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Something that a reply tells somebody once, or once for each `mark`; `what` is its kind."""

    platform: Platform
    external_id: str
    what: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """Everything one turn changes, written in one transaction.

    `heads` are the conversations that are new or whose head changed beyond the times of its last
    message; `messages` are appended to `conversation_id`. `answered` are keys of accepted events
    that these messages answer; without a reply among them nothing is left to be delivered.
    `superseded` are ids of earlier messages of the conversation whose place these messages take, or that nobody is
    to be shown. `told` is what the reply tells once. `unasked` is an event that nobody sent, which these messages
    answer all the same: a person of the business says something.
    """

    conversation_id: int
    messages: tuple[Message, ...] = ()
    heads: tuple[ConversationHead, ...] = ()
    people: tuple[PersonRef, ...] = ()
    usage: tuple[ModelUsage, ...] = ()
    answered: tuple[int, ...] = ()
    superseded: tuple[int, ...] = ()
    told: tuple[Told, ...] = ()
    unasked: AcceptedEvent | None = None

    def as_amended(self, texts: Mapping[str, str | None]) -> "TurnRecord":
        """Return the turn with what was changed while it ran: new texts by event id, None for what was taken back."""
        return replace(self, messages=tuple(_as_amended(message, texts) for message in self.messages))


def _as_amended(message: Message, texts: Mapping[str, str | None]) -> Message:
    if message.event_id is None or message.event_id not in texts:
        return message
    text = texts[message.event_id]
    standing = message.standing if text is not None else Standing.DELETED
    return replace(message, message_content=text or "", standing=standing)


@dataclass(frozen=True, slots=True)
class UndeliveredReply:
    """A stored reply that its channel has not confirmed; `keys` are the events that it answers."""

    keys: tuple[int, ...]
    thread: ThreadRef
    conversation_id: int
    message: Message


@dataclass(frozen=True, slots=True)
class SentPart:
    """A message on a platform that shows part `part` (from 0) of the reply to the event `key`, the first it answers."""

    key: int
    part: int
    external_id: str


@dataclass(frozen=True, slots=True)
class SaidMessage:
    """Where in the history a message of a platform stands: a person's, or Echo's reply that it showed."""

    conversation_id: int
    thread: ThreadRef
    message: Message


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person thinks of a reply: `value` is 1 or -1; 0 takes it back. `key` is the first event it answers."""

    key: int
    person: PersonRef
    value: int
    given_at: datetime
