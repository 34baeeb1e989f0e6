"""Fields of JSON from elsewhere, of whatever type they turn out to be."""

from collections.abc import Mapping, Sequence
from typing import Final

_EMPTY: Final[Mapping[str, object]] = {}


def mapping(value: object) -> Mapping[str, object]:
    """Return an object of JSON; anything else is an empty one."""
    return value if isinstance(value, dict) else _EMPTY


def listed(value: object) -> Sequence[Mapping[str, object]]:
    """Return the objects of a list; anything else is left out."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a text; a number is written out, anything else is empty."""
    if isinstance(value, int) and not isinstance(value, bool):
        # Longer ones are no ids, and Python refuses to write them.
        return str(value) if abs(value) < 10**20 else ""
    return value if isinstance(value, str) else ""
