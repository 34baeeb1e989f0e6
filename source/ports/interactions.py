"""What is counted of people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from source.domain.interactions import Interactions
from source.domain.thread import Platform

AliasKey = tuple[Platform, str]
"""A platform, and the id that it knows somebody by."""


@dataclass(frozen=True, slots=True)
class Recounted:
    """How many conversations were counted anew, in how many of them that changed something, and the last one's id.

    `last` is None when there were no more.
    """

    checked: int
    corrected: int
    last: int | None


class InteractionStore(Protocol):
    """Reading what is counted; no message is read for it.

    Raises: StoreError.
    """

    async def of_people(self, person_ids: Sequence[int]) -> Mapping[int, Interactions]:
        """Return what these people did under all their names; of whom there is nothing has no entry."""
        ...

    async def by_alias(self, person_id: int) -> Mapping[AliasKey, Interactions]:
        """Return what a person did under each of their names."""
        ...


class InteractionCounting(Protocol):
    """Counting anew what should be right already.

    Raises: StoreError.
    """

    async def steps(self, *, of: int) -> list[int]:
        """Return the ids behind which to begin, so that about `of` conversations lie between each and the next."""
        ...

    async def recount(self, *, after: int = 0, to: int | None = None, limit: int = 200) -> Recounted:
        """Count the conversations that come after one anew, up to another, at most `limit` of them."""
        ...
