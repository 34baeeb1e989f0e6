"""How many requests one caller may make."""

from dataclasses import dataclass
from math import ceil
from typing import Final

from source.ports.clock import Clock

_WINDOW_SECONDS: Final = 60
_MOST_CALLERS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to a caller; `seconds` until there is one more, or until all are back."""

    is_allowed: bool
    left: int
    seconds: int


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class RateLimit:
    """A bucket of tokens for each caller, which fills up in a minute; `policy` is the header `RateLimit-Policy`."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        # draft-ietf-httpapi-ratelimit-headers
        self.policy: Final = f'"minute";q={per_minute};w={_WINDOW_SECONDS}'.encode()
        self._most = per_minute
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, caller: str) -> Allowance:
        """Take one token from the caller's bucket, if there is one."""
        now = self._clock.monotonic()
        bucket = self._buckets.pop(caller, None) or _Bucket(self._most, now)
        self._buckets[caller] = bucket  # at the end: whoever was silent longest is dropped first
        if len(self._buckets) > _MOST_CALLERS:
            del self._buckets[next(iter(self._buckets))]
        filled = bucket.tokens + (now - bucket.filled_at) * self._most / _WINDOW_SECONDS
        bucket.tokens, bucket.filled_at = min(float(self._most), filled), now
        if bucket.tokens < 1:
            return Allowance(is_allowed=False, left=0, seconds=self._until(1 - bucket.tokens))
        bucket.tokens -= 1
        return Allowance(is_allowed=True, left=int(bucket.tokens), seconds=self._until(self._most - bucket.tokens))

    def _until(self, tokens: float) -> int:
        return max(1, ceil(tokens * _WINDOW_SECONDS / self._most))
