"""Memories in batches: one task for all conversations that need one."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from source.domain.task import Json, Lane, NewTask, Task, TaskStatus, TaskType
from source.ports.clock import Clock
from source.ports.memories import MemoryBatches, MemoryStore
from source.ports.tasks import TaskQueue
from source.services.memories import MadeMemory, MemoryService
from source.services.task_input import MOST_IDS, ids_in, refuse_unknown_keys
from source.services.task_results import remarked

_IDS: Final = "conversation_ids"
_UNITS: Final = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_TASKS_LOOKED_AT: Final = 200
_LONGER_THAN_ANY_REST: Final = timedelta(days=3_650)
# A failed conversation is noted with its sentence; more of them than this are only counted.
_MOST_FAILURES_TOLD: Final = 1_000
_NONE_MADE: Final = "No memory was made: no conversation needed one any more."
_NONE_HANDED_OVER: Final = "Nothing was handed over: no conversation needs a memory."


class Batches(Protocol):
    """The tasks there are."""

    async def listed(
        self,
        *,
        status: TaskStatus | None = None,
        type: str | None = None,  # noqa: A002  # the field's name
        limit: int = 50,
    ) -> list[Task]:
        """As in `TaskStore`."""
        ...


class EligibleConversations:
    """Finds the conversations whose memory is to be made.

    What a batch has handed over to workers elsewhere is theirs for `handed_over_for`; it may be as long as
    conversations have to be quiet, for before that nobody can have said something newer.
    """

    def __init__(
        self,
        memories: MemoryStore,
        batches: Batches,
        clock: Clock,
        *,
        quiet_for: timedelta,
        handed_over_for: timedelta = timedelta(0),
    ) -> None:
        self._memories = memories
        self._batches = batches
        self._clock = clock
        self._quiet_for = quiet_for
        self._handed_over_for = handed_over_for

    async def found(self) -> list[int]:
        """Return those that have been quiet for long enough and have no memory or a newer message, longest first.

        Those named by a batch that is not over are left to it.
        """
        now = self._clock.now()
        eligible = await self._memories.eligible(now - self._quiet_for, now)
        in_hand = await self._in_hand(now - self._handed_over_for) if eligible else set()
        return [conversation_id for conversation_id in eligible if conversation_id not in in_hand]

    async def why_none(self) -> str:
        """Return a sentence that says what becomes of those that have nobody's attention now."""
        now = self._clock.now()
        quiet = await self._memories.eligible(now - self._quiet_for, now)
        rested = await self._memories.eligible(now - self._quiet_for, now + _LONGER_THAN_ANY_REST)
        talking = await self._memories.eligible(now, now)
        counts = {
            "in a batch that is not over": len(quiet),
            "resting after a failure": len(rested) - len(quiet),
            f"not quiet for {_spoken(self._quiet_for)} yet": len(talking) - len(quiet),
        }
        told = "; ".join(f"{what}: {count}" for what, count in counts.items() if count > 0)
        return f"No conversation needs a memory now; {told or 'each has one of all that was said'}."

    async def newest_batch(self) -> Task | None:
        """Return the batch that was asked for last, over or not."""
        listed = await self._batches.listed(type=TaskType.GENERATE_MEMORY_BATCH, limit=1)
        return listed[0] if listed else None

    async def _in_hand(self, handed_over_since: datetime) -> set[int]:
        pending, running, completed = [
            await self._batches.listed(status=status, type=TaskType.GENERATE_MEMORY_BATCH, limit=_TASKS_LOOKED_AT)
            for status in (TaskStatus.PENDING, TaskStatus.RUNNING, TaskStatus.COMPLETED)
        ]
        named = [task.input for task in (*pending, *running)]
        named += [
            task.output_data
            for task in completed
            if task.output_data and task.finished_at and task.finished_at > handed_over_since
        ]
        return {conversation_id for each in named for conversation_id in read_ids(each) or ()}


class GenerateMemoryBatch:
    """Makes the memories of the conversations named, or of all that are eligible when it runs."""

    lane = Lane.ANYWHERE

    def __init__(self, service: MemoryService, eligible: EligibleConversations, *, a_piece: int) -> None:
        """`a_piece` conversations are a piece of work, done side by side: about as many as take a second or two."""
        self._service = service
        self._eligible = eligible
        self._a_piece = a_piece

    def checked(self, given: Json) -> Json:
        return checked_ids(given)

    async def plan(self, given: Json) -> Sequence[Json]:
        named = read_ids(given)
        wanted = await self._eligible.found() if named is None else named
        return [{_IDS: wanted[start : start + self._a_piece]} for start in range(0, len(wanted), self._a_piece)]

    async def perform(self, piece: Json) -> Json:
        """Make each memory whatever becomes of the others.

        Raises: StoreUnavailableError, StoreDamagedError: nothing can be kept now.
        """
        wanted = read_ids(piece) or []
        tried = (self._service.attempt(conversation_id) for conversation_id in wanted)
        outcomes = await asyncio.gather(*tried, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        counted = Counter(outcome for outcome in outcomes if isinstance(outcome, MadeMemory))
        failed = {
            str(conversation_id): outcome
            for conversation_id, outcome in zip(wanted, outcomes, strict=True)
            if not isinstance(outcome, MadeMemory)
        }
        return {**{made.value: counted[made] for made in MadeMemory}, "failed": failed}

    def report(self, results: Sequence[Json]) -> Json:
        """Sum up the pieces; `failed` says by conversation why, of the first thousand."""
        totals: Counter[str] = Counter()
        failed: dict[str, str] = {}
        for result in results:
            totals.update(
                {made.value: count for made in MadeMemory if isinstance(count := result.get(made.value), int)}
            )
            found = result.get("failed")
            failed |= found if isinstance(found, dict) else {}
        told = dict(list(failed.items())[:_MOST_FAILURES_TOLD])
        counted = {made.value: totals[made.value] for made in MadeMemory}
        output = {**counted, "failed": told, "failed_count": len(failed)}
        return remarked(output, results, _NONE_MADE, unless=(counted[MadeMemory.GENERATED.value], failed))


class SendMemoryBatch:
    """Hands the batch to a queue, for workers elsewhere; the task is over when they can take it."""

    lane = Lane.ANYWHERE

    def __init__(self, batches: MemoryBatches, eligible: EligibleConversations) -> None:
        self._batches = batches
        self._eligible = eligible

    def checked(self, given: Json) -> Json:
        return checked_ids(given)

    async def plan(self, given: Json) -> Sequence[Json]:
        named = read_ids(given)
        wanted = await self._eligible.found() if named is None else named
        return [{_IDS: batch} for batch in await self._batches.batches(wanted)]

    async def perform(self, piece: Json) -> Json:
        wanted = read_ids(piece) or []
        return {_IDS: wanted, "queue_message": await self._batches.send(wanted)}

    def report(self, results: Sequence[Json]) -> Json:
        """Tell what was handed over; whether it is done by now, the memories tell."""
        ids = [conversation_id for result in results for conversation_id in read_ids(result) or ()]
        letters = [each["queue_message"] for each in results if _IDS in each]
        output = {"handed_over": len(ids), _IDS: ids, "queue_messages": letters}
        return remarked(output, results, _NONE_HANDED_OVER, unless=(ids,))


class MemoryTrigger:
    """Asks for one batch of all eligible conversations, for `POST /tasks/trigger-memory-generation`."""

    def __init__(self, queue: TaskQueue, eligible: EligibleConversations) -> None:
        self._queue = queue
        self._eligible = eligible

    async def trigger(self, requested_by: str, *, key: str | None = None) -> tuple[Task | None, list[int]]:
        """Return the task and its conversations; asked for again meanwhile, it is the same one. None: none needs one.

        Asked for again with the same `key` it is the same one also when that is over.

        Raises: RefusedInputError, StoreError.
        """
        known = await self._queue.listed(key=key, limit=1) if key is not None else []
        if known:
            return known[0], read_ids(known[0].input) or []
        newest = await self._eligible.newest_batch()
        wanted = await self._eligible.found()
        if not wanted:
            still = newest if newest is not None and not newest.status.is_final else None
            return still, (read_ids(still.input) or []) if still else []
        if key is not None:
            task = await self._queue.submit(_batch_of(wanted, requested_by, key))
        else:
            task = await self._asked_after(newest.task_id if newest else 0, wanted, requested_by)
        return task, read_ids(task.input) or []

    async def why_none(self) -> str:
        """Return a sentence for whoever asked for a batch of which no conversation is part."""
        return await self._eligible.why_none()

    async def _asked_after(self, earlier: int, wanted: Sequence[int], requested_by: str) -> Task:
        """Ask for a batch after an earlier one; two who ask at the same moment ask for one and the same."""
        while True:
            task = await self._queue.submit(_batch_of(wanted, requested_by, f"memories:after:{earlier}"))
            if not task.status.is_final or read_ids(task.input) == [*wanted]:
                return task
            earlier = task.task_id  # ids of other processes need not be in the order of asking


def _spoken(time: timedelta) -> str:
    """Return a time in its largest unit that says all of it: `2 hours`, `90 minutes`."""
    seconds = round(time.total_seconds())
    unit, length = next(each for each in _UNITS if seconds % each[1] == 0)
    number = seconds // length
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _batch_of(wanted: Sequence[int], requested_by: str, key: str) -> NewTask:
    return NewTask(TaskType.GENERATE_MEMORY_BATCH, {_IDS: wanted}, requested_by=requested_by, key=key)


def checked_ids(given: Json) -> Json:
    """Return the input with its ids as numbers.

    Raises: RefusedInputError.
    """
    refuse_unknown_keys(given, [_IDS])
    named = read_ids(given)
    return {} if named is None else {_IDS: named}


def read_ids(given: Json) -> list[int] | None:
    """Return the conversations named, of which one batch may have any number; None when all are meant.

    Raises: RefusedInputError.
    """
    listed = given.get(_IDS)
    if not isinstance(listed, list):
        return ids_in(given, _IDS)
    parts = (ids_in({_IDS: listed[start : start + MOST_IDS]}, _IDS) or [] for start in range(0, len(listed), MOST_IDS))
    return list(dict.fromkeys(conversation_id for part in parts for conversation_id in part))
