"""What can be written, as values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeVar

from sqlalchemy import Connection

from source.adapters.storage.operation import Operation
from source.domain.conversation_head import StoredConversation
from source.domain.message import Message
from source.domain.thread import Platform
from source.domain.turn import AcceptedEvent, Feedback, SentPart, TurnRecord
from source.ports.webhooks import Arrival, Arrived

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Accept(Operation[bool]):
    """Record an inbound message; whether it is new."""

    event: AcceptedEvent


@dataclass(frozen=True, slots=True)
class CommitTurn(Operation[tuple[Message, ...]]):
    """Write what a turn changed; its messages as they were kept."""

    record: TurnRecord


@dataclass(frozen=True, slots=True)
class MarkDelivered(Operation[None]):
    """Note that the replies to these events have reached their channel."""

    can_wait: ClassVar[bool] = True
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RenameTranscript(Operation[None]):
    """Note under which name a conversation's transcript is."""

    conversation_id: int
    filename: str


@dataclass(frozen=True, slots=True)
class Restore(Operation[None]):
    """Make the store have these conversations."""

    conversations: Sequence[StoredConversation]


@dataclass(frozen=True, slots=True)
class Amend(Operation[AcceptedEvent | None]):
    """Change the text of an event that has no answer yet, or with None take it back; the event, if there is one."""

    platform: Platform
    event_id: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Correct(Operation[None]):
    """Replace text, time of the edit and standing of a message."""

    conversation_id: int
    message: Message


@dataclass(frozen=True, slots=True)
class NoteSent(Operation[None]):
    """Note which message of a platform shows a part of a reply; what is told of that message does not overtake this."""

    can_wait: ClassVar[bool] = True
    is_urgent: ClassVar[bool] = True
    platform: Platform
    part: SentPart
    begun_as: str | None = None


@dataclass(frozen=True, slots=True)
class BeginSending(Operation[None]):
    """Note that a part of a reply is about to be sent."""

    platform: Platform
    part: SentPart


@dataclass(frozen=True, slots=True)
class NoteNotSent(Operation[None]):
    """Note that a part of a reply, which was begun to be sent, was not."""

    can_wait: ClassVar[bool] = True
    platform: Platform
    part: SentPart


@dataclass(frozen=True, slots=True)
class NoteSeen(Operation[None]):
    """Move the marks up to which places of a platform were seen; None drops one."""

    can_wait: ClassVar[bool] = True
    platform: Platform
    last: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class PutFeedback(Operation[None]):
    """Keep what a person thinks of a reply."""

    feedback: Feedback


@dataclass(frozen=True, slots=True)
class Change(Operation[T]):
    """Whatever the function writes; it may be run again after a failure of the batch."""

    apply: Callable[[Connection, datetime], T]


@dataclass(frozen=True, slots=True)
class UrgentChange(Change[T]):
    """A change that a platform waits for, which delivers again what is not acknowledged soon."""

    is_urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class PatientChange(Change[T]):
    """A change that rides with others, for nobody is in a hurry for it."""

    can_wait: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class TakeIn(Operation[list[Arrived | None]]):
    """Keep what a webhook holds; what became of each thing."""

    is_urgent: ClassVar[bool] = True
    platform: Platform
    arrivals: Sequence[Arrival]


@dataclass(frozen=True, slots=True)
class Compact(Operation[None]):
    """Write the database's file anew, so that nothing of what was deleted is left in it."""

    is_apart: ClassVar[bool] = True
