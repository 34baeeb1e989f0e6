"""How long to wait before something that failed is tried again."""

import random
from datetime import timedelta
from typing import Final

from source.ports.clock import Clock

_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=10)
_MOST_DOUBLINGS = 10

_FIRST_SECONDS: Final = 1.0
# Most outages are short, and people wait: an attempt every ten seconds costs little.
_SHORT_OUTAGE: Final = timedelta(minutes=10)
_LONGEST_IN_SHORT_SECONDS: Final = 10.0
_LONGEST_SECONDS: Final = 60.0


def pause_after(failures: int) -> timedelta:
    """Return the pause after so many failures in a row: half a minute at first, twice as long each time."""
    return min(_FIRST * (1 << min(failures - 1, _MOST_DOUBLINGS)), _LONGEST)


class Pauses:
    """Twice as long each time up to a limit, which is higher in a long outage.

    They are never quite the same, so that many bots do not come back at once.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken = 0
        self._since = 0.0

    def delay(self) -> float:
        """Return the next pause in seconds."""
        now = self._clock.monotonic()
        if not self._taken:
            self._since = now
        is_short = now - self._since < _SHORT_OUTAGE.total_seconds()
        longest = _LONGEST_IN_SHORT_SECONDS if is_short else _LONGEST_SECONDS
        whole = min(_FIRST_SECONDS * 2 ** min(self._taken, _MOST_DOUBLINGS), longest)
        self._taken += 1
        return random.uniform(whole / 2, whole)  # noqa: S311  (nothing secret)

    def reset(self) -> None:
        """Begin again with the shortest."""
        self._taken = 0
