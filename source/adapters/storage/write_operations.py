"""What can be written, as values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from source.adapters.storage.writer import Operation
from source.domain.conversation_head import StoredConversation
from source.domain.turn import AcceptedEvent, TurnRecord


@dataclass(frozen=True, slots=True)
class Accept(Operation[bool]):
    """Record an inbound message; whether it is new."""

    event: AcceptedEvent


@dataclass(frozen=True, slots=True)
class CommitTurn(Operation[None]):
    """Write what a turn changed."""

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
