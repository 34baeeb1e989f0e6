"""The course of a task: begun, planned, done piece by piece, summed up."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import structlog

from source.domain.errors import (
    EchoError,
    ModelRefusedError,
    ModelUnavailableError,
    RefusedInputError,
    SettingsError,
    StoreUnavailableError,
)
from source.domain.task import Json, Task, TaskStatus
from source.ports.clock import Clock
from source.ports.tasks import TaskHandler, TaskProgress
from source.services.agents.orchestrator import Orchestrator
from source.services.pauses import Pauses

log = structlog.get_logger(__name__)
T = TypeVar("T")

# What failed is tried again after each of these; a server that restarts is back by then.
_PAUSES_SECONDS: Final = (1.0, 5.0, 20.0)
_LONGEST_PAUSE_SECONDS: Final = 60.0
# Trying again changes nothing until somebody acts.
_LASTING: Final = (RefusedInputError, SettingsError, ModelRefusedError)

Outcome = Mapping[str, Any]
"""`{"result": …}` of what was done, `{"failed": sentence}` of what failed for good, `{"cancelled": True}`."""


class Place(Protocol):
    """Where a task is carried out."""

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do something that is done again when the task is taken up after a crash."""
        ...

    async def step(self, name: str, work: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Do something whose outcome is kept: when the task is taken up again, it is not done again."""
        ...


class TaskRunner:
    """Carries out tasks by their handlers and notes in their rows how far they are.

    After `leave` a task is left between two of its pieces, by a CancelledError, and can be taken up again.
    """

    def __init__(self, rows: TaskProgress, orchestrator: Orchestrator, clock: Clock) -> None:
        self._rows = rows
        self._orchestrator = orchestrator
        self._clock = clock
        self._leaving = asyncio.Event()
        self._unwanted: dict[int, asyncio.Event] = {}

    def leave(self) -> None:
        """Begin no other piece."""
        self._leaving.set()

    def hurry(self, task_id: int) -> None:
        """Do not try failed pieces of this task again: it was cancelled."""
        if task_id in self._unwanted:
            self._unwanted[task_id].set()

    async def run(self, task_id: int, place: Place) -> None:
        """Carry out a task, from its beginning or from where it was left, to its end."""
        try:
            task = await place.call(lambda: self._begun(task_id))
            if task is not None:
                await self._carry_out(task, place)
        except Exception:
            log.exception("task_broke", task=task_id)
            sentence = "It broke through a fault of Echo's; the log has the details."
            await place.call(lambda: self._finished(task_id, TaskStatus.FAILED, error=sentence))
        finally:
            self._unwanted.pop(task_id, None)

    async def _carry_out(self, task: Task, place: Place) -> None:
        began = self._clock.monotonic()
        log.info("task_begun", task=task.task_id, type=task.type, attempt=task.attempts)
        planned = await place.step("plan", lambda: self._plan(task))
        if "result" in planned:
            pieces: Sequence[Json] = planned["result"]
            outcomes = await self._do_pieces(task, pieces, place)
            status, error = _status_of(outcomes, len(pieces)), _error_of(outcomes)
            output: Json | None = await place.call(lambda: self._report(task, outcomes))
        else:
            status, error, output = _status_of([planned], 1), planned.get("failed"), None
        await place.call(lambda: self._finished(task.task_id, status, output_data=output, error=error))
        seconds = round(self._clock.monotonic() - began, 3)
        log.info("task_ended", task=task.task_id, type=task.type, status=status.value, seconds=seconds)

    async def _do_pieces(self, task: Task, pieces: Sequence[Json], place: Place) -> list[Outcome]:
        """Return what came of the pieces; of fewer than all when the task was cancelled."""
        outcomes: list[Outcome] = []
        goes_on = not task.cancel_requested
        for number, piece in enumerate(pieces):
            if number >= task.done:  # what was noted as done has its outcome kept
                goes_on = goes_on and await self._noted(task, number, len(pieces), place)
                if not goes_on:
                    return outcomes
            outcomes.append(await place.step("piece", partial(self._perform, task, piece)))
        await self._noted(task, len(outcomes), len(pieces), place)
        return outcomes

    async def _noted(self, task: Task, done: int, total: int, place: Place) -> bool:
        note = partial(self._rows.note_progress, task.task_id, done=done, total=total)
        return await place.call(partial(self._patiently, note))

    async def _begun(self, task_id: int) -> Task | None:
        self._check_leaving()
        self._alarm(task_id)
        return await self._patiently(partial(self._rows.begin, task_id))

    async def _finished(
        self, task_id: int, status: TaskStatus, *, output_data: Json | None = None, error: str | None = None
    ) -> None:
        await self._patiently(partial(self._rows.finish, task_id, status, output_data=output_data, error=error))

    async def _plan(self, task: Task) -> Outcome:
        async def plan(handler: TaskHandler) -> list[Json]:
            return list(await handler.plan(task.input))

        return await self._tried(task, plan)

    async def _perform(self, task: Task, piece: Json) -> Outcome:
        async def perform(handler: TaskHandler) -> Json:
            return dict(await handler.perform(piece))

        return await self._tried(task, perform)

    async def _report(self, task: Task, outcomes: Sequence[Outcome]) -> Json:
        results = [
            {"error": each["failed"]} if "failed" in each else each["result"]
            for each in outcomes
            if "cancelled" not in each
        ]
        return dict(self._orchestrator.handler(task.type).report(results))

    async def _tried(self, task: Task, work: Callable[[TaskHandler], Awaitable[object]]) -> Outcome:
        """Do it, again after an error, a few times; only what is over is an outcome."""
        for pause in (*_PAUSES_SECONDS, None):
            self._check_leaving()
            try:
                return {"result": await work(self._orchestrator.handler(task.type))}
            except EchoError as error:
                log.warning("task_piece_failed", task=task.task_id, type=task.type, error=type(error).__name__)
                if pause is None or isinstance(error, _LASTING):
                    return {"failed": str(error) or type(error).__name__}
                if not await self._rested(_pause_after(error, pause), unless=self._alarm(task.task_id)):
                    return {"cancelled": True}
            except Exception as error:  # the edge of what handlers do: one broken piece does not stop the others
                log.exception("task_piece_broke", task=task.task_id, type=task.type)
                return {"failed": f"A fault of Echo's ({type(error).__name__}); the log has the details."}
        raise AssertionError("the last attempt returns")

    async def _patiently(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write until the store takes it: nothing goes on before that."""
        pauses = Pauses(self._clock)
        while True:
            try:
                return await write()
            except StoreUnavailableError:
                log.warning("task_waits_for_store")
                await self._rested(pauses.delay(), unless=self._leaving)

    async def _rested(self, seconds: float, *, unless: asyncio.Event) -> bool:
        """Wait; return whether it was to the end."""
        waits = [
            asyncio.ensure_future(each) for each in (self._clock.sleep(seconds), unless.wait(), self._leaving.wait())
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        self._check_leaving()
        return not unless.is_set()

    def _alarm(self, task_id: int) -> asyncio.Event:
        return self._unwanted.setdefault(task_id, asyncio.Event())

    def _check_leaving(self) -> None:
        if self._leaving.is_set():
            raise asyncio.CancelledError


def _pause_after(error: EchoError, pause: float) -> float:
    wished = error.retry_after if isinstance(error, ModelUnavailableError) else None
    return pause if wished is None else min(max(pause, wished.total_seconds()), _LONGEST_PAUSE_SECONDS)


def _status_of(outcomes: Sequence[Outcome], total: int) -> TaskStatus:
    if len(outcomes) < total or any("cancelled" in each for each in outcomes):
        return TaskStatus.CANCELLED
    return TaskStatus.FAILED if any("failed" in each for each in outcomes) else TaskStatus.COMPLETED


def _error_of(outcomes: Sequence[Outcome]) -> str | None:
    failed = [str(each["failed"]) for each in outcomes if "failed" in each]
    if not failed:
        return None
    return f"{len(failed)} of {len(outcomes)} pieces failed. The first: {failed[0]}"
