"""Whether Meta lets the number send is found out by one message at a time, less and less often."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from source.adapters.whatsapp.resuming import Resuming
from source.adapters.whatsapp.standing import Standing
from source.adapters.whatsapp.troubles import MetaError
from source.domain.errors import DeliveryError
from source.domain.thread import Platform
from source.ports.health import PartStatus
from tests.fakes.clock import FakeClock
from tests.fakes.small_echo import SmallEcho, rest


class _Graph:
    """Says what the number is, or why not."""

    def __init__(self) -> None:
        self.error: DeliveryError | None = MetaError(190, "expired")
        self.asked = 0

    async def number(self) -> str:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return "+1"


class _NothingParked:
    async def drop(self, platform: Platform, before: datetime) -> list[int]:
        return []


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def standing(clock: FakeClock) -> Standing:
    return Standing(clock)


@pytest.fixture
async def graph(clock: FakeClock, standing: Standing) -> AsyncIterator[_Graph]:
    """What is asked while nothing waits to be sent."""
    graph = _Graph()
    turns = SmallEcho(clock=clock).turns
    resuming = Resuming(
        standing=standing,
        graph=graph,
        turns=turns,
        parked=_NothingParked(),  # type: ignore[arg-type]  # nothing else of it is used
        parked_for=timedelta(days=30),
        clock=clock,
    )
    running = asyncio.create_task(resuming.run())
    yield graph
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _pass(clock: FakeClock, seconds: int, *, step: int = 1) -> None:
    for _ in range(0, seconds, step):
        await rest()
        clock.advance(seconds=step)
    await rest()


async def test_where_nothing_waits_meta_is_asked_about_the_token_less_and_less_often(
    clock: FakeClock, standing: Standing, graph: _Graph
) -> None:
    standing.refused(MetaError(190, "expired"))
    await _pass(clock, 20)
    assert graph.asked == 4  # after 1, 2, 4 and 8 seconds
    await _pass(clock, 3_600, step=50)
    assert 10 <= graph.asked - 4 <= 18
    graph.error = None
    await _pass(clock, 350, step=50)
    assert (await standing.health()).status is PartStatus.OK


async def test_a_lock_on_the_account_ends_only_when_a_message_goes(
    clock: FakeClock, standing: Standing, graph: _Graph
) -> None:
    standing.refused(MetaError(131031, "locked"))
    await _pass(clock, 3_600, step=50)
    assert graph.asked == 0
    with pytest.raises(DeliveryError):
        standing.enter()
    await _pass(clock, 350, step=50)
    assert (await standing.health()).status is PartStatus.DOWN
    standing.works()
    standing.enter()
    assert (await standing.health()).status is PartStatus.OK
