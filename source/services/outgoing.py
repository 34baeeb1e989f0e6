"""Replies as they are handed over to their channel, and what becomes of them."""

from dataclasses import dataclass
from enum import Enum

from source.domain.thread import ThreadRef
from source.domain.turn import UndeliveredReply


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply to the events of these keys; `message_id` is its place in the history, 0 for one that has none.

    `is_of_business`: a person of the business says it, which is not withheld for a person.
    """

    keys: tuple[int, ...]
    thread: ThreadRef
    text: str
    interrupted: bool = False
    message_id: int = 0
    is_of_business: bool = False


class Fate(Enum):
    """What became of a reply that was handed over."""

    SETTLED = "settled"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    PARKED = "parked"
    ASKED_FOR = "asked for"  # parked, and the person has been asked to write
    LOST = "lost"


def outgoing_of(reply: UndeliveredReply) -> Outgoing:
    """Return a stored reply as it is handed over."""
    message = reply.message
    return Outgoing(
        reply.keys,
        reply.thread,
        message.message_content,
        message.interrupted,
        message.message_id,
        message.is_of_business,
    )
