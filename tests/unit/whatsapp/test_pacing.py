"""Messages go as fast as Meta lets them, and no faster."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.whatsapp.pacing import Bucket, Pacing
from tests.fakes.clock import FakeClock
from tests.fakes.hurried_clock import HurriedClock
from tests.fakes.small_echo import rest


async def _sent(pacing: Pacing, clock: FakeClock, person: str, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        await pacing.turn(person)
        moments.append(clock.monotonic())
    return moments


async def test_a_few_go_at_once_and_then_one_in_six_seconds() -> None:
    clock = HurriedClock()
    moments = await _sent(Pacing(clock, per_second=80, burst=3), clock, "ada", 5)
    assert moments == pytest.approx([0, 0, 0, 6, 12], abs=0.1)


async def test_who_has_waited_may_burst_again() -> None:
    clock = HurriedClock()
    pacing = Pacing(clock, per_second=80, burst=3)
    await _sent(pacing, clock, "ada", 3)
    clock.advance(seconds=12)
    assert await _sent(pacing, clock, "ada", 3) == pytest.approx([12, 12, 18], abs=0.1)


async def test_in_no_second_go_more_than_the_number_may_send() -> None:
    clock = HurriedClock()
    pacing = Pacing(clock, per_second=20)
    moments = [moment for each in range(100) for moment in await _sent(pacing, clock, f"person {each}", 1)]
    for at, moment in enumerate(moments):
        assert sum(moment <= other < moment + 1 for other in moments[at:]) <= 20
    assert moments[-1] < 100 / 20 * 1.2


async def test_who_has_to_wait_holds_up_nobody_else() -> None:
    clock = FakeClock()
    pacing = Pacing(clock, per_second=80, burst=1)
    await pacing.turn("ada")
    waiting = asyncio.create_task(pacing.turn("ada"))
    await rest()
    await asyncio.wait_for(pacing.turn("ben"), 1)
    assert not waiting.done()
    clock.advance(seconds=6)
    await asyncio.wait_for(waiting, 1)


async def test_after_a_refusal_a_person_waits_from_six_seconds_on_twice_as_long_each_time() -> None:
    clock = HurriedClock()
    pacing = Pacing(clock, per_second=80)
    pauses = []
    for _ in range(4):
        begun = await pacing.turn("ada")
        pacing.too_fast_for("ada", begun)
        before = clock.monotonic()
        await pacing.turn("ada")
        pauses.append(clock.monotonic() - before)
    for pause, least in zip(pauses, (6, 12, 24, 48), strict=True):
        assert least <= pause <= least * 1.26
    pacing.taken("ada")
    pacing.too_fast_for("ada", await pacing.turn("ada"))
    before = clock.monotonic()
    await pacing.turn("ada")
    assert 6 <= clock.monotonic() - before <= 7.6


async def test_when_the_number_was_too_fast_everybody_waits_and_once_for_all_that_went_together() -> None:
    clock = HurriedClock()
    pacing = Pacing(clock, per_second=80)
    begun = [await pacing.turn(f"person {each}") for each in range(5)]
    for each in begun:
        pacing.too_fast(each)
    before = clock.monotonic()
    await pacing.turn("somebody else")
    assert 2 <= clock.monotonic() - before <= 2.6


async def test_of_people_to_whom_nothing_is_owed_nothing_is_remembered() -> None:
    clock = HurriedClock()
    pacing = Pacing(clock, per_second=1_000)
    for each in range(5_000):
        await pacing.turn(f"person {each}")
        clock.advance(seconds=1)
    assert len(pacing) <= 1_000


@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 10))
def test_a_bucket_never_gives_more_than_was_paid_for(pauses: list[float], burst: int) -> None:
    bucket, now, moments = Bucket(seconds_each=6, burst=burst), 0.0, []
    for pause in pauses:
        now += pause
        if bucket.wait(now) <= 0:
            bucket.take(now)
            moments.append(now)
    for at, first in enumerate(moments):
        for gone, later in enumerate(moments[at:], 1):
            assert gone <= burst + (later - first) / 6 + 1e-6
