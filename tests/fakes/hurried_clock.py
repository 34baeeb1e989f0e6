"""A clock on which nobody waits."""

import asyncio

from tests.fakes.clock import FakeClock


class HurriedClock(FakeClock):
    """Moves on by itself for whoever sleeps; `slept` are the pauses, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.advance(seconds=seconds)
