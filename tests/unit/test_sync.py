"""Threads compared with their platforms."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from source.domain.errors import DeliveryError, RefusedInputError, StoreUnavailableError, UndeliverableError
from source.domain.task import Json
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.metadata import PlatformHistory, Synced, SyncStatus
from source.services.sync import SyncMessages, SyncService
from tests.fakes.clock import FakeClock
from tests.fakes.metadata_samples import Book
from tests.fakes.metadata_store import InMemoryMetadata
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import NOW, head, said


def _thread(number: int, platform: Platform = Platform.DISCORD) -> ThreadRef:
    return ThreadRef(platform, str(number))


@dataclass
class History:
    """Implements PlatformHistory: finds what a test says, or raises it."""

    outcomes: dict[str, Synced | Exception] = field(default_factory=dict)
    asked: list[tuple[str, bool]] = field(default_factory=list)

    async def sync(self, thread: ThreadRef, *, full: bool) -> Synced:
        await asyncio.sleep(0)
        self.asked.append((thread.thread_id, full))
        outcome = self.outcomes.get(thread.thread_id, Synced())
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class QuickClock(FakeClock):
    """Pauses take no time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@dataclass
class Syncing:
    """A service over threads in memory."""

    history: History = field(default_factory=History)
    clock: FakeClock = field(default_factory=QuickClock)

    def __post_init__(self) -> None:
        self.store = InMemoryStore(self.clock)
        self.known = InMemoryMetadata(self.store, self.clock)
        self.histories: dict[Platform, PlatformHistory] = {Platform.DISCORD: self.history}
        self.service = SyncService(self.histories, self.known, Book(self.store), self.clock)
        self.handler = SyncMessages(self.service)

    async def put(self, thread: ThreadRef, *, days_ago: float = 0, is_active: bool = True) -> None:
        at = NOW - timedelta(days=days_ago)
        conversation = head(thread=thread, at=at, is_active=is_active)
        message = said(after=-days_ago * 86_400)
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, (message,), (conversation,)))

    async def run(self, given: Json) -> Json:
        pieces = await self.handler.plan(self.handler.checked(given))
        return self.handler.report([await self.handler.perform(piece) for piece in pieces])

    async def status_of(self, thread: ThreadRef) -> SyncStatus:
        states = await self.service.sync_states()
        return next(state.status for state in states if state.thread == thread)


async def test_without_names_the_threads_are_synced_where_something_was_said_lately() -> None:
    syncing = Syncing(History({"1": Synced(found=2, edited=1), "3": Synced(found=1, deleted=4)}))
    await syncing.put(_thread(1), days_ago=3, is_active=False)
    await syncing.put(_thread(2), days_ago=30, is_active=False)
    await syncing.put(_thread(3), days_ago=30)
    await syncing.put(_thread(4, Platform.WEB))
    output = await syncing.run({})
    assert output == {"synced": 2, "found": 3, "edited": 1, "deleted": 4, "failed": {}, "unsupported": []}
    assert sorted(syncing.history.asked) == [("1", False), ("3", False)]
    states = {state.thread.thread_id: state for state in await syncing.service.sync_states()}
    assert {number: state.status for number, state in states.items()} == {
        "1": SyncStatus.OK,
        "2": SyncStatus.NEVER,
        "3": SyncStatus.OK,
        "4": SyncStatus.UNSUPPORTED,
    }
    assert (states["1"].messages_found, states["1"].last_synced_at) == (2, syncing.clock.now())
    assert states["1"].last_full_sync_at is None


async def test_a_full_sync_is_asked_for_and_noted_as_such() -> None:
    syncing = Syncing()
    await syncing.put(_thread(1))
    await syncing.run({"chat_ids": ["1"], "full": True})
    assert syncing.history.asked == [("1", True)]
    (state,) = await syncing.service.sync_states()
    assert state.last_full_sync_at == state.last_synced_at == syncing.clock.now()


async def test_the_failure_of_one_thread_is_its_own() -> None:
    away, gone = DeliveryError("Discord is away."), UndeliverableError("The thread is gone.")
    syncing = Syncing(History({"1": away, "2": gone, "3": Synced(found=1)}))
    for number in (1, 2, 3):
        await syncing.put(_thread(number))
    output = await syncing.run({"chat_ids": ["1", "2", "3"]})
    assert output["synced"] == output["found"] == 1
    assert output["failed"] == {"discord:1": "Discord is away.", "discord:2": "The thread is gone."}
    assert await syncing.status_of(_thread(1)) is SyncStatus.FAILED
    syncing.history.outcomes.clear()
    await syncing.run({"chat_ids": ["1"]})
    assert await syncing.status_of(_thread(1)) is SyncStatus.OK


async def test_a_store_that_is_away_fails_the_piece_so_that_it_is_tried_again() -> None:
    syncing = Syncing(History({"1": StoreUnavailableError("full")}))
    await syncing.put(_thread(1))
    with pytest.raises(StoreUnavailableError):
        await syncing.run({})


async def test_where_there_is_nothing_to_look_back_at_it_is_said() -> None:
    syncing = Syncing()
    await syncing.put(_thread(1, Platform.TERMINAL))
    output = await syncing.run({"chat_ids": ["1"]})
    assert output["unsupported"] == ["terminal:1"]
    assert await syncing.status_of(_thread(1, Platform.TERMINAL)) is SyncStatus.UNSUPPORTED
    syncing.histories[Platform.TERMINAL] = syncing.history
    await syncing.run({"chat_ids": ["1"]})
    assert await syncing.status_of(_thread(1, Platform.TERMINAL)) is SyncStatus.OK


async def test_chats_that_are_not_there_are_named() -> None:
    syncing = Syncing()
    await syncing.put(_thread(1))
    with pytest.raises(RefusedInputError, match="no chat 7, web:1:"):
        await syncing.handler.plan({"chat_ids": ["1", "7", "web:1"], "full": False})


async def test_many_threads_are_synced_in_pieces() -> None:
    syncing = Syncing()
    for number in range(45):
        await syncing.put(_thread(number))
    pieces = await syncing.handler.plan(syncing.handler.checked({"chat_ids": None}))
    assert [len(list(str(piece["chat_ids"]).split(","))) for piece in pieces] == [20, 20, 5]
    assert len(await syncing.handler.plan({"full": True})) == 9


@pytest.mark.parametrize("given", [{"chat_ids": "1"}, {"chat_ids": [1]}, {"full": "yes"}, {"chats": []}])
def test_what_is_no_list_of_chats_is_refused(given: Json) -> None:
    with pytest.raises(RefusedInputError):
        Syncing().handler.checked(given)
