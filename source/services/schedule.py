"""Work that recurs."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from source.domain.errors import RefusedInputError, StoreError
from source.domain.schedule import Job, JobStatus
from source.domain.task import NewTask, Task
from source.ports.clock import Clock
from source.ports.schedule import ScheduleStore
from source.ports.tasks import TaskQueue

log = structlog.get_logger(__name__)

# The clock may jump meanwhile, and a job's last task may end.
_LONGEST_WAIT_SECONDS: Final = 30.0
_SHORTEST_WAIT_SECONDS: Final = 0.01


class ScheduleService:
    """Hands in a task at each tick of each job: one in all processes, and one for any number of ticks that were missed.

    A tick at which the job's last task is not over waits for its end.
    """

    def __init__(self, jobs: Sequence[Job], queue: TaskQueue, store: ScheduleStore, clock: Clock) -> None:
        self._jobs = {job.id: job for job in jobs}
        self._queue = queue
        self._store = store
        self._clock = clock
        self.is_running = False

    async def run(self, stop: asyncio.Event) -> None:
        """Hand in what is due until `stop`."""
        self.is_running = True
        try:
            while not stop.is_set():
                await self.look()
                await self._wait(stop)
        finally:
            self.is_running = False

    async def look(self) -> None:
        """Hand in what is due now."""
        try:
            marks = await self._store.marks()
            for job in self._jobs.values():
                await self._look_at(job, marks.get(job.id))
        except StoreError as error:
            log.warning("schedule_waits_for_store", error=type(error).__name__)

    async def listed(self) -> list[JobStatus]:
        """Return how every job stands."""
        return [await self._status(job) for job in self._jobs.values()]

    async def trigger(self, job_id: str, *, requested_by: str, key: str | None = None) -> Task | None:
        """Hand in a job's task now, whenever it is due, also of one that is switched off; None: no such job.

        Asked for again with the same `key` it is the same task.
        """
        job = self._jobs.get(job_id)
        if job is None:
            return None
        return await self._queue.submit(NewTask(job.type, job.input, requested_by, key, job.id))

    async def _look_at(self, job: Job, mark: datetime | None) -> None:
        now = self._clock.now()
        tick = job.timetable.last_until(now)
        if mark is not None and mark <= now:
            if tick <= mark or (job.is_enabled and not await self._is_free(job)):
                return
            if job.is_enabled:
                await self._hand_in(job, tick)
        # Without a mark the job is new, and what lies before is not caught up. A mark of the future was made by a
        # clock that has been put back since: waiting for that time to come again could take years.
        await self._store.note(job.id, tick)

    async def _hand_in(self, job: Job, tick: datetime) -> None:
        key = f"schedule:{job.id}:{tick.isoformat()}"
        try:
            task = await self._queue.submit(NewTask(job.type, job.input, "schedule", key, job.id))
        except RefusedInputError as error:
            log.error("schedule_refused", job=job.id, reason=str(error))  # noqa: TRY400  (no trace: the sentence says it)
        else:
            log.info("schedule_due", job=job.id, tick=tick.isoformat(), task=task.task_id)

    async def _is_free(self, job: Job) -> bool:
        last = await self._last_task(job)
        return last is None or last.status.is_final

    async def _last_task(self, job: Job) -> Task | None:
        newest = await self._queue.listed(schedule_id=job.id, limit=1)
        return newest[0] if newest else None

    async def _status(self, job: Job) -> JobStatus:
        last = await self._last_task(job)
        next_run = job.timetable.next_after(self._clock.now()) if job.is_enabled else None
        last_run = None if last is None else last.started_at or last.created_at
        return JobStatus(job, next_run, last_run, last)

    async def _wait(self, stop: asyncio.Event) -> None:
        now = self._clock.now()
        due = min((job.timetable.next_after(now) for job in self._jobs.values() if job.is_enabled), default=None)
        left = _LONGEST_WAIT_SECONDS if due is None else (due - now) / timedelta(seconds=1)
        seconds = min(max(left, _SHORTEST_WAIT_SECONDS), _LONGEST_WAIT_SECONDS)
        waits = [asyncio.ensure_future(each) for each in (self._clock.sleep(seconds), stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
