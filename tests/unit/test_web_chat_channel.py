"""Replies as those who listen over HTTP read them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from source.adapters.web.chat_channel import (
    Delivered,
    Failed,
    Listener,
    Noticed,
    Pause,
    ReplyEvent,
    Spoken,
    Thinking,
    WebChannel,
)
from source.domain.errors import DeliveryRefusedError
from source.domain.thread import Platform, ThreadRef

THREAD = ThreadRef(Platform.WEB, "s1")


@pytest.fixture
def channel() -> WebChannel:
    return WebChannel(Platform.WEB)


def reading(listener: Listener, *, pause_seconds: float = 5) -> AsyncIterator[ReplyEvent | Pause]:
    return listener.events(pause_seconds=pause_seconds)


async def whole(listener: Listener) -> list[ReplyEvent | Pause]:
    listener.settle()
    return [event async for event in reading(listener)]


async def test_a_listener_reads_the_reply_that_is_opened_on_it(channel: WebChannel) -> None:
    listener = Listener(channel, THREAD)
    reply = listener.open_reply(THREAD, (1,))
    await reply.notice("A new conversation.")
    events = reading(listener)
    assert await anext(events) == Noticed(THREAD, "A new conversation.")
    reply.thinking()
    assert await anext(events) == Thinking(THREAD)
    reply.show("Good ")
    assert await anext(events) == Spoken(THREAD, "Good ")
    reply.show("day")
    await reply.deliver("Good day")
    assert [await anext(events), await anext(events)] == [
        Spoken(THREAD, "day"),
        Delivered(THREAD, (1,), "Good day", False),
    ]


async def test_what_comes_faster_than_it_is_read_comes_together(channel: WebChannel) -> None:
    listener = Listener(channel, THREAD)
    reply = listener.open_reply(THREAD, (1,))
    for piece in ("one ", "two ", "three"):
        reply.show(piece)
    reply.thinking()
    assert await anext(reading(listener)) == Spoken(THREAD, "one two three")


async def test_all_who_are_answered_together_read_the_same_reply(channel: WebChannel) -> None:
    first, second = Listener(channel, THREAD), Listener(channel, THREAD)
    first.await_reply(1)
    reply = second.open_reply(THREAD, (1, 2))
    reply.show("Both of you")
    await reply.deliver("Both of you")
    told = [Spoken(THREAD, "Both of you"), Delivered(THREAD, (1, 2), "Both of you", False)]
    assert await whole(first) == await whole(second) == told


async def test_who_comes_late_reads_from_the_beginning(channel: WebChannel) -> None:
    reply = channel.open_reply(THREAD, (1,))
    reply.show("Long ")
    late = Listener(channel, THREAD)
    late.await_reply(1)
    reply.show("story")
    assert await whole(late) == [Spoken(THREAD, "Long story")]


async def test_nobody_hears_what_others_are_told(channel: WebChannel) -> None:
    other = Listener(channel, THREAD)
    other.await_reply(2)
    await channel.open_reply(THREAD, (1,)).deliver("Not for you")
    assert await whole(other) == []


async def test_a_reply_that_has_ended_is_no_longer_found(channel: WebChannel) -> None:
    reply = channel.open_reply(THREAD, (1, 2))
    await reply.fail("Later.")
    assert channel.running(1) is None
    assert channel.running(2) is None


async def test_a_failure_is_told(channel: WebChannel) -> None:
    listener = Listener(channel, THREAD)
    await listener.open_reply(THREAD, (1,)).fail("I will answer later.")
    assert await whole(listener) == [Failed(THREAD, "I will answer later.")]


async def test_silence_is_told_as_a_pause(channel: WebChannel) -> None:
    listener = Listener(channel, THREAD)
    assert await anext(reading(listener, pause_seconds=0.01)) == Pause()


async def test_whoever_waits_is_woken_when_nothing_will_come(channel: WebChannel) -> None:
    listener = Listener(channel, THREAD)
    waiting = asyncio.create_task(listener.begun())
    events = asyncio.create_task(whole_without_settling(listener))
    await asyncio.sleep(0)
    channel.close()
    await waiting
    assert await events == []


async def whole_without_settling(listener: Listener) -> list[ReplyEvent | Pause]:
    return [event async for event in reading(listener)]


async def test_a_reply_in_the_terminal_waits_for_a_reader() -> None:
    terminal = WebChannel(Platform.TERMINAL, needs_reader=True)
    reply = terminal.open_reply(THREAD, (1,))
    with pytest.raises(DeliveryRefusedError):
        await reply.deliver("Is anybody there?")
    assert terminal.running(1) is None
    reader = Listener(terminal, THREAD)
    await reader.open_reply(THREAD, (1,)).deliver("Here you are")
    assert await whole(reader) == [Delivered(THREAD, (1,), "Here you are", False)]


async def test_a_reader_who_has_left_is_no_reader() -> None:
    terminal = WebChannel(Platform.TERMINAL, needs_reader=True)
    listener = Listener(terminal, THREAD)
    with listener:
        reply = listener.open_reply(THREAD, (1,))
    with pytest.raises(DeliveryRefusedError):
        await reply.deliver("Is anybody there?")
    assert await whole(listener) == []
    later = listener.open_reply(THREAD, (1,))
    with pytest.raises(DeliveryRefusedError):
        await later.deliver("And now?")


async def test_a_reply_on_the_web_needs_no_reader(channel: WebChannel) -> None:
    reply = channel.open_reply(THREAD, (1,))
    await reply.deliver("It is stored")
    assert reply.outcome == Delivered(THREAD, (1,), "It is stored", False)
