"""Counting people's conversations anew."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Recounted:
    """How many conversations were counted anew, in how many of them that changed something, and the last one's id.

    `last` is None when there were no more.
    """

    checked: int
    corrected: int
    last: int | None


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
