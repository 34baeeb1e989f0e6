"""Who is still there, judged by what changes and never by comparing two clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from source.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class _Observation:
    said: datetime
    since: float


class Vigil:
    """Watches the marks of other processes: one whose mark stands still for `silence` is gone."""

    def __init__(self, clock: Clock, silence: timedelta) -> None:
        self._clock = clock
        self._silence = silence.total_seconds()
        self._looked_at = clock.monotonic()
        self._known: dict[str, _Observation] = {}

    def present(self, heard: Mapping[str, datetime]) -> set[str]:
        """Return who is there, or may be: one that is seen for the first time is given the whole time."""
        now = self._clock.monotonic()
        if now - self._looked_at > self._silence / 2:
            # Not having looked for so long (database away, this process asleep), nobody can be judged.
            self._known.clear()
        self._looked_at = now
        self._known = {name: self._observed(name, said, now) for name, said in heard.items()}
        return {name for name, seen in self._known.items() if now - seen.since < self._silence}

    def _observed(self, name: str, said: datetime, now: float) -> _Observation:
        before = self._known.get(name)
        return before if before is not None and before.said == said else _Observation(said, now)
