"""The thread that commits what arrived during the last commit."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from source.adapters.storage.operation import Barrier, CatchUp, Operation, Progress
from source.adapters.storage.writer import GroupCommitWriter
from source.domain.errors import StoreError, StoreUnavailableError


@dataclass(frozen=True, slots=True)
class Put(Operation[int]):
    value: int


@dataclass(frozen=True, slots=True)
class PutLater(Operation[None]):
    can_wait: ClassVar[bool] = True
    value: int


@dataclass(frozen=True, slots=True)
class PutNow(Operation[int]):
    is_urgent: ClassVar[bool] = True
    value: int


class FakeTarget:
    """Keeps values in a list; a commit waits while `gate` is closed."""

    def __init__(self) -> None:
        self.stored: list[int] = []
        self.batches: list[list[int]] = []
        self.resets = 0
        self.deferred = 0
        self.steps = 0
        self.is_closed = False
        self.refused: frozenset[int] = frozenset()
        self.fault: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.stepped = threading.Event()

    @property
    def is_overdue(self) -> bool:
        return self.deferred > 100

    def commit(self, operations: Sequence[Operation[Any]]) -> Sequence[object]:
        self.entered.set()
        assert self.gate.wait(10)
        values = [operation.value for operation in operations if isinstance(operation, Put | PutLater | PutNow)]
        self.batches.append(values)
        if self.fault is not None:
            raise self.fault
        if self.refused.intersection(values):
            raise ValueError("refused")
        self.stored += values
        return [operation.value * 2 if isinstance(operation, Put | PutNow) else None for operation in operations]

    def step(self) -> Progress:
        self.steps += 1
        self.stepped.set()
        if self.fault is not None:
            raise self.fault
        self.deferred = max(0, self.deferred - 50)
        return Progress(self.steps, self.steps + self.deferred)

    def apart(self, operation: Operation[Any]) -> object:
        return self.step() if isinstance(operation, CatchUp) else None

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def target() -> FakeTarget:
    return FakeTarget()


@pytest.fixture
async def writer(target: FakeTarget) -> AsyncIterator[GroupCommitWriter]:
    writer = GroupCommitWriter(target)
    yield writer
    target.gate.set()
    await writer.close()


async def _entered(target: FakeTarget) -> None:
    assert await asyncio.to_thread(target.entered.wait, 10)


async def test_everything_of_one_turn_of_the_loop_is_handed_over_together(
    writer: GroupCommitWriter, target: FakeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    take = writer.take

    def counted(entries: list[Any]) -> bool:
        taken.append(len(entries))
        return take(entries)

    monkeypatch.setattr(writer, "take", counted)
    results = await asyncio.gather(*(writer.submit(Put(number)) for number in range(100)))
    assert results == [number * 2 for number in range(100)]
    assert target.batches == [list(range(100))]
    assert taken == [100]


async def test_what_arrives_during_a_commit_shares_the_next(writer: GroupCommitWriter, target: FakeTarget) -> None:
    target.gate.clear()
    first = asyncio.create_task(writer.submit(Put(0)))
    await _entered(target)
    later = [asyncio.create_task(writer.submit(Put(number))) for number in range(1, 5)]
    for _ in range(3):
        await asyncio.sleep(0)
    target.gate.set()
    await asyncio.gather(first, *later)
    assert target.batches == [[0], [1, 2, 3, 4]]


async def test_what_is_urgent_overtakes_what_waits(writer: GroupCommitWriter, target: FakeTarget) -> None:
    target.gate.clear()
    waiting = [asyncio.create_task(writer.submit(Put(0)))]
    await _entered(target)
    waiting += [asyncio.create_task(writer.submit(each)) for each in (Put(1), Put(2), PutNow(3), PutNow(4))]
    for _ in range(3):
        await asyncio.sleep(0)
    target.gate.set()
    assert await asyncio.gather(*waiting) == [0, 2, 4, 6, 8]
    assert target.batches == [[0], [3, 4], [1, 2]]


async def test_what_is_urgent_does_not_wait_for_what_else_the_loop_has_to_do(
    writer: GroupCommitWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[list[Operation[Any]]] = []
    take = writer.take

    def noted(entries: list[Any]) -> bool:
        taken.append([entry.operation for entry in entries])
        return take(entries)

    monkeypatch.setattr(writer, "take", noted)
    waiting = [asyncio.create_task(writer.submit(each)) for each in (Put(1), PutNow(2), Put(3))]
    await asyncio.sleep(0)
    assert taken == [[Put(1), PutNow(2)]]
    await asyncio.gather(*waiting)


async def test_many_are_written_in_several_transactions(writer: GroupCommitWriter, target: FakeTarget) -> None:
    await asyncio.gather(*(writer.submit(Put(number)) for number in range(300)))
    assert target.stored == [*range(300)]
    assert len(target.batches[0]) < 300


async def test_one_bad_operation_fails_alone(writer: GroupCommitWriter, target: FakeTarget) -> None:
    target.refused = frozenset({3})
    outcomes = await asyncio.gather(*(writer.submit(Put(number)) for number in range(6)), return_exceptions=True)
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [number == 3 for number in range(6)]
    assert target.stored == [0, 1, 2, 4, 5]


async def test_a_fault_of_the_disk_fails_everyone_after_one_try(writer: GroupCommitWriter, target: FakeTarget) -> None:
    target.fault = StoreUnavailableError("full")
    outcomes = await asyncio.gather(*(writer.submit(Put(number)) for number in range(50)), return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailableError) for outcome in outcomes)
    assert len({id(outcome) for outcome in outcomes}) == 50
    assert len(target.batches) == 1
    assert target.resets == 1
    target.fault = None
    assert await writer.submit(Put(7)) == 14


async def test_a_fault_of_the_disk_fails_those_too_who_wait_behind(
    writer: GroupCommitWriter, target: FakeTarget
) -> None:
    target.fault = StoreUnavailableError("full")
    outcomes = await asyncio.gather(*(writer.submit(Put(number)) for number in range(300)), return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailableError) for outcome in outcomes)
    assert len(target.batches) == 1


async def test_a_fault_of_the_disk_in_the_middle_stops_the_trying(
    writer: GroupCommitWriter, target: FakeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = target.commit

    def breaking(operations: Sequence[Operation[Any]]) -> Sequence[object]:
        if len(target.batches) == 3:
            target.fault = StoreUnavailableError("full")
        return commit(operations)

    monkeypatch.setattr(target, "commit", breaking)
    target.refused = frozenset({0})
    outcomes = await asyncio.gather(*(writer.submit(Put(number)) for number in range(50)), return_exceptions=True)
    assert target.stored == [1]
    assert all(isinstance(outcome, StoreUnavailableError) for outcome in outcomes[2:])
    assert len(target.batches) == 4


async def test_a_cancelled_caller_does_not_take_its_write_back(writer: GroupCommitWriter, target: FakeTarget) -> None:
    target.gate.clear()
    waiter = asyncio.create_task(writer.submit(Put(1)))
    await _entered(target)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    target.gate.set()
    await writer.submit(Put(2))
    assert target.stored == [1, 2]


async def test_callers_of_several_loops_are_all_answered(writer: GroupCommitWriter, target: FakeTarget) -> None:
    async def put(numbers: range) -> list[int]:
        return list(await asyncio.gather(*(writer.submit(Put(number)) for number in numbers)))

    def elsewhere(numbers: range) -> list[int]:
        return asyncio.run(put(numbers))

    ranges = [range(start, start + 50) for start in (0, 100, 200)]
    found = await asyncio.gather(put(ranges[0]), *(asyncio.to_thread(elsewhere, each) for each in ranges[1:]))
    assert found == [[number * 2 for number in each] for each in ranges]
    assert sorted(target.stored) == [number for each in ranges for number in each]


async def test_a_loop_that_is_gone_harms_nobody(writer: GroupCommitWriter, target: FakeTarget) -> None:
    def gone() -> None:
        async def leave() -> None:
            task = asyncio.ensure_future(writer.submit(Put(1)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()

        asyncio.run(leave())

    target.gate.clear()
    await asyncio.to_thread(gone)
    target.gate.set()
    assert await writer.submit(Put(2)) == 4
    assert target.stored == [1, 2]


async def test_what_can_wait_rides_with_the_next_commit(writer: GroupCommitWriter, target: FakeTarget) -> None:
    writer.submit_later(PutLater(1))
    await writer.submit(Put(2))
    assert target.batches == [[1, 2]]


async def test_what_can_wait_does_not_wait_for_ever(writer: GroupCommitWriter, target: FakeTarget) -> None:
    writer.submit_later(PutLater(1))
    await _entered(target)
    await writer.submit(Barrier())
    assert target.stored == [1]


async def test_a_failure_that_nobody_waits_for_is_logged(writer: GroupCommitWriter, target: FakeTarget) -> None:
    target.refused = frozenset({1})
    with capture_logs() as logs:
        writer.submit_later(PutLater(1))
        await asyncio.gather(writer.submit(Barrier()), return_exceptions=True)
    assert [(entry["event"], entry["operation"]) for entry in logs] == [("store.write_failed", "PutLater")]


async def test_closing_commits_what_was_handed_over(target: FakeTarget) -> None:
    writer = GroupCommitWriter(target)
    writer.submit_later(PutLater(1))
    waiting = asyncio.create_task(writer.submit(Put(2)))
    await asyncio.sleep(0)
    await writer.close()
    assert await waiting == 4
    assert target.stored == [1, 2]
    assert target.is_closed
    await writer.close()
    with pytest.raises(StoreUnavailableError):
        await writer.submit(Put(3))


async def test_an_operation_that_comes_too_late_is_told_so(target: FakeTarget) -> None:
    writer = GroupCommitWriter(target)
    await writer.submit(Put(1))
    closing = asyncio.create_task(writer.close())
    late = asyncio.create_task(writer.submit(Put(2)))
    outcomes = await asyncio.gather(closing, late, return_exceptions=True)
    assert isinstance(outcomes[1], StoreUnavailableError) or target.stored == [1, 2]


async def test_deferred_work_is_done_when_nobody_writes(writer: GroupCommitWriter, target: FakeTarget) -> None:
    target.deferred = 60
    await writer.submit(Put(1))
    assert await asyncio.to_thread(target.stepped.wait, 10)
    progress = await writer.submit(CatchUp())
    assert progress.reached >= 2


async def test_deferred_work_that_is_overdue_does_not_wait_for_idleness(
    writer: GroupCommitWriter, target: FakeTarget
) -> None:
    target.deferred = 130
    for number in range(3):
        await writer.submit(Put(number))
    assert target.steps >= 1


async def test_deferred_work_that_fails_is_let_rest(writer: GroupCommitWriter, target: FakeTarget) -> None:
    target.deferred = 500
    await writer.submit(Put(0))
    target.fault = StoreUnavailableError("full")
    with pytest.raises(StoreUnavailableError):
        await writer.submit(CatchUp())
    failed = target.steps
    for number in range(20):
        await asyncio.gather(writer.submit(Put(number)), return_exceptions=True)
    assert target.steps <= failed + 1
