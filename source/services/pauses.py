"""How long to wait before something that failed is tried again."""

from datetime import timedelta

_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=10)
_MOST_DOUBLINGS = 10


def pause_after(failures: int) -> timedelta:
    """Return the pause after so many failures in a row: half a minute at first, twice as long each time."""
    return min(_FIRST * (1 << min(failures - 1, _MOST_DOUBLINGS)), _LONGEST)
