"""What goes with each part of a reply, and comes back with every status of it."""

import re
from typing import Final

from source.ports.sent import ReplyPart

# Ids of the store are positive and fit 64 bits.
_PART: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9]{1,6})(?:/([1-9][0-9]{0,5}))?", re.ASCII)


def tracker_of(part: ReplyPart) -> str:
    """Return the text that Meta hands back."""
    return f"{part.key}:{part.number}/{part.count}"


def part_in(tracker: str) -> ReplyPart | None:
    """Return the part that a tracker of ours names; None: it is somebody else's."""
    found = _PART.fullmatch(tracker)
    if found is None:
        return None
    key, number, count = (int(group or 0) for group in found.groups())
    return ReplyPart(key, number, max(count, number + 1))
