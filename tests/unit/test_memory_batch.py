"""Batches of memories, and asking for them."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from source.domain.errors import ModelRefusedError, QueueUnavailableError, RefusedInputError, StoreUnavailableError
from source.domain.memory import Memory, StoredMemory
from source.domain.task import NewTask, TaskStatus, TaskType
from source.services.memories import MemoryService, StoreDesk
from source.services.memory_batch import GenerateMemoryBatch, SendMemoryBatch
from tests.fakes.memory_work import QUIET, MemoryWork, answer
from tests.fakes.store_samples import head
from tests.fakes.task_queue import KeptSteps

BATCH = TaskType.GENERATE_MEMORY_BATCH


def tally(
    generated: int = 0, *, unchanged: int = 0, gone: int = 0, failed: dict[str, str] | None = None
) -> dict[str, object]:
    told = failed or {}
    return {"generated": generated, "unchanged": unchanged, "gone": gone, "failed": told, "failed_count": len(told)}


async def test_one_task_makes_the_memories_of_all_that_are_eligible() -> None:
    work = MemoryWork(a_piece=2)
    quiet = [await work.put(f"Hello {number}") for number in range(5)]
    await work.put("Just now", after=timedelta(days=1).total_seconds() - 60)
    task, conversations = await work.triggered("api:test")
    assert (conversations, task.requested_by) == (quiet, "api:test")
    done = await work.done(task)
    assert (done.status, done.total, done.output_data) == (TaskStatus.COMPLETED, 3, tally(5))
    assert [*work.memories.kept] == quiet
    assert len(work.model.prompts) == 5


async def test_without_names_the_batch_is_of_all_that_are_eligible_when_it_runs() -> None:
    work = MemoryWork()
    task = await work.queue.submit(NewTask(BATCH))
    await work.put("Hello")
    assert (await work.done(task)).output_data == tally(1)


async def test_one_failure_does_not_stop_the_others_and_rests_before_it_is_tried_again() -> None:
    work = MemoryWork([answer(), ModelRefusedError("no"), answer()], a_piece=1)
    _, broken, _ = [await work.put(f"Hello {number}") for number in range(3)]
    task, _ = await work.triggered("api:test")
    done = await work.done(task)
    assert (done.status, done.output_data) == (TaskStatus.COMPLETED, tally(2, failed={str(broken): "no"}))
    assert await work.eligible.found() == []
    work.clock.advance(hours=1)
    assert await work.eligible.found() == [broken]
    again, _ = await work.triggered("api:test")
    assert again.task_id != task.task_id
    assert (await work.done(again)).output_data == tally(1)


class CutOff(StoreDesk):
    """Keeps one memory and then hangs, as a process that is about to be killed; `again` is its next life."""

    def __init__(self, work: MemoryWork) -> None:
        super().__init__(work.store, work.memories)
        self.hangs = asyncio.Event()
        self.again = False

    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        if self.hangs.is_set() and not self.again:
            await asyncio.Event().wait()
        self.hangs.set()
        return await super().keep(conversation_id, memory, version=version, made_of=made_of)


async def test_what_a_crash_cut_off_is_not_made_twice() -> None:
    work = MemoryWork()
    desk, steps = CutOff(work), KeptSteps()
    work.hand_to(GenerateMemoryBatch(MemoryService(desk, work.extractor, work.clock), work.eligible, a_piece=3))
    conversations = [await work.put(f"Hello {number}") for number in range(3)]
    task, _ = await work.triggered("api:test")
    running = asyncio.create_task(work.queue.runner.run(task.task_id, steps))
    await desk.hangs.wait()
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(work.memories.kept) == 1
    desk.again = True
    steps.again()
    await work.queue.runner.run(task.task_id, steps)
    done = await work.queue.get(task.task_id)
    assert done is not None
    assert done.output_data == tally(2, unchanged=1)
    assert sorted(work.memories.kept) == conversations
    assert {stored.version for stored in work.memories.kept.values()} == {1}
    assert len(work.model.prompts) <= 3 + 2


async def test_a_conversation_that_is_deleted_before_its_turn_is_gone() -> None:
    work = MemoryWork()
    conversation = await work.put("Hello")
    task = await work.queue.submit(NewTask(BATCH, {"conversation_ids": [conversation, 404, str(conversation)]}))
    assert (await work.done(task)).output_data == tally(1, gone=1)


class FullDisk(StoreDesk):
    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        raise StoreUnavailableError("the disk is full")


async def test_a_store_that_keeps_nothing_fails_the_piece_and_blames_no_conversation() -> None:
    work = MemoryWork()
    service = MemoryService(FullDisk(work.store, work.memories), work.extractor, work.clock)
    work.hand_to(GenerateMemoryBatch(service, work.eligible, a_piece=4))
    await work.put("Hello")
    task, _ = await work.triggered("api:test")
    done = await work.done(task)
    assert done.status is TaskStatus.FAILED
    assert "the disk is full" in (done.error or "")
    assert not work.memories.failures


async def test_who_asks_again_while_a_batch_waits_or_runs_gets_that_batch() -> None:
    work = MemoryWork()
    conversation = await work.put("Hello")
    first = await work.triggered("api:a")
    assert await work.triggered("api:b") == first
    assert first[1] == [conversation]
    await work.done(first[0])
    assert await work.trigger.trigger("api:b") == (None, [])


async def test_who_asks_in_vain_is_told_what_becomes_of_the_others() -> None:
    work = MemoryWork([ModelRefusedError("no")])
    assert await work.trigger.why_none() == "No conversation needs a memory now; each has one of all that was said."
    broken = await work.put("Hello")
    await work.done((await work.triggered("api:a"))[0])
    await work.put("Just now", after=timedelta(days=1).total_seconds() - 60)
    assert list(work.memories.failures) == [broken]
    assert await work.trigger.why_none() == (
        "No conversation needs a memory now; resting after a failure: 1; not quiet for 2 hours yet: 1."
    )


async def test_who_asks_again_under_the_same_key_gets_the_same_batch_also_when_it_is_over() -> None:
    work = MemoryWork()
    await work.put("Hello")
    first = await work.triggered("api:a", key="once")
    await work.done(first[0])
    await work.put("Hello too")
    again, conversations = await work.triggered("api:a", key="once")
    assert (again.task_id, conversations) == (first[0].task_id, first[1])
    other, _ = await work.triggered("api:a", key="twice")
    assert other.task_id != again.task_id


async def test_two_who_ask_at_the_same_moment_get_one_batch() -> None:
    work = MemoryWork()
    await work.put("Hello")
    (one, _), (other, _) = await asyncio.gather(work.triggered("api:a"), work.triggered("api:b"))
    assert one.task_id == other.task_id


async def test_who_became_eligible_meanwhile_gets_a_batch_of_its_own() -> None:
    work = MemoryWork()
    await work.put("Hello")
    await work.triggered("api:a")
    late = await work.put("Hello too")
    _, conversations = await work.triggered("api:a")
    assert conversations == [late]
    over = await work.done(await work.queue.submit(NewTask(BATCH)))
    assert over.output_data == {**tally(), "remark": "No memory was made: no conversation needed one any more."}
    assert len(work.model.prompts) == 2


async def test_an_older_batch_of_the_same_key_that_is_over_does_not_stand_in_the_way() -> None:
    work = MemoryWork()
    old = await work.queue.submit(NewTask(BATCH, {"conversation_ids": []}, key="memories:after:0"))
    await work.done(old)
    conversation = await work.put("Hello")
    hidden = work.eligible
    hidden.newest_batch = _none  # type: ignore[method-assign]  # as when another process's ids run ahead
    task, conversations = await work.triggered("api:a")
    assert conversations == [conversation]
    assert task.task_id != old.task_id


async def _none() -> None:
    return None


@pytest.mark.parametrize(
    "given", [{"conversation_ids": "all"}, {"conversation_ids": [0]}, {"conversation_ids": ["x"]}, {"chats": []}]
)
def test_an_input_that_names_no_conversations_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(RefusedInputError):
        MemoryWork().batch.checked(given)


def test_a_batch_may_name_any_number_of_conversations() -> None:
    ids = [*range(1, 25_001)]
    assert MemoryWork().batch.checked({"conversation_ids": [*map(str, ids)]}) == {"conversation_ids": ids}


def test_a_report_tells_the_first_thousand_failures_and_counts_all() -> None:
    pieces = [{"generated": 1, "failed": {str(number): "no"}} for number in range(1_500)]
    report = MemoryWork().batch.report([*pieces, {"error": "it broke"}])
    assert isinstance(report["failed"], dict)
    assert (report["generated"], len(report["failed"]), report["failed_count"]) == (1_500, 1_000, 1_500)


class Letters:
    """A queue of letters that hold two conversations each; it is away for the first `away` of them."""

    def __init__(self, *, away: int = 0) -> None:
        self.sent: list[list[int]] = []
        self.away = away

    async def batches(self, conversation_ids: Sequence[int]) -> list[list[int]]:
        await asyncio.sleep(0)
        return [[*conversation_ids[start : start + 2]] for start in range(0, len(conversation_ids), 2)]

    async def send(self, conversation_ids: Sequence[int]) -> str:
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            raise QueueUnavailableError("the queue is away")
        self.sent.append([*conversation_ids])
        return f"letter-{len(self.sent)}"


def handing_over(letters: Letters) -> MemoryWork:
    work = MemoryWork(handed_over_for=QUIET)
    work.hand_to(SendMemoryBatch(letters, work.eligible))
    return work


async def test_a_batch_for_workers_elsewhere_is_over_when_it_is_handed_over() -> None:
    letters = Letters(away=1)
    work = handing_over(letters)
    ids = [await work.put(f"Hello {number}") for number in range(3)]
    task, _ = await work.triggered("api:test")
    done = await work.done(task)
    assert done.status is TaskStatus.COMPLETED
    assert done.output_data == {"handed_over": 3, "conversation_ids": ids, "queue_messages": ["letter-1", "letter-2"]}
    assert letters.sent == [ids[:2], ids[2:]]


async def test_what_was_handed_over_is_not_handed_over_again_until_it_may_have_been_lost() -> None:
    letters = Letters()
    work = handing_over(letters)
    place = head(is_active=False)
    conversation = await work.put("Hello", conversation=place)
    await work.done(await work.queue.submit(NewTask(BATCH)))
    work.clock.advance(hours=1, minutes=59)
    await work.done(await work.queue.submit(NewTask(BATCH)))
    assert letters.sent == [[conversation]]
    work.clock.advance(minutes=2)
    await work.done(await work.queue.submit(NewTask(BATCH)))
    assert letters.sent == [[conversation], [conversation]]
