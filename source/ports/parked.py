"""What waits until a person writes again, and until when people may be answered without that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from source.domain.thread import Platform, ThreadKey


class ParkedReason(StrEnum):
    """Why a reply waits."""

    WINDOW = "window"  # the person wrote too long ago, by Echo's clock
    REFUSED = "refused"  # the platform says so


@dataclass(frozen=True, slots=True)
class ParkedReply:
    """A reply that waits; `key` is the first event that it answers, `is_told` whether the person was asked to write."""

    key: int
    thread: ThreadKey
    conversation_id: int
    message_id: int
    reason: ParkedReason
    is_told: bool
    parked_at: datetime


class ParkedReplies(Protocol):
    """Knows why undelivered replies wait. Every method may raise a StoreError."""

    async def park(self, key: int, reason: ParkedReason, *, is_told: bool) -> None:
        """Note that the reply to this event waits, in place of what was noted of it before, but since then."""
        ...

    async def settle(self, key: int) -> None:
        """Forget that it waited: it has arrived, or never will."""
        ...

    async def parked(self, platform: Platform | None = None, *, limit: int = 100, offset: int = 0) -> list[ParkedReply]:
        """Return what waits, what waits longest first."""
        ...

    async def in_thread(self, thread: ThreadKey) -> list[ParkedReply]:
        """Return what waits in a thread, the oldest reply first."""
        ...

    async def count(self) -> int:
        """How many replies wait."""
        ...

    async def drop(self, platform: Platform, before: datetime) -> list[int]:
        """Wait no longer for what was parked before; return the keys of those replies."""
        ...

    async def return_to_waiting(self, key: int, parts: Sequence[int]) -> ThreadKey | None:
        """Have these parts of a reply that seemed to have arrived sent again later; None: there is no such reply."""
        ...

    async def is_on_its_way(self, key: int) -> bool:
        """Whether the reply to this event has not arrived, and does not wait for its person either."""
        ...


class WritingTimes(Protocol):
    """Knows when people wrote last; it is noted as what they write is kept."""

    async def wrote_at(self, platform: Platform, contact_id: int) -> datetime | None:
        """Return when somebody wrote last, by the platform's clock; None: that is not known.

        Raises: StoreError.
        """
        ...
