"""Turns begin one by one, and none while the event loop is busy."""

import asyncio
import itertools
import time
from datetime import timedelta

from source.services.owned_tasks import OwnedTasks
from source.services.turn_gate import TurnGate

ROUNDS = 20


def _gate(longest_stop: timedelta) -> TurnGate:
    return TurnGate(OwnedTasks(), longest_round=timedelta(milliseconds=1), longest_stop=longest_stop)


async def _busy(until: asyncio.Event) -> None:
    """Keep the loop busy in each of its rounds."""
    while not until.is_set():
        time.sleep(0.002)  # noqa: ASYNC251  (this is what is tested)
        await asyncio.sleep(0)


async def test_who_waits_is_let_in_in_order_one_in_each_round() -> None:
    gate, begun, rounds = _gate(timedelta(hours=1)), list[int](), list[int]()

    async def turn(number: int) -> None:
        await gate.passed()
        begun.append(number)

    turns = [asyncio.create_task(turn(number)) for number in range(5)]
    while len(begun) < len(turns):
        await asyncio.sleep(0)
        rounds.append(len(begun))
    assert begun == [0, 1, 2, 3, 4]
    assert all(after - before <= 1 for before, after in itertools.pairwise(rounds))


async def test_nothing_begins_while_the_loop_is_busy() -> None:
    gate, calm = _gate(timedelta(hours=1)), asyncio.Event()
    busy, waiting = asyncio.create_task(_busy(calm)), asyncio.create_task(gate.passed())
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
    assert not waiting.done()
    calm.set()
    await asyncio.wait_for(waiting, 5)
    await busy


async def test_a_loop_that_is_always_busy_still_lets_turns_begin() -> None:
    gate, calm = _gate(timedelta(milliseconds=5)), asyncio.Event()
    busy = asyncio.create_task(_busy(calm))
    await asyncio.wait_for(gate.passed(), 5)
    calm.set()
    await busy


async def test_who_was_stopped_at_the_gate_does_not_stop_the_next() -> None:
    gate = _gate(timedelta(hours=1))
    first, second = asyncio.create_task(gate.passed()), asyncio.create_task(gate.passed())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 5)
    assert first.cancelled()
