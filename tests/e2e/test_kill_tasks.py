"""Tasks survive the death of those who do them."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.task_table import TaskTable
from source.domain.task import Lane, NewTask
from source.ports.clock import SystemClock
from tests.e2e.kill_tasks.campaign import Campaign, ended_in_order, start
from tests.e2e.kill_tasks.verdict import is_settled, verdict_on
from tests.e2e.kill_tasks.worker import WRITE, Place, finish, work
from tests.fakes.databases import KINDS, database_of


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with database_of(request.param, tmp_path) as url, _nobody_left():
        yield Place(url, tmp_path)


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Place]:
    with database_of("postgresql", tmp_path) as url, _nobody_left():
        yield Place(url, tmp_path)


@contextmanager
def _nobody_left() -> Iterator[None]:
    """Kill what a test that failed has left running."""
    try:
        yield
    finally:
        for process in multiprocessing.active_children():
            process.kill()


async def test_every_piece_is_done_once_whoever_is_killed_when(place: Place) -> None:
    campaign = Campaign(place, Random(4))
    await campaign.run(12)
    verdict = verdict_on(place)
    assert verdict.problems == ()
    assert verdict.pieces > 12


async def test_the_work_of_one_that_is_killed_is_taken_over_by_one_of_the_others(shared: Place) -> None:
    first = await _holding(replace(shared, process="first"))
    first.kill()
    others = [start(finish, replace(shared, process=name), is_last=False) for name in ("second", "third")]
    await asyncio.gather(*map(ended_in_order, others))
    await ended_in_order(start(finish, shared))
    begun = _noted(shared, "began 0-0/0")
    assert len(begun) == 2
    assert begun[0] == "began 0-0/0 first"
    assert verdict_on(shared).problems == ()


async def test_one_that_was_silent_for_long_and_comes_back_disturbs_nothing(shared: Place) -> None:
    slow = replace(shared, process="slow")
    process = await _holding(slow)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    await ended_in_order(start(finish, replace(shared, process="other")))
    store = await SqlStore.open(shared.url, clock=SystemClock(), durability="normal")
    rows = TaskTable(store)
    [before] = await rows.listed()
    slow.held.unlink()
    os.kill(process.pid, signal.SIGCONT)
    await _until(lambda: bool(_noted(shared, "wrote 0-0/0 slow")))
    # It goes on with what is new.
    await rows.add(NewTask(f"{WRITE}_owner", {"name": "new", "pieces": 2}, key="new"), Lane.OWNER)
    await _until(lambda: bool(_noted(shared, "wrote new/1 slow")))
    while await rows.in_hand():  # noqa: ASYNC110  # another process does it
        await asyncio.sleep(0.05)
    assert (await rows.listed())[-1] == before
    await _until(lambda: is_settled(shared))  # its log may end later than the task
    process.kill()
    await store.close()
    assert _noted(shared, "began 0-0/1") == ["began 0-0/1 other"]
    await ended_in_order(start(finish, shared))
    assert verdict_on(shared).problems == ()


async def _holding(place: Place) -> ForkServerProcess:
    """Start a process and return it when it is in the middle of the first piece of the first task."""
    place.held.touch()
    process = start(work, place, 0, 5, 1)
    await _until(lambda: bool(_noted(place, "began 0-0/0")))
    return process


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110  # another process says when
        await asyncio.sleep(0.02)


def _noted(place: Place, what: str) -> list[str]:
    if not place.journal.exists():
        return []
    return [line for line in place.journal.read_text(encoding="utf-8").splitlines() if line.startswith(what)]
