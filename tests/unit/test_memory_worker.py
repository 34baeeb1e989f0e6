"""A worker that makes memories apart from the Echo that has the conversations."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from source.domain.errors import (
    ModelRefusedError,
    QueueUnavailableError,
    SettingsError,
    StoreUnavailableError,
)
from source.ports.llm import Prompt
from source.ports.memories import ReceivedBatch, RememberedConversation
from source.services.memories import MemoryService, StoreDesk
from source.services.memory_worker import MemoryWorker
from tests.fakes.memory_work import MemoryWork

HELD_FOR = timedelta(seconds=60)


@dataclass
class Inbox:
    """Hands out the batches there are, then stops the worker; an error is raised in a batch's place."""

    stop: asyncio.Event
    waiting: deque[tuple[int, ...] | Exception] = field(default_factory=deque)
    held: list[str] = field(default_factory=list)
    returned: list[tuple[str, timedelta]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    times: int = 1
    stops_when_empty: bool = True
    may_not_hold: bool = False

    async def receive(self) -> ReceivedBatch | None:
        await asyncio.sleep(0)
        if not self.waiting:
            if self.stops_when_empty:
                self.stop.set()
            await asyncio.Event().wait()
        batch = self.waiting.popleft()
        if isinstance(batch, Exception):
            raise batch
        return ReceivedBatch(f"receipt-{batch[0]}", batch, self.times, HELD_FOR)

    async def hold_on(self, batch: ReceivedBatch) -> None:
        await asyncio.sleep(0)
        if self.may_not_hold:
            raise SettingsError("Echo may not change how long a message is held.")
        self.held.append(batch.receipt)

    async def give_back(self, batch: ReceivedBatch, *, after: timedelta = timedelta(0)) -> None:
        await asyncio.sleep(0)
        self.returned.append((batch.receipt, after))

    async def done(self, batch: ReceivedBatch) -> None:
        await asyncio.sleep(0)
        self.finished.append(batch.receipt)


class Workshop:
    """A worker with its inbox and its store."""

    def __init__(self, work: MemoryWork, desk: StoreDesk | None = None) -> None:
        self.work = work
        self.stop = asyncio.Event()
        self.inbox = Inbox(self.stop)
        service = MemoryService(desk or work.desk, work.extractor, work.clock, pauses=())
        self.worker = MemoryWorker(self.inbox, service, work.clock)

    async def through(self, *batches: tuple[int, ...] | Exception) -> Inbox:
        """Have the worker do these batches and stop."""
        self.inbox.waiting.extend(batches)
        await self.worker.run(self.stop)
        return self.inbox


async def test_a_batch_is_done_when_every_conversation_has_its_memory_or_is_gone() -> None:
    work = MemoryWork()
    first, second = await work.put("Hello"), await work.put("Good day")
    inbox = await Workshop(work).through((first, second, 404))
    assert inbox.finished == [f"receipt-{first}"]
    assert inbox.returned == []
    assert sorted(work.memories.kept) == [first, second]


async def test_what_came_twice_is_made_once() -> None:
    work = MemoryWork()
    conversation = await work.put("Hello")
    inbox = await Workshop(work).through((conversation,), (conversation,))
    assert len(inbox.finished) == 2
    assert len(work.model.prompts) == 1


async def test_one_failure_sends_the_batch_back_and_does_not_stop_the_others() -> None:
    work = MemoryWork([ModelRefusedError("no")])
    broken, whole = await work.put("Hello"), await work.put("Good day")
    shop = Workshop(work)
    shop.inbox.times = 2
    inbox = await shop.through((broken, whole))
    assert (inbox.finished, inbox.returned) == ([], [(f"receipt-{broken}", timedelta(minutes=1))])
    assert [*work.memories.kept] == [whole]


class AwayAtFirst(StoreDesk):
    """Does not answer the first `away` times."""

    away = 3

    async def fetch(self, conversation_id: int) -> RememberedConversation | None:
        if self.away:
            self.away -= 1
            raise StoreUnavailableError("Echo does not answer")
        return await super().fetch(conversation_id)


async def test_while_echo_is_away_the_batch_stays_in_hand() -> None:
    work = MemoryWork()
    ids = tuple([await work.put(f"Hello {number}") for number in range(3)])
    inbox = await Workshop(work, AwayAtFirst(work.store, work.memories)).through(ids)
    assert (inbox.finished, inbox.returned) == ([f"receipt-{ids[0]}"], [])
    assert sorted(work.memories.kept) == sorted(ids)
    assert any(seconds <= 1 for seconds in work.clock.slept)


async def test_a_batch_is_held_on_to_while_it_is_worked_on() -> None:
    work = MemoryWork()
    conversation = await work.put("Hello")
    shop = Workshop(work)
    work.model.hold()
    shop.inbox.waiting.append((conversation,))
    running = asyncio.create_task(shop.worker.run(shop.stop))
    await work.model.called.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(shop.inbox.held) > 1
    assert HELD_FOR.total_seconds() / 3 in work.clock.slept
    work.model.release()
    await running
    held = len(shop.inbox.held)
    await asyncio.sleep(0)
    assert len(shop.inbox.held) == held, "what is done is no longer held"


async def test_who_must_not_hold_on_to_a_batch_ends_with_what_the_operator_has_to_do() -> None:
    work = MemoryWork()
    ids = tuple([await work.put(f"Hello {number}") for number in range(6)])
    shop = Workshop(work)
    work.model.hold()
    shop.inbox.waiting.append(ids)
    running = asyncio.create_task(shop.worker.run(shop.stop))
    await _asked(work.model.prompts, 4)
    shop.inbox.may_not_hold = True
    for _ in range(20):
        await asyncio.sleep(0)
    work.model.release()
    with pytest.raises(SettingsError, match="may not"):
        await running
    assert sorted(work.memories.kept) == sorted(ids[:4])
    assert shop.inbox.returned == [(f"receipt-{ids[0]}", timedelta(0))]


async def test_told_to_stop_it_finishes_what_it_began_and_gives_the_rest_back_at_once() -> None:
    work = MemoryWork()
    ids = tuple([await work.put(f"Hello {number}") for number in range(6)])
    shop = Workshop(work)
    work.model.hold()
    shop.inbox.waiting.append(ids)
    running = asyncio.create_task(shop.worker.run(shop.stop))
    while_asking = asyncio.create_task(_asked(work.model.prompts, 4))
    await while_asking
    shop.stop.set()
    work.model.release()
    await running
    assert sorted(work.memories.kept) == sorted(ids[:4])
    assert shop.inbox.returned == [(f"receipt-{ids[0]}", timedelta(0))]
    assert shop.inbox.finished == []


async def _asked(prompts: list[Prompt], times: int) -> None:
    """Wait until the model was asked; what it is told is put together in threads, which take real time."""
    async with asyncio.timeout(30):
        while len(prompts) < times:  # noqa: ASYNC110  (what is waited for happens in threads)
            await asyncio.sleep(0.001)


async def test_waiting_for_a_batch_it_stops_at_once() -> None:
    shop = Workshop(MemoryWork())
    shop.inbox.stops_when_empty = False
    running = asyncio.create_task(shop.worker.run(shop.stop))
    await asyncio.sleep(0)
    shop.stop.set()
    await running


async def test_a_queue_that_is_away_is_asked_again() -> None:
    work = MemoryWork()
    conversation = await work.put("Hello")
    inbox = await Workshop(work).through(QueueUnavailableError("away"), QueueUnavailableError("away"), (conversation,))
    assert inbox.finished == [f"receipt-{conversation}"]
    assert len(work.clock.slept) >= 2


class Forbidden(StoreDesk):
    async def fetch(self, conversation_id: int) -> RememberedConversation | None:
        raise SettingsError("ECHO_API_KEY: this key is unknown.")


@pytest.mark.parametrize("place", ["queue", "desk"])
async def test_what_the_operator_must_change_ends_the_worker_and_loses_no_batch(place: str) -> None:
    work = MemoryWork()
    conversation = await work.put("Hello")
    shop = Workshop(work, Forbidden(work.store, work.memories) if place == "desk" else None)
    with pytest.raises(SettingsError):
        await shop.through(SettingsError("no queue") if place == "queue" else (conversation,))
    assert shop.inbox.finished == []
    assert shop.inbox.returned == ([(f"receipt-{conversation}", timedelta(0))] if place == "desk" else [])
