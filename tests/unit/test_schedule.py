"""Work that recurs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from source.domain.errors import StoreUnavailableError
from source.domain.schedule import Every, Job
from source.domain.task import NewTask, Task, TaskStatus
from source.services.schedule import ScheduleService
from tests.fakes.clock import FakeClock
from tests.fakes.schedule import InMemoryMarks
from tests.fakes.task_queue import EchoingHandler, FakeTaskQueue

COUNT = "COUNT"
HOURLY = Job("sheep", "Count sheep", COUNT, Every(timedelta(hours=1)), {"items": 1})
START = datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


class Desk:
    """A schedule over fakes; several services share its rows as processes do."""

    def __init__(self, *jobs: Job) -> None:
        self.clock = FakeClock(START)
        self.queue = FakeTaskQueue({COUNT: EchoingHandler()}, self.clock)
        self.marks = InMemoryMarks()
        self.service = self.another(*jobs)

    def another(self, *jobs: Job) -> ScheduleService:
        return ScheduleService(jobs or (HOURLY,), self.queue, self.marks, self.clock)

    async def ticks(self) -> list[str]:
        return [(task.key or "by hand").removeprefix("schedule:") for task in reversed(await self.queue.listed())]


async def test_nothing_of_the_past_is_caught_up_at_the_first_start() -> None:
    desk = Desk()
    await desk.service.look()
    assert await desk.ticks() == []


async def test_a_tick_is_one_task_however_often_and_by_how_many_it_is_looked_at() -> None:
    desk = Desk()
    other = desk.another()
    await desk.service.look()
    desk.clock.advance(hours=1)
    await asyncio.gather(desk.service.look(), other.look(), desk.service.look())
    await other.look()
    assert await desk.ticks() == ["sheep:2026-03-02T10:00:00+00:00"]
    [task] = await desk.queue.listed()
    assert (task.input, task.requested_by, task.schedule_id) == ({"items": 1}, "schedule", "sheep")
    desk.clock.advance(hours=1)
    await other.look()
    assert await desk.ticks() == ["sheep:2026-03-02T10:00:00+00:00", "sheep:2026-03-02T11:00:00+00:00"]


async def test_ticks_that_were_missed_are_caught_up_once() -> None:
    desk = Desk()
    await desk.service.look()
    desk.clock.advance(days=9)
    await desk.another().look()
    await desk.service.look()
    assert await desk.ticks() == ["sheep:2026-03-11T09:00:00+00:00"]


async def test_a_process_that_died_between_its_two_notes_hands_in_no_second_task() -> None:
    desk = Desk()
    await desk.service.look()
    before = dict(desk.marks.kept)
    desk.clock.advance(hours=1)
    await desk.service.look()
    desk.marks.kept = before
    await desk.service.look()
    assert await desk.ticks() == ["sheep:2026-03-02T10:00:00+00:00"]


async def test_a_tick_waits_for_the_end_of_the_job_before() -> None:
    desk = Desk()
    desk.queue.at_once = False
    await desk.service.look()
    desk.clock.advance(hours=1)
    await desk.service.look()
    desk.clock.advance(hours=2)
    await desk.service.look()
    assert len(await desk.ticks()) == 1
    await desk.queue.run_waiting()
    await desk.service.look()
    assert await desk.ticks() == ["sheep:2026-03-02T10:00:00+00:00", "sheep:2026-03-02T12:00:00+00:00"]


async def test_a_clock_that_jumps_ahead_fires_once() -> None:
    desk = Desk()
    await desk.service.look()
    desk.clock.jump(days=3_000)
    await desk.service.look()
    await desk.service.look()
    assert len(await desk.ticks()) == 1


async def test_a_clock_that_is_put_back_does_not_stop_the_schedule() -> None:
    desk = Desk()
    await desk.service.look()
    desk.clock.jump(days=3_000)
    await desk.service.look()
    desk.clock.jump(days=-3_000)
    await desk.service.look()
    assert len(await desk.ticks()) == 1
    desk.clock.advance(hours=1)
    await desk.service.look()
    assert (await desk.ticks())[-1] == "sheep:2026-03-02T10:00:00+00:00"


async def test_a_tick_that_comes_again_is_not_done_again() -> None:
    desk = Desk()
    await desk.service.look()
    desk.clock.advance(hours=1)
    await desk.service.look()
    desk.clock.jump(minutes=-20)
    await desk.service.look()
    desk.clock.advance(minutes=20)
    await desk.service.look()
    assert await desk.ticks() == ["sheep:2026-03-02T10:00:00+00:00"]


async def test_a_job_that_is_switched_off_is_silent_and_catches_nothing_up_when_switched_on() -> None:
    off = replace(HOURLY, is_enabled=False)
    desk = Desk(off)
    await desk.service.look()
    desk.clock.advance(hours=5)
    await desk.service.look()
    on = desk.another(HOURLY)
    await on.look()
    assert await desk.ticks() == []
    [status] = await desk.service.listed()
    assert (status.job, status.next_run) == (off, None)


async def test_a_job_can_be_had_by_hand() -> None:
    desk = Desk(replace(HOURLY, is_enabled=False))
    task = await desk.service.trigger("sheep", requested_by="api:ops")
    assert task is not None
    assert (task.status, task.requested_by, task.schedule_id) == (TaskStatus.COMPLETED, "api:ops", "sheep")
    assert await desk.service.trigger("goats", requested_by="api:ops") is None


async def test_what_is_listed_says_when_and_with_what_result() -> None:
    desk = Desk()
    [fresh] = await desk.service.listed()
    assert (fresh.next_run, fresh.last_run, fresh.last_task) == (datetime(2026, 3, 2, 10, tzinfo=UTC), None, None)
    desk.clock.advance(minutes=5)
    task = await desk.service.trigger("sheep", requested_by="cli")
    [status] = await desk.service.listed()
    assert (status.last_run, status.last_task) == (START + timedelta(minutes=5), task)


async def test_a_type_that_nobody_does_is_logged_once_per_tick_and_stops_no_other_job() -> None:
    desk = Desk(Job("goats", "Shear goats", "SHEAR", HOURLY.timetable), HOURLY)
    await desk.service.look()
    desk.clock.advance(hours=1)
    with capture_logs() as logs:
        await desk.service.look()
        await desk.service.look()
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["schedule_refused"]
    assert await desk.ticks() == ["sheep:2026-03-02T10:00:00+00:00"]


async def test_a_store_that_is_away_only_delays() -> None:
    desk = Desk()
    await desk.service.look()
    desk.clock.advance(hours=1)
    submit = desk.queue.submit

    async def failing(new: NewTask) -> Task:
        raise StoreUnavailableError("locked")

    desk.queue.submit = failing  # type: ignore[method-assign]
    await desk.service.look()
    desk.queue.submit = submit  # type: ignore[method-assign]
    await desk.service.look()
    assert await desk.ticks() == ["sheep:2026-03-02T10:00:00+00:00"]


class WaitingClock(FakeClock):
    """Says for how long somebody sleeps."""

    def __init__(self) -> None:
        super().__init__(START)
        self.naps: asyncio.Queue[float] = asyncio.Queue()

    async def sleep(self, seconds: float) -> None:
        self.naps.put_nowait(seconds)
        await super().sleep(seconds)


@asynccontextmanager
async def _running(service: ScheduleService) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def test_it_wakes_at_the_tick_and_otherwise_now_and_then() -> None:
    clock = WaitingClock()
    queue = FakeTaskQueue({COUNT: EchoingHandler()}, clock)
    service = ScheduleService([HOURLY], queue, InMemoryMarks(), clock)
    async with _running(service):
        assert await clock.naps.get() == 30.0
        assert service.is_running
        clock.jump(minutes=49, seconds=50)
        clock.advance(seconds=30)
        assert await clock.naps.get() == 30.0
        assert len(await queue.listed()) == 1
        clock.jump(minutes=59, seconds=5)
        clock.advance(seconds=30)
        assert await clock.naps.get() == 5.0
        assert len(await queue.listed()) == 1
        clock.advance(seconds=5)
        assert await clock.naps.get() == 30.0
        assert len(await queue.listed()) == 2
    assert not service.is_running
