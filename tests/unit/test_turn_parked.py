"""A reply that its channel has parked is tried with the next word of its person, before anything newer."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from source.domain.errors import DeliveryError, DeliveryParkedError
from source.domain.thread import ThreadRef
from tests.fakes.channel import FakeChannel, FakeReply
from tests.fakes.small_echo import THREAD, SmallEcho, passing, rest


class _ParkingReply(FakeReply):
    """Delivers nothing while its channel is shut."""

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        await asyncio.sleep(0)
        assert isinstance(self.channel, _ParkingChannel)
        if text in self.channel.refused:
            raise DeliveryError("not now")
        if self.channel.is_shut:
            self.channel.parked.append(text)
            raise DeliveryParkedError("too late")
        self.channel.came.append(text)


class _ParkingChannel(FakeChannel):
    """Parks replies while it is shut."""

    def __init__(self) -> None:
        super().__init__(THREAD.platform)
        self.is_shut = True
        self.refused: set[str] = set()
        self.parked: list[str] = []
        self.came: list[str] = []

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> _ParkingReply:
        return _ParkingReply(thread, self, answering=tuple(answering))


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    echo = SmallEcho(channel=_ParkingChannel())
    yield echo
    await echo.end()


def _channel(echo: SmallEcho) -> _ParkingChannel:
    assert isinstance(echo.channel, _ParkingChannel)
    return echo.channel


async def _say(echo: SmallEcho, text: str, answer: str) -> None:
    echo.model.add(answer)
    await echo.turns.handle(echo.inbound(text), echo.channel)


async def test_nothing_tries_it_until_its_person_writes(echo: SmallEcho) -> None:
    channel = _channel(echo)
    await _say(echo, "Tea?", "tea")
    assert channel.parked == ["tea"]
    await passing(echo, hours=24)
    assert channel.parked == ["tea"]
    assert [reply.message.message_content for reply in await echo.store.undelivered()] == ["tea"]
    channel.is_shut = False
    await _say(echo, "Coffee?", "coffee")
    await rest()
    assert channel.came == ["tea", "coffee"]
    assert await echo.store.undelivered() == []


async def test_who_asks_for_it_at_the_same_time_gets_it_once_and_in_order(echo: SmallEcho) -> None:
    channel = _channel(echo)
    await _say(echo, "Tea?", "tea")
    await _say(echo, "Coffee?", "coffee")
    channel.is_shut = False
    deliveries = echo.turns.deliveries
    assert deliveries.has_parked(THREAD.key)
    await asyncio.gather(*(deliveries.flush(THREAD.key) for _ in range(3)), _say(echo, "Cocoa?", "cocoa"))
    await rest()
    assert channel.came == ["tea", "coffee", "cocoa"]
    assert not deliveries.has_parked(THREAD.key)


async def test_after_a_start_it_is_parked_again_and_delivered_once(echo: SmallEcho) -> None:
    channel = _channel(echo)
    await _say(echo, "Tea?", "tea")
    echo.start()
    await echo.turns.recover(channel)
    await rest()
    assert channel.parked == ["tea", "tea"]
    channel.is_shut = False
    await _say(echo, "Coffee?", "coffee")
    await rest()
    assert channel.came == ["tea", "coffee"]


async def test_what_is_newer_and_waits_for_another_reason_comes_after_it(echo: SmallEcho) -> None:
    channel = _channel(echo)
    await _say(echo, "Tea?", "tea")
    channel.refused.add("coffee")
    await _say(echo, "Coffee?", "coffee")
    channel.refused.clear()
    channel.is_shut = False
    await echo.turns.deliveries.flush(THREAD.key)
    assert channel.came == ["tea", "coffee"]


async def test_an_answer_that_is_just_being_made_is_not_taken_for_one_that_waited(echo: SmallEcho) -> None:
    channel = _channel(echo)
    await _say(echo, "Tea?", "tea")
    echo.model.hold()
    answering = asyncio.create_task(_say(echo, "Coffee?", "coffee"))
    await rest()
    channel.is_shut = False
    echo.model.release()
    await answering
    await rest()
    assert channel.came == ["tea", "coffee"]


async def test_what_waits_in_a_thread_that_becomes_a_part_of_another_is_delivered_there(echo: SmallEcho) -> None:
    channel, kept = _channel(echo), ThreadRef(THREAD.platform, "kept")
    await _say(echo, "Tea?", "tea")
    channel.refused.add("coffee")
    await _say(echo, "Coffee?", "coffee")
    echo.turns.moved(THREAD.key, kept)
    channel.is_shut, channel.refused = False, set()
    await echo.turns.deliveries.flush(THREAD.key)
    assert channel.came == []
    await echo.turns.deliveries.flush(kept.key)
    assert channel.came == ["coffee"]
