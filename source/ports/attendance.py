"""Who answers in a thread, what people wish not to be sent, and what each was told once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from source.domain.attendance import Attendance, AttendedThread
from source.domain.thread import Platform, ThreadKey


class AttendanceStore(Protocol):
    """Knows in which threads a person answers. Every method may raise a StoreError: nothing was changed then."""

    async def attended(self) -> list[AttendedThread]:
        """Return the threads in which Echo does not answer, or did not until something ran out."""
        ...

    async def attend(self, thread: ThreadKey, attendance: Attendance) -> None:
        """Keep who answers in a thread; durable on return."""
        ...


class WishStore(Protocol):
    """Knows who wants nothing unasked. Every method may raise a StoreError: nothing was changed then."""

    async def stop(self, platform: Platform, external_id: str) -> None:
        """Somebody wants nothing unasked from now on; asked again, the first time counts."""
        ...

    async def start(self, platform: Platform, external_id: str) -> None:
        """Somebody takes that back."""
        ...

    async def stopped_at(self, platform: Platform, external_id: str) -> datetime | None:
        """Return since when somebody wants nothing unasked; None: they said no such thing."""
        ...

    async def has_written_since(self, platform: Platform, external_id: str, since: datetime) -> bool:
        """Whether somebody has written something that Echo accepted after a moment."""
        ...


class ToldStore(Protocol):
    """Knows what people were told; that they were is written with the turn that tells them."""

    async def told(self, platform: Platform, external_ids: Sequence[str], what: str) -> dict[str, str]:
        """Return the mark of what they were told last of this kind, for those who were.

        Raises: StoreError.
        """
        ...
