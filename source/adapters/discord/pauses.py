"""How long to wait before the next attempt."""

import random

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 60.0


class Pauses:
    """Twice as long each time up to a limit, and never quite the same, so that many bots do not come back at once."""

    def __init__(self, *, first: float = _FIRST_SECONDS, longest: float = _LONGEST_SECONDS) -> None:
        self._first = first
        self._longest = longest
        self._taken = 0

    def delay(self) -> float:
        """Return the next pause in seconds."""
        whole = min(self._first * 2 ** min(self._taken, 32), self._longest)
        self._taken += 1
        return random.uniform(whole / 2, whole)  # noqa: S311  (nothing secret)

    def reset(self) -> None:
        """Begin again with the shortest."""
        self._taken = 0
