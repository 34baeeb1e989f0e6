"""What becomes of what Echo sent."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """How far something sent has come, as its platform tells; `UNKNOWN`: nobody can tell whether it arrived."""

    UNTOLD = ""
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


_WAY: Final = tuple(Outcome)
_RANKS: Final = {outcome: rank for rank, outcome in enumerate(_WAY)}


def later(one: Outcome, other: Outcome) -> Outcome:
    """Return what holds of a message of which both were told, in any order: nothing goes back, and a failure stays."""
    return max(one, other, key=_RANKS.__getitem__)


def of_part(tries: Iterable[Outcome]) -> Outcome:
    """Return how far a part has come that was sent in one or several tries: it failed if all of them did."""
    return max(tries, key=lambda outcome: -1 if outcome is Outcome.FAILED else _RANKS[outcome], default=Outcome.UNTOLD)


def of_reply(parts: Mapping[int, Iterable[Outcome]], count: int) -> Outcome:
    """Return how far a reply of `count` parts has come, which is as far as the least of them."""
    states = [of_part(tries) for tries in parts.values()]
    for worst in (Outcome.FAILED, Outcome.UNKNOWN):
        if worst in states:
            return worst
    if len(states) < count:
        return Outcome.UNTOLD
    return min(states, key=_RANKS.__getitem__, default=Outcome.UNTOLD)
