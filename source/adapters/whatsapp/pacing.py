"""How fast messages go out: so that Meta's limits are seldom met, and obeyed where they are."""

import asyncio
import random
from dataclasses import dataclass
from typing import Final

from source.ports.clock import Clock

# Meta: about one message in 6 seconds to the same person; bursts of up to 45 are paid back by waiting.
_SECONDS_EACH: Final = 6.0
_BURST: Final = 40
# Of what a number may send in a second a part may go at once, the rest evenly: together never more than all of it.
_AT_ONCE: Final = 0.1
_FIRST_PERSON_PAUSE: Final = 6.0
_LONGEST_PERSON_PAUSE: Final = 600.0
_FIRST_NUMBER_PAUSE: Final = 2.0
_LONGEST_NUMBER_PAUSE: Final = 300.0
_MOST_DOUBLINGS: Final = 10
_SWEEP_AFTER: Final = 1_000
# Nobody sleeps for less: clocks are not that fine.
_NOW: Final = 0.001


class Bucket:
    """Lets `burst` through at once, then one each `seconds_each`; all that it remembers is one moment."""

    __slots__ = ("_burst", "_each", "_paid_until")

    def __init__(self, *, seconds_each: float, burst: float) -> None:
        self._each = seconds_each
        self._burst = max(1.0, burst)
        self._paid_until = float("-inf")

    def wait(self, now: float) -> float:
        """Return in how many seconds one may go; below zero: it could have gone before."""
        return max(self._paid_until, now) + self._each - now - self._burst * self._each

    def take(self, now: float) -> None:
        """One goes."""
        self._paid_until = max(self._paid_until, now) + self._each

    def is_full(self, now: float) -> bool:
        """Whether it is as if nothing had ever gone."""
        return self._paid_until <= now


@dataclass(slots=True)
class _Pause:
    """Nothing goes until a moment: later each time, until something was taken."""

    first: float
    longest: float
    until: float = 0.0
    times: int = 0

    def refuse(self, begun: float, now: float) -> None:
        """What began at this moment was refused: that of several which began before the pause makes it no longer."""
        if self.times and begun < self.until - _NOW:
            return
        whole = min(self.first * 2 ** min(self.times, _MOST_DOUBLINGS), self.longest)
        # Never shorter than what Meta asks for, and never quite the same.
        self.until = now + whole * random.uniform(1.0, 1.25)  # noqa: S311  (nothing secret)
        self.times += 1

    def end(self) -> None:
        self.times = 0


@dataclass(slots=True)
class _Person:
    bucket: Bucket
    pause: _Pause

    def wait(self, now: float) -> float:
        return max(self.bucket.wait(now), self.pause.until - now)


class Pacing:
    """When the next message to somebody may go; whoever has to wait holds up nobody else."""

    def __init__(self, clock: Clock, *, per_second: float, burst: int = _BURST) -> None:
        self._clock = clock
        self._burst = burst
        self._number = Bucket(seconds_each=1 / (per_second * (1 - _AT_ONCE)), burst=per_second * _AT_ONCE)
        self._pause = _Pause(_FIRST_NUMBER_PAUSE, _LONGEST_NUMBER_PAUSE)
        self._people: dict[str, _Person] = {}
        self._sweep_at = _SWEEP_AFTER
        self._turnstile = asyncio.Lock()

    def __len__(self) -> int:
        """Return of how many people something is remembered."""
        return len(self._people)

    async def turn(self, person: str) -> float:
        """Return when a message to this person may go, with that moment; it counts as gone."""
        known = self._known(person)
        while (wait := known.wait(self._clock.monotonic())) > _NOW:
            await self._clock.sleep(wait)
        known.bucket.take(self._clock.monotonic())
        async with self._turnstile:
            while (wait := self._wait()) > _NOW:
                await self._clock.sleep(wait)
            now = self._clock.monotonic()
            self._number.take(now)
            return now

    def too_fast_for(self, person: str, begun: float) -> None:
        """Meta refused what went at this moment: there was too much for this person."""
        self._known(person).pause.refuse(begun, self._clock.monotonic())

    def too_fast(self, begun: float) -> None:
        """Meta refused what went at this moment: there was too much for the number."""
        self._pause.refuse(begun, self._clock.monotonic())

    def taken(self, person: str) -> None:
        """Meta took a message to this person."""
        self._pause.end()
        if (known := self._people.get(person)) is not None:
            known.pause.end()

    def _wait(self) -> float:
        now = self._clock.monotonic()
        return max(self._number.wait(now), self._pause.until - now)

    def _known(self, person: str) -> _Person:
        if person not in self._people:
            if len(self._people) >= self._sweep_at:
                self._sweep()
            bucket = Bucket(seconds_each=_SECONDS_EACH, burst=self._burst)
            self._people[person] = _Person(bucket, _Pause(_FIRST_PERSON_PAUSE, _LONGEST_PERSON_PAUSE))
        return self._people[person]

    def _sweep(self) -> None:
        """Forget whoever may be written to as if nothing had been."""
        now = self._clock.monotonic()
        left = {name: each for name, each in self._people.items() if each.pause.times or not each.bucket.is_full(now)}
        self._people = left
        self._sweep_at = max(_SWEEP_AFTER, 2 * len(left))
