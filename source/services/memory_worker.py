"""Makes memories of the batches that come through a queue, apart from the Echo that has the conversations."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from source.domain.errors import QueueUnavailableError, SettingsError, StoreError
from source.ports.clock import Clock
from source.ports.memories import BatchInbox, ReceivedBatch
from source.services.memories import MadeMemory, MemoryService
from source.services.pauses import Pauses

log = structlog.get_logger(__name__)
T = TypeVar("T")

_SIDE_BY_SIDE: Final = 4
# A batch is held on to often enough that two failures in a row do not lose it.
_HOLDS: Final = 3
_FIRST_REST: Final = timedelta(seconds=30)
_LONGEST_REST: Final = timedelta(minutes=15)
_MOST_DOUBLINGS: Final = 10


@dataclass(slots=True)
class _Progress:
    """How far a batch is; `waiting` are the conversations left, the next one last, `refused` stops everything."""

    waiting: list[int]
    pauses: Pauses
    failed: int = 0
    refused: SettingsError | None = None


class MemoryWorker:
    """Takes one batch at a time; it leaves the queue when each of its conversations has its memory or is gone."""

    def __init__(
        self, inbox: BatchInbox, service: MemoryService, clock: Clock, *, side_by_side: int = _SIDE_BY_SIDE
    ) -> None:
        self._inbox = inbox
        self._service = service
        self._clock = clock
        self._side_by_side = side_by_side

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; conversations that were begun are finished, the rest goes back to the queue.

        Raises: SettingsError: the operator must change something.
        """
        pauses = Pauses(self._clock)
        while not stop.is_set():
            try:
                batch = await _unless(stop, self._inbox.receive())
                if batch is not None:
                    await self._work_through(batch, stop)
                pauses.reset()
            except QueueUnavailableError as error:
                log.warning("memory_queue_away", reason=str(error))
                await _unless(stop, self._clock.sleep(pauses.delay()))

    async def _work_through(self, batch: ReceivedBatch, stop: asyncio.Event) -> None:
        log.info("memory_batch_received", conversations=len(batch.conversation_ids), times=batch.times_received)
        progress = _Progress(list(reversed(batch.conversation_ids)), Pauses(self._clock))
        holding = asyncio.create_task(self._hold_on(batch, progress))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._side_by_side):
                    group.create_task(self._make(progress, stop))
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
        if not progress.waiting and not progress.failed and progress.refused is None:
            await self._inbox.done(batch)
            log.info("memory_batch_done", conversations=len(batch.conversation_ids))
        else:
            await self._give_back(batch, progress, at_once=stop.is_set() or progress.refused is not None)

    async def _give_back(self, batch: ReceivedBatch, progress: "_Progress", *, at_once: bool) -> None:
        rest = timedelta(0) if at_once else _rest_after(batch.times_received)
        await self._inbox.give_back(batch, after=rest)
        log.warning("memory_batch_given_back", left=len(progress.waiting), failed=progress.failed)
        if progress.refused is not None:
            raise progress.refused

    async def _make(self, progress: "_Progress", stop: asyncio.Event) -> None:
        """Make what waits, one after the other."""
        while progress.waiting and progress.refused is None and not stop.is_set():
            conversation_id = progress.waiting.pop()
            try:
                outcome = await self._service.attempt(conversation_id)
            except StoreError as error:
                # Where the conversations are is away: the batch stays in hand, for it is not the batch's fault.
                log.warning("memory_desk_away", reason=str(error))
                progress.waiting.append(conversation_id)
                await _unless(stop, self._clock.sleep(progress.pauses.delay()))
            except SettingsError as error:
                progress.waiting.append(conversation_id)
                progress.refused = error
            else:
                progress.pauses.reset()
                progress.failed += not isinstance(outcome, MadeMemory)

    async def _hold_on(self, batch: ReceivedBatch, progress: "_Progress") -> None:
        """Keep the batch from others while it is worked on; who must not do that ends the work."""
        while progress.refused is None:
            await self._clock.sleep(batch.held_for.total_seconds() / _HOLDS)
            try:
                await self._inbox.hold_on(batch)
            except QueueUnavailableError as error:
                log.warning("memory_batch_not_held", reason=str(error))
            except SettingsError as error:
                progress.refused = error


async def _unless(stop: asyncio.Event, waiting: Awaitable[T]) -> T | None:
    """Wait for it; None when told to stop first."""
    wanted, stopped = asyncio.ensure_future(waiting), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([wanted, stopped], return_when=asyncio.FIRST_COMPLETED)
        return wanted.result() if wanted.done() else None
    finally:
        wanted.cancel()
        stopped.cancel()
        await asyncio.gather(wanted, stopped, return_exceptions=True)


def _rest_after(times_received: int) -> timedelta:
    """Return the rest of a batch that failed: twice as long each time."""
    return min(_FIRST_REST * (1 << min(max(0, times_received - 1), _MOST_DOUBLINGS)), _LONGEST_REST)
