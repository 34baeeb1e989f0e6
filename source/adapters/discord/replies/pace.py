"""When the next request may leave: what Discord's answers say of its limits, channel by channel."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from source.ports.clock import Clock

# The last request of a window is the final edit's, but for the window's end: of 5 in 5 seconds one leaves each 1.1 s,
# and one final edit in nine waits, 0.3 s in the mean and this long at most. None would wait with 1.25 s.
_LONGEST_WAIT_OF_THE_END_SECONDS: Final = 0.6
# More often is more than an eye wants, and costs.
_BETWEEN_EDITS_SECONDS: Final = 1.0
# The first growth comes sooner: that a text lives is seen from it.
_BEFORE_FIRST_EDIT_SECONDS: Final = 0.4
# After Discord found all requests together too many, live edits share this for a while; its limit is 50 a second.
_CROWDED_SECONDS: Final = 60.0
_BETWEEN_ALL_EDITS_SECONDS: Final = 1 / 30
_MOST_PLACES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one answer says of its bucket: so many requests are left, for so many seconds."""

    limit: int
    remaining: int
    reset_after: float


def allowance(headers: Mapping[str, str]) -> Allowance | None:
    """Read an answer's headers; None when they say nothing of a limit."""
    try:
        return Allowance(
            int(headers["X-RateLimit-Limit"]),
            int(headers["X-RateLimit-Remaining"]),
            float(headers["X-RateLimit-Reset-After"]),
        )
    except (KeyError, ValueError):
        return None


@dataclass(slots=True)
class Bucket:
    """One kind of request in one channel, in seconds of the monotonic clock."""

    _remaining: int | None = None
    _resets_at: float = 0.0
    _held_until: float = 0.0
    _live_at: float = 0.0

    def sent(self, now: float) -> None:
        """A request leaves; until it is answered it counts as taken."""
        if self._remaining is not None and now < self._resets_at:
            self._remaining -= 1
        self._live_at = max(self._live_at, now + _BETWEEN_EDITS_SECONDS)

    def answered(self, told: Allowance, now: float) -> None:
        """Spread what remains over what is left of the time."""
        self._remaining = told.remaining
        self._resets_at = now + told.reset_after
        usable = told.reset_after - _LONGEST_WAIT_OF_THE_END_SECONDS
        self._live_at = max(self._live_at, now + usable / max(told.remaining, 1))

    def refused(self, retry_after: float, now: float) -> None:
        """Discord had enough for so long."""
        self._held_until = max(self._held_until, now + retry_after)

    def begun(self, now: float) -> None:
        """A message was posted: its first edits come sooner than the later ones."""
        self._live_at = max(now + _BEFORE_FIRST_EDIT_SECONDS, self._spread_out(now))

    def free_at(self, now: float) -> float:
        """When a request can leave without waiting at Discord's or in discord.py."""
        is_empty = self._remaining is not None and self._remaining <= 0 and now < self._resets_at
        return max(now, self._held_until, self._resets_at if is_empty else now)

    def live_at(self, now: float) -> float:
        """When the next request can leave that is worth less than the last one."""
        return max(self.free_at(now), self._live_at, self._kept_until(now))

    def _kept_until(self, now: float) -> float:
        """Until when the last request of a window is the final edit's alone."""
        is_last = self._remaining is not None and self._remaining <= 1 and now < self._resets_at
        return self._resets_at - _LONGEST_WAIT_OF_THE_END_SECONDS if is_last else now

    def _spread_out(self, now: float) -> float:
        return self._live_at if now < self._resets_at else now


@dataclass(slots=True)
class Pace:
    """What is known of one channel."""

    edits: Bucket = field(default_factory=Bucket)
    posts: Bucket = field(default_factory=Bucket)


class Crowd:
    """Live edits of all replies together, which are free until Discord finds that all requests are too many."""

    def __init__(self) -> None:
        self._crowded_until = 0.0
        self._next_at = 0.0

    def refused(self, retry_after: float, now: float) -> None:
        self._next_at = max(self._next_at, now + retry_after)
        self._crowded_until = now + retry_after + _CROWDED_SECONDS

    def live_at(self, now: float) -> float:
        return max(now, self._next_at) if now < self._crowded_until else now

    def sent(self, now: float) -> None:
        if now < self._crowded_until:
            self._next_at = max(self._next_at, now) + _BETWEEN_ALL_EDITS_SECONDS


class Paces:
    """The pace of every channel that was used of late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._places: OrderedDict[int, Pace] = OrderedDict()
        self.crowd = Crowd()

    def now(self) -> float:
        return self._clock.monotonic()

    def of(self, channel_id: int) -> Pace:
        found = self._places.get(channel_id)
        if found is None:
            found = self._places[channel_id] = Pace()
            if len(self._places) > _MOST_PLACES:
                # Two paces of one channel, if its reply still runs: discord.py keeps the limits all the same.
                self._places.popitem(last=False)
        self._places.move_to_end(channel_id)
        return found
