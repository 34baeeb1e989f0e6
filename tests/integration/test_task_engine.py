"""Tasks done by the real engine, on each database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from source.adapters.tasks import engine as engine_module
from source.domain.errors import EchoError
from source.domain.task import Lane, NewTask, Task, TaskStatus
from source.ports.clock import SystemClock
from tests.fakes.clock import FakeClock
from tests.fakes.databases import KINDS, database_of
from tests.fakes.task_bench import COUNT, OWN, Desk, GatedHandler, TaskBench, opened_bench
from tests.fakes.task_queue import EchoingHandler


class ImpatientClock(FakeClock):
    """Never makes anyone wait for the next attempt."""

    async def sleep(self, _seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TaskBench]:
    with database_of(request.param, tmp_path) as url:
        async with opened_bench(url, tmp_path) as opened:
            yield opened


async def test_a_task_is_done_and_says_what_came_of_it(bench: TaskBench) -> None:
    handler = EchoingHandler()
    async with bench.desk(handler) as desk:
        task = await desk.ended(await desk.queue.submit(NewTask(COUNT, {"items": 3})))
    assert (task.status, task.attempts, task.done, task.total) == (TaskStatus.COMPLETED, 1, 3, 3)
    assert task.output_data == {"results": [{"item": 0}, {"item": 1}, {"item": 2}]}
    assert handler.performed == [0, 1, 2]


async def test_a_task_that_was_handed_in_while_nothing_ran_is_done_at_the_next_start(bench: TaskBench) -> None:
    task = await bench.rows.add(NewTask(COUNT, {"items": 1}), Lane.ANYWHERE)
    async with bench.desk(EchoingHandler()) as desk:
        assert (await desk.ended(task)).status is TaskStatus.COMPLETED


async def test_asking_twice_by_the_same_key_does_it_once(bench: TaskBench) -> None:
    handler = EchoingHandler()
    async with bench.desk(handler) as desk:
        new = NewTask(COUNT, {"items": 1}, key="k")
        first, again = await desk.queue.submit(new), await desk.queue.submit(new)
        assert first.task_id == again.task_id
        await desk.ended(first)
        await desk.ended(await desk.queue.submit(NewTask(COUNT)))
    assert handler.performed == [0]


async def test_a_piece_that_fails_for_good_is_named_and_the_others_are_done(bench: TaskBench) -> None:
    handler = EchoingHandler(broken={1: EchoError("The bucket is closed.")})
    async with bench.desk(handler, clock=ImpatientClock()) as desk:
        task = await desk.ended(await desk.queue.submit(NewTask(COUNT, {"items": 3})))
    assert task.status is TaskStatus.FAILED
    assert task.error == "1 of 3 pieces failed. The first: The bucket is closed."
    assert task.output_data == {"results": [{"item": 0}, {"error": "The bucket is closed."}, {"item": 2}]}


async def test_a_begun_piece_ends_at_a_stop_and_the_rest_is_done_after_the_next_start(bench: TaskBench) -> None:
    handler = GatedHandler()
    async with bench.desk(handler) as desk:
        task = await desk.queue.submit(NewTask(COUNT, {"items": 3}))
        assert await handler.begun.get() == 0
        asyncio.get_running_loop().call_later(0.2, handler.may_end.release)
    half = await desk.found(task)
    assert (half.status, half.attempts, handler.performed) == (TaskStatus.RUNNING, 1, [0])
    assert handler.begun.empty()
    following = EchoingHandler()
    async with bench.desk(following) as desk:
        whole = await desk.ended(task)
    assert following.performed == [1, 2]
    assert (whole.status, whole.attempts, whole.done) == (TaskStatus.COMPLETED, 2, 3)
    assert whole.output_data == {"results": [{"item": 0}, {"item": 1}, {"item": 2}]}


async def test_a_piece_that_does_not_end_in_time_is_cut_off_and_done_again(
    bench: TaskBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_PIECES_END_WITHIN", engine_module._PIECES_END_WITHIN / 50)
    handler = GatedHandler()
    async with bench.desk(handler) as desk:
        task = await desk.queue.submit(NewTask(COUNT, {"items": 2}))
        await handler.begun.get()
    assert handler.performed == []
    following = EchoingHandler()
    async with bench.desk(following) as desk:
        assert (await desk.ended(task)).status is TaskStatus.COMPLETED
    assert following.performed == [0, 1]


async def test_a_task_of_a_lane_that_is_not_served_here_waits(bench: TaskBench) -> None:
    async with bench.desk(EchoingHandler(), lanes=(Lane.ANYWHERE,)) as desk:
        own = await desk.queue.submit(NewTask(OWN))
        await desk.ended(await desk.queue.submit(NewTask(COUNT)))
        assert (await desk.found(own)).status is TaskStatus.PENDING
    async with bench.desk(EchoingHandler()) as desk:
        assert (await desk.ended(own)).status is TaskStatus.COMPLETED


async def test_what_waits_is_cancelled_at_once_and_never_begins(bench: TaskBench) -> None:
    handler = GatedHandler()
    async with bench.desk(handler, concurrency=1) as desk:
        first = await desk.queue.submit(NewTask(COUNT, {"items": 1}))
        await handler.begun.get()
        second = await desk.queue.submit(NewTask(COUNT, {"items": 1}))
        cancelled = await desk.queue.cancel(second.task_id)
        assert cancelled is not None
        assert cancelled.status is TaskStatus.CANCELLED
        handler.may_end.release()
        await desk.ended(first)
        await desk.ended(await desk.queue.submit(NewTask(COUNT)))
    assert handler.performed == [0]
    assert (await desk.found(second)).attempts == 0


async def test_what_runs_is_cancelled_after_the_piece_that_has_begun(bench: TaskBench) -> None:
    handler = GatedHandler()
    async with bench.desk(handler) as desk:
        task = await desk.queue.submit(NewTask(COUNT, {"items": 3}))
        await handler.begun.get()
        await desk.queue.cancel(task.task_id)
        handler.may_end.release()
        cancelled = await desk.ended(task)
    assert (cancelled.status, cancelled.output_data) == (TaskStatus.CANCELLED, {"results": [{"item": 0}]})


async def test_a_failed_piece_of_a_task_that_was_cancelled_is_not_tried_again(bench: TaskBench) -> None:
    handler = GatedHandler(broken={0: EchoError("Not now.")})
    async with bench.desk(handler) as desk:
        task = await desk.queue.submit(NewTask(COUNT, {"items": 1}))
        await handler.begun.get()
        handler.may_end.release()
        await desk.queue.cancel(task.task_id)
        cancelled = await desk.ended(task)
    assert (cancelled.status, handler.performed) == (TaskStatus.CANCELLED, [0])


async def test_no_more_tasks_run_at_a_time_than_was_set_over_all_lanes(bench: TaskBench) -> None:
    handler = GatedHandler()
    async with bench.desk(handler, concurrency=1) as desk:
        counting = await desk.queue.submit(NewTask(COUNT, {"items": 1}))
        await handler.begun.get()
        own = await desk.queue.submit(NewTask(OWN, {"items": 1}))
        # By then the engine has taken it from its queue, where nothing holds it back.
        await asyncio.sleep(0.3)
        assert (await desk.found(own)).status is TaskStatus.PENDING
        handler.may_end.release()
        for task in (counting, own):
            assert (await desk.ended(task)).status is TaskStatus.COMPLETED


async def test_what_the_log_of_the_engine_has_lost_begins_again(bench: TaskBench) -> None:
    """As after the store was moved to another database."""
    task = await bench.rows.add(NewTask(COUNT, {"items": 2}), Lane.ANYWHERE)
    await bench.rows.note_handed_over([task.task_id])
    await bench.rows.begin(task.task_id)
    async with bench.desk(EchoingHandler()) as desk:
        found = await desk.ended(task)
    assert (found.status, found.attempts) == (TaskStatus.COMPLETED, 2)


async def test_a_task_whose_run_ended_without_a_result_has_failed(bench: TaskBench) -> None:
    async with bench.desk(EchoingHandler()) as desk:
        task = await _ended_in_the_log(desk, await desk.queue.submit(NewTask(COUNT)))
        await bench.store.change(_reopened)
        await desk.engine._tidy()
        found = await desk.found(task)
    assert (found.status, found.error) == (TaskStatus.FAILED, "Its run ended without a result.")


async def _ended_in_the_log(desk: Desk, task: Task) -> Task:
    """Wait until the engine's own log, which is written after the row, says that a task is over."""
    task = await desk.ended(task)
    while (await asyncio.to_thread(desk.engine._runtime.states, [task.task_id]))[task.task_id]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # dbos tells nobody
    return task


def _reopened(connection: Connection, _now: datetime) -> None:
    """Forget how all tasks ended, as if their runs had broken before they could note it."""
    connection.execute(text("UPDATE tasks SET status = 'running'"))


async def test_the_log_of_what_is_over_is_forgotten_a_day_later(bench: TaskBench) -> None:
    clock = FakeClock(SystemClock().now())
    async with bench.desk(EchoingHandler(), clock=clock) as desk:
        task = await _ended_in_the_log(desk, await desk.queue.submit(NewTask(COUNT, {"items": 1})))
        for hours, kept in ((23, {task.task_id}), (2, set())):
            clock.advance(hours=hours)
            await desk.engine._tidy()
            states = await asyncio.to_thread(desk.engine._runtime.states, [task.task_id])
            assert states.keys() == kept
    assert await desk.found(task) == task
