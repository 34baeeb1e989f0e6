"""Ids that sort by time and need nobody's permission."""

import threading
from datetime import UTC, datetime

_EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
# 41 bits of milliseconds, 7 of sequence, 5 of node: within the 53 bits that JSON readers keep exact.
_SEQUENCE_BITS = 7
_NODE_BITS = 5
_STEP = 1 << _NODE_BITS
NODES = _STEP


class IdGenerator:
    """Hands out increasing positive ids below 2**53; safe to call from any thread.

    A clock that jumps back never makes an id smaller: the sequence runs ahead of the clock instead.
    Processes that share a store take different nodes.
    """

    def __init__(self, *, node: int = 0, last: int = 0) -> None:
        if not 0 <= node < _STEP:
            raise ValueError(f"node must be between 0 and {_STEP - 1}")
        self._node = node
        self._last = last - last % _STEP + node
        self._lock = threading.Lock()

    def move_to(self, node: int) -> None:
        """Go on with ids of another node; they are larger than those before all the same."""
        with self._lock:
            if node != self._node:
                self._node = node
                self._last += _STEP - self._last % _STEP + node

    def next(self, now: datetime) -> int:
        """Return an id larger than every id handed out before; `now` is aware."""
        base = least_from(now)
        with self._lock:
            self._last = max(base + self._node, self._last + _STEP)
            return self._last


def least_from(moment: datetime) -> int:
    """Return what no id is below that was handed out at this moment or later."""
    return max(0, int((moment - _EPOCH).total_seconds() * 1000)) << (_SEQUENCE_BITS + _NODE_BITS)
