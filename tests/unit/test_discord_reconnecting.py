"""How soon Echo is back after an outage of Discord's."""

import asyncio
from typing import Any

import pytest

from source.adapters.discord.connection import Connection
from source.adapters.discord.link import Link
from source.services.pauses import Pauses
from tests.fakes.clock import FakeClock


class AwayUntil:
    """A client whose attempts fail until a moment of the clock."""

    def __init__(self, clock: FakeClock, *, back_at: float) -> None:
        self.link = Link()
        self.connected = asyncio.Event()
        self._clock = clock
        self._back_at = back_at

    async def reopen(self) -> None: ...

    async def start(self, _token: str) -> None:
        await asyncio.sleep(0)
        if self._clock.monotonic() < self._back_at:
            raise ConnectionRefusedError("nobody listens")
        self.connected.set()
        await asyncio.Event().wait()

    async def close(self) -> None: ...

    async def hang_up(self) -> None: ...


@pytest.mark.parametrize(("outage", "longest"), [(5, 10), (30, 10), (120, 10), (590, 10), (3_600, 60)])
async def test_echo_is_back_soon_after_discord_is(outage: float, longest: float) -> None:
    clock = FakeClock()
    client: Any = AwayUntil(clock, back_at=outage)
    stop = asyncio.Event()
    running = asyncio.create_task(Connection(client, "token", clock).run(stop))
    while not client.connected.is_set() and clock.monotonic() < outage + 600:
        for _ in range(10):
            await asyncio.sleep(0)
        clock.advance(seconds=0.25)
    stop.set()
    await running
    assert clock.monotonic() - outage <= longest + 1


def test_pauses_grow_to_ten_seconds_and_in_a_long_outage_to_a_minute() -> None:
    clock = FakeClock()
    pauses = Pauses(clock)
    first = [pauses.delay() for _ in range(20)]
    clock.advance(minutes=10)
    later = [pauses.delay() for _ in range(5_000)]
    assert 0.5 <= first[0] <= 1
    assert all(5 <= pause <= 10 for pause in first[4:])
    assert all(30 <= pause <= 60 for pause in later)
    assert len(set(later[:10])) > 1
    pauses.reset()
    assert pauses.delay() <= 1
