"""The rows of tasks, whatever keeps them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from source.adapters.storage.schedule_table import ScheduleTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.task_table import ExecutorTable, TaskTable
from source.domain.task import Lane, NewTask, Task, TaskStatus, TaskType
from source.ports.tasks import TaskProgress, TaskStore
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.task_queue import InMemoryTasks

SYNC = NewTask(TaskType.SYNC_MESSAGES, {"full": True}, "cli")
ALL = tuple(Lane)


class Rows(TaskStore, TaskProgress, Protocol):
    """Everything that is done with the rows of tasks."""


@pytest.fixture(params=["sqlite", "postgresql", "in memory"])
async def rows(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Rows]:
    if request.param == "in memory":
        yield InMemoryTasks(clock)
        return
    with database_of(request.param, tmp_path) as url:
        store = await SqlStore.open(url, clock=clock, durability="normal")
        yield TaskTable(store)
        await store.close()


async def _begun(rows: Rows, new: NewTask = SYNC) -> Task:
    task = await rows.add(new, Lane.OWNER)
    await rows.note_handed_over([task.task_id])
    begun = await rows.begin(task.task_id)
    assert begun is not None
    return begun


async def _finished(rows: Rows, new: NewTask = SYNC) -> Task:
    task = await _begun(rows, new)
    await rows.finish(task.task_id, TaskStatus.COMPLETED)
    found = await rows.get(task.task_id)
    assert found is not None
    return found


async def test_a_new_task_is_pending_and_has_all_that_was_given(rows: Rows, clock: FakeClock) -> None:
    task = await rows.add(replace(SYNC, key="k", schedule_id="auto_sync"), Lane.OWNER)
    assert task == Task(
        task.task_id,
        "SYNC_MESSAGES",
        TaskStatus.PENDING,
        Lane.OWNER,
        {"full": True},
        "cli",
        clock.now(),
        key="k",
        schedule_id="auto_sync",
    )
    assert await rows.get(task.task_id) == task
    assert await rows.get(task.task_id + 1) is None


async def test_two_tasks_of_one_key_are_one(rows: Rows) -> None:
    first = await rows.add(replace(SYNC, key="k"), Lane.OWNER)
    again = await rows.add(NewTask("OTHER", key="k"), Lane.ANYWHERE)
    other = await rows.add(replace(SYNC, key="l"), Lane.OWNER)
    await rows.add(SYNC, Lane.OWNER)
    await rows.add(SYNC, Lane.OWNER)
    assert again == first
    assert other != first
    assert len(await rows.listed()) == 4


async def test_tasks_are_listed_from_the_newest_and_chosen_by_what_they_are(rows: Rows) -> None:
    sync = await rows.add(SYNC, Lane.OWNER)
    clean = await rows.add(NewTask(TaskType.CLEANUP_DATABASE, key="k", schedule_id="database_cleanup"), Lane.OWNER)
    running = await _begun(rows)
    assert [task.task_id for task in await rows.listed()] == [running.task_id, clean.task_id, sync.task_id]
    assert await rows.listed(type=TaskType.CLEANUP_DATABASE) == [clean]
    assert await rows.listed(schedule_id="database_cleanup") == [clean]
    assert await rows.listed(key="k") == [clean]
    assert await rows.listed(status=TaskStatus.RUNNING) == [running]
    assert await rows.listed(limit=1, offset=2) == [sync]


async def test_a_task_waits_in_its_lane_until_it_is_handed_over(rows: Rows) -> None:
    first = await rows.add(SYNC, Lane.OWNER)
    second = await rows.add(SYNC, Lane.ANYWHERE)
    assert await rows.waiting(ALL) == [first, second]
    assert await rows.waiting(ALL, limit=1) == [first]
    assert await rows.waiting([Lane.ANYWHERE]) == [second]
    assert await rows.in_hand() == []
    await rows.note_handed_over([first.task_id, second.task_id])
    assert await rows.waiting(ALL) == []
    assert await rows.in_hand() == [first, second]


async def test_beginning_counts_attempts_and_keeps_the_first_time(rows: Rows, clock: FakeClock) -> None:
    first = await _begun(rows)
    began = clock.now()
    clock.advance(seconds=5)
    again = await rows.begin(first.task_id)
    assert (first.status, first.attempts, first.started_at) == (TaskStatus.RUNNING, 1, began)
    assert again == replace(first, attempts=2)


async def test_progress_is_kept_and_says_whether_to_go_on(rows: Rows) -> None:
    task = await _begun(rows)
    assert await rows.note_progress(task.task_id, done=3, total=7)
    found = await rows.get(task.task_id)
    assert found is not None
    assert (found.done, found.total) == (3, 7)
    await rows.request_cancel(task.task_id)
    assert not await rows.note_progress(task.task_id, done=4, total=7)
    assert not await rows.note_progress(404, done=4, total=7)


async def test_a_task_ends_once(rows: Rows, clock: FakeClock) -> None:
    task = await _begun(rows)
    clock.advance(seconds=9)
    await rows.finish(task.task_id, TaskStatus.FAILED, output_data={"found": 2}, error="1 of 3 pieces failed.")
    ended = replace(
        task,
        status=TaskStatus.FAILED,
        finished_at=clock.now(),
        output_data={"found": 2},
        error="1 of 3 pieces failed.",
    )
    assert await rows.get(task.task_id) == ended
    clock.advance(seconds=9)
    await rows.finish(task.task_id, TaskStatus.COMPLETED)
    assert await rows.begin(task.task_id) is None
    assert not await rows.note_progress(task.task_id, done=1, total=1)
    assert await rows.request_cancel(task.task_id) == ended
    assert await rows.get(task.task_id) == ended
    assert await rows.in_hand() == []


async def test_what_has_not_begun_is_cancelled_at_once(rows: Rows, clock: FakeClock) -> None:
    task = await rows.add(SYNC, Lane.OWNER)
    cancelled = await rows.request_cancel(task.task_id)
    assert cancelled == replace(task, status=TaskStatus.CANCELLED, finished_at=clock.now(), cancel_requested=True)
    assert await rows.waiting(ALL) == []
    assert await rows.begin(task.task_id) is None
    assert await rows.request_cancel(404) is None


async def test_what_runs_is_asked_to_stop(rows: Rows) -> None:
    task = await _begun(rows)
    assert await rows.request_cancel(task.task_id) == replace(task, cancel_requested=True)
    again = await rows.begin(task.task_id)
    assert again is not None
    assert again.cancel_requested


async def test_old_tasks_are_forgotten_but_for_the_newest_of_each_schedule(rows: Rows, clock: FakeClock) -> None:
    scheduled = [await _finished(rows, replace(SYNC, schedule_id="auto_sync")) for _ in range(3)]
    unscheduled = [await _finished(rows) for _ in range(3)]
    running = await _begun(rows)
    clock.advance(hours=1)
    later = clock.now()
    clock.advance(hours=1)
    newer = await _finished(rows)
    assert await rows.delete_finished(later, limit=2) == 2
    assert await rows.delete_finished(later) == 3
    assert await rows.delete_finished(later) == 0
    assert await rows.listed() == [newer, running, scheduled[-1]]
    assert await rows.get(unscheduled[-1].task_id) is None


async def test_processes_are_heard_of_until_they_leave(sql_store: SqlStore, clock: FakeClock) -> None:
    executors = ExecutorTable(sql_store)
    began = clock.now()
    await executors.beat("one")
    clock.advance(seconds=5)
    await executors.beat("two")
    await executors.beat("two")
    assert await executors.heard() == {"one": began, "two": clock.now()}
    await executors.leave("one")
    await executors.leave("nobody")
    clock.advance(seconds=5)
    await executors.beat("two")
    assert await executors.heard() == {"two": clock.now()}


async def test_marks_of_jobs_move_either_way(sql_store: SqlStore, clock: FakeClock) -> None:
    schedule = ScheduleTable(sql_store)
    assert await schedule.marks() == {}
    now = clock.now()
    for job, tick in (("auto_sync", now), ("auto_archive", now), ("auto_sync", now - timedelta(hours=1))):
        await schedule.note(job, tick)
    assert await schedule.marks() == {"auto_archive": now, "auto_sync": now - timedelta(hours=1)}


async def test_ids_go_on_behind_those_of_tasks_although_the_clock_was_put_back(database: str, clock: FakeClock) -> None:
    store = await SqlStore.open(database, clock=clock, durability="normal")
    task = await TaskTable(store).add(NewTask("COUNT"), Lane.OWNER)
    await store.close()
    store = await SqlStore.open(database, clock=clock, durability="normal")
    following = store.ids.next(clock.now() - timedelta(days=30))
    await store.close()
    assert following > task.task_id
