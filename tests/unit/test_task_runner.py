"""The course of a task."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from source.domain.errors import (
    EchoError,
    ModelUnavailableError,
    RefusedInputError,
    StoreError,
    StoreUnavailableError,
)
from source.domain.task import Json, NewTask, Task, TaskStatus
from tests.fakes.clock import FakeClock
from tests.fakes.task_queue import EchoingHandler, FakeTaskQueue, KeptSteps

COUNT = "COUNT"


class ImpatientClock(FakeClock):
    """Never makes anyone wait; `slept` has what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class WatchedClock(FakeClock):
    """Says when somebody sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.somebody_sleeps = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.somebody_sleeps.set()
        await super().sleep(seconds)


class CrashedError(BaseException):
    """The process is gone."""


def _crash(_number: int) -> None:
    raise CrashedError


def _queue(handler: EchoingHandler, clock: FakeClock | None = None, *, at_once: bool = True) -> FakeTaskQueue:
    return FakeTaskQueue({COUNT: handler}, clock or ImpatientClock(), at_once=at_once)


async def _run(queue: FakeTaskQueue, task: Task, place: KeptSteps | None = None) -> Task:
    await queue.runner.run(task.task_id, place or KeptSteps())
    found = await queue.get(task.task_id)
    assert found is not None
    return found


async def test_a_task_is_planned_done_and_summed_up() -> None:
    handler = EchoingHandler()
    task = await _queue(handler).submit(NewTask(COUNT, {"items": 3}))
    assert handler.performed == [0, 1, 2]
    assert (task.status, task.attempts, task.done, task.total) == (TaskStatus.COMPLETED, 1, 3, 3)
    assert task.output_data == {"results": [{"item": 0}, {"item": 1}, {"item": 2}]}
    assert task.error is None


async def test_a_task_of_no_pieces_is_done() -> None:
    task = await _queue(EchoingHandler()).submit(NewTask(COUNT))
    assert (task.status, task.total, task.output_data) == (TaskStatus.COMPLETED, 0, {"results": []})


async def test_a_piece_that_fails_for_good_does_not_stop_the_others() -> None:
    handler, clock = EchoingHandler(broken={1: EchoError("The bucket is closed.")}), ImpatientClock()
    task = await _queue(handler, clock).submit(NewTask(COUNT, {"items": 3}))
    assert handler.performed == [0, 1, 1, 1, 1, 2]
    assert clock.slept == [1.0, 5.0, 20.0]
    assert task.status is TaskStatus.FAILED
    assert task.error == "1 of 3 pieces failed. The first: The bucket is closed."
    assert task.output_data == {"results": [{"item": 0}, {"error": "The bucket is closed."}, {"item": 2}]}


async def test_a_piece_that_works_when_tried_again_is_done() -> None:
    class Moody(EchoingHandler):
        async def perform(self, piece: Json) -> Json:
            done = await super().perform(piece)
            if len(self.performed) < 3:
                raise StoreUnavailableError("busy")
            return done

    task = await _queue(Moody()).submit(NewTask(COUNT, {"items": 1}))
    assert task.status is TaskStatus.COMPLETED


@pytest.mark.parametrize(("wished", "paused"), [(2, 5.0), (30, 30.0), (3600, 60.0)])
async def test_the_model_says_how_long_to_wait_within_bounds(wished: int, paused: float) -> None:
    clock = ImpatientClock()
    error = ModelUnavailableError("too many", retry_after=timedelta(seconds=wished))
    await _queue(EchoingHandler(broken={0: error}), clock).submit(NewTask(COUNT, {"items": 1}))
    assert clock.slept[1] == paused


async def test_what_cannot_get_better_is_not_tried_again() -> None:
    handler = EchoingHandler(broken={0: RefusedInputError("No such conversation.")})
    await _queue(handler).submit(NewTask(COUNT, {"items": 1}))
    assert handler.performed == [0]


async def test_a_fault_in_a_handler_is_logged_with_its_trace_and_told_without() -> None:
    handler = EchoingHandler(broken={0: KeyError("secret")})
    with capture_logs() as logs:
        task = await _queue(handler).submit(NewTask(COUNT, {"items": 2}))
    assert handler.performed == [0, 1]
    assert task.status is TaskStatus.FAILED
    assert "KeyError" in (task.error or "")
    assert "secret" not in (task.error or "")
    assert [line["exc_info"] for line in logs if line["event"] == "task_piece_broke"] == [True]


async def test_a_plan_that_fails_for_good_fails_the_task() -> None:
    class Planless(EchoingHandler):
        async def plan(self, given: Json) -> Sequence[Json]:
            raise EchoError("The channel is gone.")

    task = await _queue(Planless()).submit(NewTask(COUNT))
    assert (task.status, task.error, task.output_data) == (TaskStatus.FAILED, "The channel is gone.", None)


async def test_a_report_that_breaks_fails_the_task() -> None:
    class Unreporting(EchoingHandler):
        def report(self, results: Sequence[Json]) -> Json:
            raise ZeroDivisionError

    task = await _queue(Unreporting()).submit(NewTask(COUNT))
    assert task.status is TaskStatus.FAILED
    assert "the log has the details" in (task.error or "")


async def test_what_was_done_before_a_crash_is_not_done_again() -> None:
    handler, place = EchoingHandler(), KeptSteps()
    queue = _queue(handler, at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 3}))
    place.before_step = lambda number: _crash(number) if number == 2 else None
    with pytest.raises(CrashedError):
        await queue.runner.run(task.task_id, place)
    half = await queue.get(task.task_id)
    assert half is not None
    assert (half.status, half.done, half.total) == (TaskStatus.RUNNING, 1, 3)
    place.again()
    place.before_step = lambda _number: None
    whole = await _run(queue, task, place)
    assert handler.performed == [0, 1, 2]
    assert (whole.status, whole.attempts, whole.done) == (TaskStatus.COMPLETED, 2, 3)
    assert whole.output_data == {"results": [{"item": 0}, {"item": 1}, {"item": 2}]}


async def test_progress_never_goes_back_when_a_task_is_taken_up_again() -> None:
    handler, place, seen = EchoingHandler(), KeptSteps(), list[int]()
    queue = _queue(handler, at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 3}))
    place.before_step = lambda number: _crash(number) if number == 3 else None
    with pytest.raises(CrashedError):
        await queue.runner.run(task.task_id, place)
    note = queue.rows.note_progress

    async def noting(task_id: int, *, done: int, total: int) -> bool:
        seen.append(done)
        return await note(task_id, done=done, total=total)

    queue.rows.note_progress = noting  # type: ignore[method-assign]
    place.again()
    place.before_step = lambda _number: None
    await _run(queue, task, place)
    assert seen == [2, 3]


async def test_a_task_is_cancelled_between_two_pieces_and_says_what_was_done() -> None:
    class Regretted(EchoingHandler):
        async def perform(self, piece: Json) -> Json:
            if len(self.performed) == 1:
                await queue.cancel(task.task_id)
            return await super().perform(piece)

    handler = Regretted()
    queue = _queue(handler, at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 5}))
    cancelled = await _run(queue, task)
    assert (cancelled.status, cancelled.done, cancelled.error) == (TaskStatus.CANCELLED, 2, None)
    assert cancelled.output_data == {"results": [{"item": 0}, {"item": 1}]}


async def test_a_task_that_was_cancelled_while_nobody_ran_it_reports_what_was_done_before() -> None:
    handler, place = EchoingHandler(), KeptSteps()
    queue = _queue(handler, at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 3}))
    place.before_step = lambda number: _crash(number) if number == 2 else None
    with pytest.raises(CrashedError):
        await queue.runner.run(task.task_id, place)
    await queue.cancel(task.task_id)
    place.again()
    cancelled = await _run(queue, task, place)
    assert (cancelled.status, cancelled.output_data) == (TaskStatus.CANCELLED, {"results": [{"item": 0}]})


async def test_cancelling_ends_the_wait_for_the_next_attempt() -> None:
    handler, clock = EchoingHandler(broken={0: EchoError("Not now.")}), WatchedClock()
    queue = _queue(handler, clock, at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 1}))
    running = asyncio.create_task(queue.runner.run(task.task_id, KeptSteps()))
    await clock.somebody_sleeps.wait()
    await queue.cancel(task.task_id)
    await running
    found = await queue.get(task.task_id)
    assert found is not None
    assert (found.status, found.output_data, handler.performed) == (TaskStatus.CANCELLED, {"results": []}, [0])


async def test_leaving_ends_the_wait_and_leaves_the_task_as_it_is() -> None:
    handler, clock, place = EchoingHandler(broken={1: EchoError("Not now.")}), WatchedClock(), KeptSteps()
    queue = _queue(handler, clock, at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 3}))
    running = asyncio.create_task(queue.runner.run(task.task_id, place))
    await clock.somebody_sleeps.wait()
    queue.runner.leave()
    with pytest.raises(asyncio.CancelledError):
        await running
    found = await queue.get(task.task_id)
    assert found is not None
    assert (found.status, found.done) == (TaskStatus.RUNNING, 1)
    with pytest.raises(asyncio.CancelledError):
        await queue.runner.run(task.task_id, place)
    assert await queue.get(task.task_id) == found


async def test_a_piece_that_has_begun_ends_before_the_task_is_left() -> None:
    class Leaving(EchoingHandler):
        async def perform(self, piece: Json) -> Json:
            queue.runner.leave()
            return await super().perform(piece)

    handler, place = Leaving(), KeptSteps()
    queue = _queue(handler, at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 2}))
    with pytest.raises(asyncio.CancelledError):
        await queue.runner.run(task.task_id, place)
    assert handler.performed == [0]
    found = await queue.get(task.task_id)
    assert found is not None
    assert (found.status, found.done) == (TaskStatus.RUNNING, 1)


async def test_nothing_goes_on_until_the_store_takes_the_note() -> None:
    clock = ImpatientClock()
    queue = _queue(EchoingHandler(), clock, at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 1}))
    finish, failures = queue.rows.finish, [StoreUnavailableError("the disk is full")] * 5

    async def finishing(
        task_id: int, status: TaskStatus, *, output_data: Json | None = None, error: str | None = None
    ) -> None:
        if failures:
            raise failures.pop()
        await finish(task_id, status, output_data=output_data, error=error)

    queue.rows.finish = finishing  # type: ignore[method-assign]
    assert (await _run(queue, task)).status is TaskStatus.COMPLETED
    assert len(clock.slept) == 5


async def test_a_note_that_the_store_will_never_take_fails_the_task() -> None:
    queue = _queue(EchoingHandler(), at_once=False)
    task = await queue.submit(NewTask(COUNT, {"items": 1}))

    async def refusing(task_id: int, *, done: int, total: int) -> bool:
        raise StoreError("the store refused what it was given")

    queue.rows.note_progress = refusing  # type: ignore[method-assign]
    assert (await _run(queue, task)).status is TaskStatus.FAILED
