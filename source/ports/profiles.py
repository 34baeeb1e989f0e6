"""Who people are, and which of their accounts are one person's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from source.domain.profile import ProfilePlace, ProfileSource, ProfileValue
from source.domain.thread import PersonRef, Platform
from source.ports.store import Scope


@dataclass(frozen=True, slots=True)
class NewValue:
    """A value that somebody gives for a field."""

    field: str
    value: str
    source: ProfileSource
    said_at: datetime


class ProfileStore(Protocol):
    """Values of profiles; what messages show follows the memories by itself.

    Raises: StoreError.
    """

    async def seen(self, scope: Scope) -> list[ProfileValue]:
        """Return what is known of the person who looks, as far as it was given where the scope sees it."""
        ...

    async def put(self, scope: Scope, person: PersonRef, value: NewValue) -> None:
        """Keep what a person says of themself, in this place."""
        ...

    async def introduce(self, scope: Scope, person: PersonRef, values: Sequence[NewValue]) -> None:
        """Keep what a platform shows of a person in place of what it showed before; not of fields that they forgot."""
        ...

    async def forget(self, scope: Scope, field: str, at: datetime) -> int:
        """Delete the values of a field that the scope sees, out of memories too; return how many there were.

        What was said up to now is not found again there.
        """
        ...

    async def beginning_with(self, scope: Scope, lines: Sequence[str]) -> list[int]:
        """Return conversations, of those that the scope sees, which the person who looks began with such a line."""
        ...

    async def begun_by(self, person_id: int, lines: Sequence[str]) -> list[int]:
        """As `beginning_with`, everywhere."""
        ...

    async def of_person(self, person_id: int) -> list[ProfileValue]:
        """Return all values of a person, for operators."""
        ...

    async def put_of(self, person_id: int, place: ProfilePlace, values: Sequence[NewValue]) -> bool:
        """Keep what an operator says of a person; False: there is nobody of this id."""
        ...

    async def forget_of(self, person_id: int, fields: Sequence[str] | None, at: datetime) -> int | None:
        """As `forget`, everywhere, for some fields or all; None: there is nobody of this id."""
        ...


class Joining(Enum):
    """What became of a code."""

    JOINED = "joined"
    WRONG = "wrong"
    PAUSED = "paused"
    SAME_ACCOUNT = "same account"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Joined:
    """What became of a code, and on which platform it was given out."""

    outcome: Joining
    other: Platform | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """How a platform knows somebody."""

    platform: Platform
    person: PersonRef


@dataclass(frozen=True, slots=True)
class LinkNotice:
    """That an account was joined by a code given out on it: still to be told there; `is_linked`: it is so still."""

    notice_id: int
    platform: Platform
    external_id: str
    other: Platform
    joined_at: datetime
    is_linked: bool = True


class LinkStore(Protocol):
    """Codes, and the people that they join.

    Raises: StoreError; nothing was changed. Of it StoreConflictError: somebody of them is being forgotten.
    """

    async def put_code(self, account: Account, digest: str, expires_at: datetime) -> None:
        """Keep a code of this account in place of the one that it had."""
        ...

    async def join(self, account: Account, digest: str) -> Joined:
        """Join the account's person to the one who was given this code, which is used up by that."""
        ...

    async def leave(self, platform: Platform, external_id: str) -> bool:
        """Make an account a person of its own, with what is of it; False: it is one already."""
        ...

    async def merge(self, kept: int, gone: int) -> bool:
        """Make two people one; False: one of them is not there."""
        ...

    async def notices(self) -> list[LinkNotice]:
        """Return what is still to be told, the oldest first."""
        ...

    async def told(self, notice_id: int) -> None:
        """Drop what was told."""
        ...
