"""Who talks with Echo."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from source.domain.interactions import Interactions
from source.domain.thread import Platform

_NOTHING: Final = Interactions()


@dataclass(frozen=True, slots=True)
class Alias:
    """How a platform names a person."""

    platform: Platform
    external_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody under all their names, and what is counted of them."""

    person_id: int
    aliases: tuple[Alias, ...]
    interactions: Interactions = _NOTHING


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

    async def conversations_of(self, person_id: int, *, limit: int = 50, offset: int = 0) -> Sequence[int]:
        """Return the conversations in which a person took part, the newest first."""
        ...
