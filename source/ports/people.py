"""Who talks with Echo."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.thread import Platform


@dataclass(frozen=True, slots=True)
class Alias:
    """How a platform names a person."""

    platform: Platform
    external_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody under all their names, and in how many conversations they took part."""

    person_id: int
    aliases: tuple[Alias, ...]
    conversations: int


@dataclass(frozen=True, slots=True)
class Activity:
    """What a person wrote; without a message there are no times."""

    messages: int
    first_message_at: datetime | None
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Which people: of a platform, with this id there, with this text in a name; all in one alias."""

    platform: Platform | None = None
    external_id: str | None = None
    name: str | None = None


class PeopleStore(Protocol):
    """Reading people.

    Raises: StoreError.
    """

    async def people(self, query: PeopleQuery, *, limit: int = 50, after: int = 0) -> list[Person]:
        """Return people by their ids, those that come after one."""
        ...

    async def person(self, person_id: int) -> Person | None: ...

    async def activity(self, person_id: int) -> Activity:
        """Return what a person wrote, counted now."""
        ...

    async def conversations_of(self, person_id: int, *, limit: int = 50, offset: int = 0) -> Sequence[int]:
        """Return the conversations in which a person took part, the newest first."""
        ...
