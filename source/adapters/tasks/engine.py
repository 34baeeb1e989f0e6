"""The engine that does tasks, on dbos."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from source.adapters.tasks import execution_file
from source.adapters.tasks.dbos_place import DbosPlace
from source.adapters.tasks.dbos_runtime import DbosRuntime, RuntimeSettings
from source.adapters.tasks.threads import on_a_thread
from source.adapters.tasks.vigil import Vigil
from source.domain.errors import StoreError
from source.domain.task import Lane, TaskStatus
from source.ports.clock import Clock
from source.ports.tasks import ExecutorStore, TaskProgress
from source.services.agents.orchestrator import Orchestrator
from source.services.task_runner import TaskRunner

log = structlog.get_logger(__name__)

_HANDED_OVER_AT_ONCE: Final = 100
_LOOKS_EVERY: Final = timedelta(seconds=2)
_TRIES_AGAIN_AFTER: Final = timedelta(seconds=5)
_TIDIES_EVERY: Final = timedelta(minutes=5)
_REMEMBERS: Final = timedelta(days=1)
_PIECES_END_WITHIN: Final = timedelta(seconds=10)
_CLOSES_WITHIN: Final = timedelta(seconds=15)
_BEATS_IN_A_SILENCE: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How tasks are done in this process.

    `database` is the file of an SQLite database of the engine's own, and this process then the only one; or the URL
    of the PostgreSQL database that several share. The work of one that is silent for `silence` is taken over.
    `polling` is how long a task lies at the most before a process that is free takes it.
    """

    database: Path | str
    lanes: Sequence[Lane] = tuple(Lane)
    concurrency: int = 2
    silence: timedelta = timedelta(seconds=30)
    polling: timedelta = timedelta(seconds=1)

    @property
    def is_shared(self) -> bool:
        return isinstance(self.database, str)


class DbosEngine:
    """Does the tasks of its lanes while `run` runs; there is one in a process, and it runs once.

    What dbos keeps is a log of what was done: what a task is and how it stands is in its row.
    """

    def __init__(
        self,
        rows: TaskProgress,
        executors: ExecutorStore,
        orchestrator: Orchestrator,
        clock: Clock,
        settings: EngineSettings,
    ) -> None:
        self._rows = rows
        self._executors = executors
        self._clock = clock
        self._settings = settings
        self._runner = TaskRunner(rows, orchestrator, clock)
        self._executor_id = uuid.uuid4().hex
        self._vigil = Vigil(clock, settings.silence)
        self._runtime = DbosRuntime(
            RuntimeSettings(
                database=settings.database,
                lanes=settings.lanes,
                concurrency=settings.concurrency,
                polling=settings.polling,
            ),
            self._executor_id,
        )
        # Over all lanes; dbos counts each for itself. Used on its event loop only.
        self._seats = asyncio.Semaphore(settings.concurrency)
        self._running = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._has_news = asyncio.Event()
        self._interrupted: set[int] = set()
        self.is_running = False

    def wake(self) -> None:
        self._has_news.set()

    def hurry(self, task_id: int) -> None:
        self._runner.hurry(task_id)

    async def forget(self, task_ids: Sequence[int]) -> None:
        """Remove what was noted of tasks that are over.

        Raises: StoreUnavailableError: do it again.
        """
        database = self._settings.database
        if isinstance(database, Path):
            await execution_file.forget(database, task_ids)
        elif task_ids:
            await on_a_thread(lambda: self._runtime.forget(task_ids))

    async def erase(self) -> None:
        """Have nothing of what was removed left in a file of the engine's own.

        Raises: StoreUnavailableError: do it again.
        """
        if isinstance(self._settings.database, Path):
            await execution_file.erase(self._settings.database)

    async def run(self, stop: asyncio.Event) -> None:
        """Do tasks until `stop`; then let begun pieces end and leave the rest for the next start, or for others."""
        try:
            self.is_running = await self._launch(stop)
            if self.is_running:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._hand_over_all(stop))
                    group.create_task(self._tidy_all(stop))
                    if self._settings.is_shared:
                        group.create_task(self._watch_all(stop))
        finally:
            self.is_running = False
            await self._close()

    async def _launch(self, stop: asyncio.Event) -> bool:
        while not stop.is_set():
            if await _attempt(self._launch_once()):
                log.info(
                    "task_engine_started",
                    executor=self._executor_id,
                    lanes=[lane.value for lane in self._settings.lanes],
                )
                return True
            await _any_within([stop], _TRIES_AGAIN_AFTER)
        return False

    async def _launch_once(self) -> None:
        if self._settings.is_shared:
            # First of all: whoever has begun work and has no mark is taken for dead.
            await self._executors.beat(self._executor_id)
        run = partial(self._run, asyncio.get_running_loop())
        await on_a_thread(lambda: self._runtime.launch(run))

    async def _close(self) -> None:
        self._runner.leave()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._is_idle.wait(), _PIECES_END_WITHIN.total_seconds())
        try:
            await asyncio.wait_for(on_a_thread(self._runtime.close), _CLOSES_WITHIN.total_seconds())
        except TimeoutError:
            log.warning("task_engine_closes_late")
            return
        if self._settings.is_shared:
            await _attempt(self._executors.leave(self._executor_id))

    async def _hand_over_all(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._has_news.clear()
            is_done = await _attempt(self._hand_over())
            # Others add tasks to a shared database; to one of our own nobody adds what we are not told of.
            usual = _LOOKS_EVERY if self._settings.is_shared else None
            await _any_within([stop, self._has_news], usual if is_done else _TRIES_AGAIN_AFTER)

    async def _hand_over(self) -> None:
        while waiting := await self._rows.waiting(self._settings.lanes, _HANDED_OVER_AT_ONCE):
            tasks = [(task.task_id, task.lane) for task in waiting]
            await on_a_thread(lambda: self._runtime.enqueue(tasks))  # noqa: B023  # awaited right here
            await self._rows.note_handed_over([task_id for task_id, _ in tasks])

    async def _watch_all(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await _attempt(self._watch())
            await _any_within([stop], self._settings.silence / _BEATS_IN_A_SILENCE)

    async def _watch(self) -> None:
        await self._executors.beat(self._executor_id)
        heard = await self._executors.heard()
        present = self._vigil.present(heard)
        await self._take_over(present=present)
        for gone in heard.keys() - present:
            await self._executors.leave(gone)

    async def _take_over(self, *, present: set[str]) -> None:
        begun_by = await on_a_thread(self._runtime.executors)
        gone = begun_by - present - {self._executor_id}
        if gone:
            log.info("task_work_taken_over", executors=sorted(gone))
            await on_a_thread(lambda: self._runtime.take_over(gone))

    async def _tidy_all(self, stop: asyncio.Event) -> None:
        due = self._clock.monotonic()
        while not stop.is_set():
            await _attempt(self._give_back())
            if self._clock.monotonic() >= due and await _attempt(self._tidy()):
                due = self._clock.monotonic() + _TIDIES_EVERY.total_seconds()
            await _any_within([stop], _TRIES_AGAIN_AFTER)

    async def _give_back(self) -> None:
        """Have done what was interrupted because it could not be noted."""
        for task_id in list(self._interrupted):
            await on_a_thread(lambda: self._runtime.give_back(task_id))  # noqa: B023  # awaited right here
            self._interrupted.discard(task_id)

    async def _tidy(self) -> None:
        """Have done what the log has lost, end what it has ended, and shorten it."""
        if not self._settings.is_shared:  # whoever has begun work before was the only one, and is gone
            await self._take_over(present=set())
        in_hand = {task.task_id: task for task in await self._rows.in_hand()}
        states = await on_a_thread(lambda: self._runtime.states(in_hand.keys()))
        lost = [(task_id, in_hand[task_id].lane) for task_id in in_hand.keys() - states.keys()]
        if lost:
            log.warning("task_log_incomplete", tasks=len(lost), effect="they begin again")
            await on_a_thread(lambda: self._runtime.enqueue(lost))
        for task_id in (task_id for task_id, is_active in states.items() if not is_active):
            # Rows end before the log does: only one that broke in between is still open here.
            await self._rows.finish(task_id, TaskStatus.FAILED, error="Its run ended without a result.")
        before = self._clock.now() - _REMEMBERS
        await on_a_thread(lambda: self._runtime.purge(before))

    async def _run(self, loop: asyncio.AbstractEventLoop, task_id: int) -> None:
        """Carry out a task; on the event loop of dbos."""
        place = DbosPlace(loop, lambda: self._interrupted.add(task_id))
        async with self._seats:
            loop.call_soon_threadsafe(self._count, 1)
            try:
                await self._runner.run(task_id, place)
            finally:
                loop.call_soon_threadsafe(self._count, -1)

    def _count(self, change: int) -> None:
        self._running += change
        (self._is_idle.clear if self._running else self._is_idle.set)()


async def _attempt(work: Awaitable[None]) -> bool:
    """Await what is tried again anyway; return whether it was done."""
    try:
        await work
    except StoreError as error:
        log.warning("task_engine_disturbed", error=type(error).__name__, reason=str(error))
        return False
    return True


async def _any_within(events: Sequence[asyncio.Event], time: timedelta | None) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        seconds = None if time is None else time.total_seconds()
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
