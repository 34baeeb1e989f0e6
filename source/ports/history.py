"""What a platform tells of the time before Echo was there, and how far that has come."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.thread import Platform


@dataclass(frozen=True, slots=True)
class PastMessage:
    """Something that was said; `is_own`: by the business. `place` orders what was said in one second.

    `is_file`: it tells what a placeholder stands for that was told before.
    """

    key: str
    said_at: datetime
    text: str
    is_own: bool = False
    is_file: bool = False
    place: int = 0


@dataclass(frozen=True, slots=True)
class HistoryNews:
    """How far the telling has come, in percent, or why there is none."""

    progress: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryState:
    """How far a platform's history has come, in percent; `messages_waiting` are not part of conversations yet."""

    platform: Platform
    progress: int
    messages_waiting: int
    error: str | None
    updated_at: datetime


class HistoryStore(Protocol):
    """Keeps what was told until it is part of conversations. Every method may raise a StoreError."""

    async def put_past(self, platform: Platform, contact_id: int, messages: Sequence[PastMessage]) -> None:
        """Keep what was told of a contact; what is kept already stays, but a file takes its placeholder's place."""
        ...

    async def waiting(self, platform: Platform) -> Mapping[int, datetime]:
        """Return of which contacts something waits, and when the last of that came."""
        ...

    async def past_of(self, platform: Platform, contact_id: int, *, before: datetime) -> list[PastMessage]:
        """Return what waits of a contact and was said before this moment, in its order."""
        ...

    async def drop_past(self, platform: Platform, keys: Collection[str]) -> None:
        """Forget what is part of conversations."""
        ...

    async def note_news(self, platform: Platform, news: HistoryNews) -> None:
        """Keep how far it has come, which never becomes less; what comes disproves an earlier error."""
        ...

    async def states(self) -> list[HistoryState]:
        """Return how far the platforms are that have told anything."""
        ...
