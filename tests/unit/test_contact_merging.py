"""What somebody said under another name follows until nothing can come any more, whatever is in the way."""

import asyncio
from dataclasses import dataclass, field

import pytest

from source.domain.errors import StoreConflictError
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.ports.webhooks import Contact, Merge
from source.services.contact_merging import ContactMerging
from source.services.conversation_manager import InMemoryConversationManager
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore

WHATSAPP = Platform.WHATSAPP


@dataclass
class Merges:
    """A store of merges that notes what is asked of it; `troubles` are raised first."""

    moved: list[Merge] = field(default_factory=list)
    settled: list[Merge] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    known: list[Merge] = field(default_factory=list)

    async def merges(self, platform: Platform) -> list[Merge]:
        await asyncio.sleep(0)
        return self.known

    async def unsettled(self, platform: Platform) -> list[Merge]:
        return [each for each in await self.merges(platform) if each not in self.settled]

    async def move(self, platform: Platform, merge: Merge) -> list[int]:
        await asyncio.sleep(0)
        if self.troubles:
            raise self.troubles.pop()
        self.moved.append(merge)
        return []

    async def settle(self, merge: Merge) -> None:
        await asyncio.sleep(0)
        self.settled.append(merge)


@dataclass
class Desk:
    """Merging with threads that are busy as the test says."""

    clock: FakeClock = field(default_factory=FakeClock)
    merges: Merges = field(default_factory=Merges)
    busy: set[ThreadKey] = field(default_factory=set)
    followed: list[tuple[ThreadKey, ThreadKey]] = field(default_factory=list)

    def __post_init__(self) -> None:
        store = InMemoryStore(self.clock)
        manager = InMemoryConversationManager(store=store, clock=self.clock)
        self.merging = ContactMerging(WHATSAPP, self.merges, manager=manager, store=store, turns=self, clock=self.clock)

    def is_busy(self, thread: ThreadKey) -> bool:
        return thread in self.busy

    def moved(self, gone: ThreadKey, kept: ThreadRef) -> None:
        self.followed.append((gone, kept.key))

    async def until_settled(self) -> None:
        async with asyncio.timeout(10):
            while not self.merges.settled:
                self.clock.advance(seconds=60)
                await asyncio.sleep(0)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_what_is_done_at_once_is_settled_at_once(desk: Desk) -> None:
    desk.merging.note(Contact(1, (), absorbed=(2,)))
    assert (desk.merging.now(2), desk.merging.now(1), desk.merging.pending(1)) == (1, 1, [2])
    await desk.merging.settle(1)
    assert (desk.merges.moved, desk.merges.settled) == ([Merge(2, 1)], [Merge(2, 1)])
    assert desk.merging.pending(1) == []


async def test_where_something_is_still_to_be_answered_it_is_moved_again(desk: Desk) -> None:
    desk.busy.add(ThreadKey(WHATSAPP, "2"))
    desk.merging.note(Contact(1, (), absorbed=(2,)))
    await desk.merging.settle(1)
    assert (desk.merges.moved, desk.merges.settled) == ([Merge(2, 1)], [])
    desk.busy.clear()
    await desk.until_settled()
    assert desk.merges.moved == [Merge(2, 1)] * 2


@pytest.mark.parametrize("trouble", [StoreConflictError("forgotten just now"), RuntimeError("a fault")])
async def test_what_is_in_the_way_holds_nobody_up_and_is_tried_again(desk: Desk, trouble: Exception) -> None:
    desk.merges.troubles.append(trouble)
    desk.merging.note(Contact(1, (), absorbed=(2,)))
    await desk.merging.settle(1)
    assert desk.merging.pending(1) == []
    await desk.until_settled()


async def test_who_merges_again_is_known_as_who_they_are_in_the_end(desk: Desk) -> None:
    desk.merging.note(Contact(2, (), absorbed=(3,)))
    desk.merging.note(Contact(1, (), absorbed=(2,)))
    assert (desk.merging.now(3), desk.merging.now(2), desk.merging.pending(1)) == (1, 1, [2, 3])


async def test_what_an_earlier_process_found_out_is_known_and_gone_on_with(desk: Desk) -> None:
    done, left = Merge(3, 1), Merge(2, 1)
    desk.merges.known, desk.merges.settled = [left, done], [done]
    await desk.merging.take_up()
    assert (desk.merging.now(3), desk.merging.now(2)) == (1, 1)
    assert (desk.merges.moved, desk.merges.settled) == ([left], [done, left])
