"""What platforms tell of the messages that Echo sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from source.domain.outcome import Outcome
from source.domain.thread import Platform, ThreadRef

UNKNOWN: Final = "unknown "
"""What the ids of messages begin with of which nobody knows whether they were sent."""

BEGUN: Final = "begun "
"""What the ids of messages begin with that were about to be sent: where the process ended then, they may have been."""


@dataclass(frozen=True, slots=True)
class ReplyPart:
    """Part `number` (from 0) of the `count` parts in which the reply to the event `key` is sent."""

    key: int
    number: int
    count: int = 1


def unknown_id(part: ReplyPart) -> str:
    """Return what stands for the message that shows a part while nobody knows whether there is one."""
    return f"{UNKNOWN}{part.key}:{part.number}"


def begun_id(part: ReplyPart) -> str:
    """Return what stands for the message that shows a part from before it is sent until the platform has taken it."""
    return f"{BEGUN}{part.key}:{part.number}"


@dataclass(frozen=True, slots=True)
class Status:
    """What is told of one message: `external_id` stands for it, `part` is what it shows, if the platform says that.

    `code` is the platform's number of an error.
    """

    external_id: str
    outcome: Outcome
    part: ReplyPart | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """A message of a conversation whose reply has come to another point."""

    conversation_id: int
    message_id: int
    thread: ThreadRef
    delivery: Outcome


@dataclass(frozen=True, slots=True)
class Failed:
    """A part that did not arrive; `is_new`: this was not told before; `is_replaced`: it was sent again since."""

    part: ReplyPart
    code: int | None
    is_new: bool
    is_replaced: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What came of statuses; `unrelated` of them are of messages that show no reply of Echo's.

    `noted` parts were not noted as sent before: nobody had heard yet, or ever, that the platform took them.
    """

    followed: tuple[Followed, ...] = ()
    failed: tuple[Failed, ...] = ()
    unrelated: int = 0
    noted: int = 0


class StatusStore(Protocol):
    """Keeps how far each sent message has come. Every method may raise a StoreError: nothing was kept then."""

    async def tell(self, platform: Platform, statuses: Sequence[Status]) -> Told:
        """Keep what is told, in any order and however often; a reply's message says how far all of it has come."""
        ...

    async def give_up(self, platform: Platform, *, silent_since: datetime) -> tuple[Followed, ...]:
        """Call unknown what was sent with an unknown outcome, and of which nothing was told since then; return
        the messages that say so now.
        """
        ...
