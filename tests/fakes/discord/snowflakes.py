"""Discord's ids, which carry the time of what they name."""

import time
from datetime import UTC, datetime

# Discord: ids count milliseconds from the first second of 2015.
EPOCH_MS = 1_420_070_400_000
_COUNTER_BITS = 22


class Snowflakes:
    """Ids that never repeat and, for the present, only grow."""

    def __init__(self) -> None:
        self._last = 0
        self._past = 0

    def next(self, at: datetime | None = None) -> int:
        """An id of now, or of a time in the past."""
        if at is not None:
            self._past += 1
            return first_of(at) | self._past % (1 << _COUNTER_BITS)
        self._last = max((int(time.time() * 1000) - EPOCH_MS) << _COUNTER_BITS, self._last + 1)
        return self._last


def first_of(at: datetime) -> int:
    """The lowest id of a millisecond."""
    return (int(at.timestamp() * 1000) - EPOCH_MS) << _COUNTER_BITS


def time_of(snowflake: int) -> datetime:
    return datetime.fromtimestamp(((snowflake >> _COUNTER_BITS) + EPOCH_MS) / 1000, UTC)
