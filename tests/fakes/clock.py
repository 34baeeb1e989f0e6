"""A clock that moves when told to."""

import asyncio
from datetime import UTC, datetime, timedelta


class FakeClock:
    """Both clocks stand still until `advance`; `jump` moves the wall clock alone, as an administrator would."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._monotonic + seconds, sleeper))
        await sleeper

    def advance(self, **duration: float) -> None:
        """Let time pass (`hours=2`) and wake whoever slept long enough."""
        passed = timedelta(**duration)
        self._now += passed
        self._monotonic += passed.total_seconds()
        for due, sleeper in self._sleepers:
            if due <= self._monotonic and not sleeper.done():
                sleeper.set_result(None)
        self._sleepers = [(due, sleeper) for due, sleeper in self._sleepers if not sleeper.done()]

    def jump(self, **duration: float) -> None:
        """Change the wall clock alone."""
        self._now += timedelta(**duration)
