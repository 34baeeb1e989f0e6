"""How fast a business number may send: each second in all, and to one person."""

from collections import deque
from dataclasses import dataclass, field

from source.ports.clock import Clock
from tests.fakes.graph_errors import refused
from tests.fakes.graph_people import Person


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class Rates:
    """Counts on the clock that the test moves; `None` for a limit lifts it.

    Meta: 80 messages a second and number (20 with the WhatsApp Business app on the same number), about one in
    6 seconds to the same person, with bursts of up to 45 that are paid back by waiting.
    """

    clock: Clock
    per_second: int | None = 80
    burst: int | None = 45
    seconds_each: float = 6.0
    exceeded: int = 0
    _recent: deque[float] = field(default_factory=deque)
    _pairs: dict[Person, _Bucket] = field(default_factory=dict)

    def take(self, person: Person) -> None:
        """Count a message to this person.

        Raises:
            RefusedError: 130429 or 131056; nothing is counted.
        """
        now = self.clock.monotonic()
        if not self._has_room(now):
            self.exceeded += 1
            raise refused(130429)
        bucket = self._bucket_of(person, now)
        if bucket is not None and bucket.tokens < 1:
            self.exceeded += 1
            raise refused(131056)
        self._recent.append(now)
        if bucket is not None:
            bucket.tokens -= 1

    def _has_room(self, now: float) -> bool:
        while self._recent and now - self._recent[0] >= 1:
            self._recent.popleft()
        return self.per_second is None or len(self._recent) < self.per_second

    def _bucket_of(self, person: Person, now: float) -> _Bucket | None:
        if self.burst is None:
            return None
        bucket = self._pairs.setdefault(person, _Bucket(self.burst, now))
        bucket.tokens = min(self.burst, bucket.tokens + (now - bucket.at) / self.seconds_each)
        bucket.at = now
        return bucket
