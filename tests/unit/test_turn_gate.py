"""Turns begin one by one, and the fewer the busier the event loop is."""

import asyncio
import time
from datetime import timedelta

from source.services.owned_tasks import OwnedTasks
from source.services.turn_gate import TurnGate

LONG = timedelta(hours=1)


def _gate(longest_pause: timedelta = LONG) -> TurnGate:
    return TurnGate(OwnedTasks(), longest_round=timedelta(milliseconds=1), longest_pause=longest_pause)


async def _busy(until: asyncio.Event) -> None:
    """Keep the loop busy in each of its rounds."""
    while not until.is_set():
        time.sleep(0.002)  # noqa: ASYNC251  (this is what is tested)
        await asyncio.sleep(0)


class Turns:
    """Turns that wait at a gate; those that have begun, in their order."""

    def __init__(self, gate: TurnGate, count: int) -> None:
        self.begun: list[int] = []
        self.waiting = [asyncio.create_task(self._turn(gate, number)) for number in range(count)]

    async def _turn(self, gate: TurnGate, number: int) -> None:
        await gate.passed()
        self.begun.append(number)


async def test_who_waits_is_let_in_in_order_and_not_all_at_once() -> None:
    turns, loop = Turns(_gate(), 5), asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*turns.waiting)
    assert turns.begun == [0, 1, 2, 3, 4]
    assert loop.time() - began >= 4 * 0.004


async def test_who_comes_when_the_loop_is_calm_and_nobody_waits_is_let_in_at_once() -> None:
    gate = TurnGate(OwnedTasks(), longest_round=LONG)
    for _ in range(2):
        turns = Turns(gate, 1)
        for _ in range(5):
            await asyncio.sleep(0)
        assert turns.begun == [0]


async def test_fewer_and_fewer_begin_while_the_loop_is_busy_and_the_others_afterwards() -> None:
    turns, calm = Turns(_gate(timedelta(seconds=0.2)), 12), asyncio.Event()
    busy = asyncio.create_task(_busy(calm))
    await asyncio.sleep(0.3)
    in_time = len(turns.begun)  # pauses of 4, 8, 16, 32, 64 and 128 ms leave time for so many
    calm.set()
    await busy
    assert 1 <= in_time <= 8
    await asyncio.wait_for(asyncio.gather(*turns.waiting), 10)


async def test_a_loop_that_is_always_busy_still_lets_turns_begin() -> None:
    turns, calm = Turns(_gate(timedelta(milliseconds=5)), 5), asyncio.Event()
    busy = asyncio.create_task(_busy(calm))
    await asyncio.wait_for(asyncio.gather(*turns.waiting), 5)
    calm.set()
    await busy


async def test_who_was_stopped_at_the_gate_does_not_stop_the_next() -> None:
    gate = _gate()
    first, second = asyncio.create_task(gate.passed()), asyncio.create_task(gate.passed())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 5)
    assert first.cancelled()
