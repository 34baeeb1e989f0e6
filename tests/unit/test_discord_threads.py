"""Which threads are Echo's."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from source.adapters.discord.threads import Threads
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore

ME = 1


def _thread(thread_id: int, *, owner: int = 7) -> Any:
    return SimpleNamespace(id=thread_id, owner_id=owner)


async def _accept(store: InMemoryStore, message: int) -> None:
    thread = ThreadRef(Platform.DISCORD, str(message), "50")
    await store.accept(InboundMessage(str(message), thread, PersonRef("7", "Ada"), "hi", datetime.now(UTC)))


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore(FakeClock())


async def test_a_thread_that_echo_opened_is_its_own(store: InMemoryStore) -> None:
    assert await Threads(store).is_echos(_thread(5, owner=ME), ME)


async def test_a_thread_that_began_with_an_accepted_message_is_echos(store: InMemoryStore) -> None:
    await _accept(store, 5)
    assert await Threads(store).is_echos(_thread(5), ME)
    assert not await Threads(store).is_echos(_thread(6), ME)


async def test_a_thread_becomes_echos_when_its_first_message_is_taken_after_others(store: InMemoryStore) -> None:
    threads = Threads(store)
    assert not await threads.is_echos(_thread(5), ME)
    threads.accepted(5)
    assert await threads.is_echos(_thread(5), ME)


async def test_the_store_is_asked_once_for_each_thread(store: InMemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(store)
    await threads.is_echos(_thread(5), ME)
    monkeypatch.setattr("tests.fakes.store_channel.ChannelRows.is_accepted", None)
    assert not await threads.is_echos(_thread(5), ME)
