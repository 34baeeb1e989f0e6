"""Who writes in several messages is answered once, when they have paused."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from source.domain.thread import Platform
from tests.fakes.small_echo import SmallEcho, passing, rest

QUIET = timedelta(seconds=1.5)


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    made = SmallEcho(quiet={Platform.DISCORD: QUIET})
    yield made
    made.clock.advance(minutes=1)
    await made.end()


async def _said(echo: SmallEcho) -> list[str]:
    return [message.message_content for message in await echo.stored() if message.requester is not None]


async def test_a_burst_is_answered_together_after_a_pause(echo: SmallEcho) -> None:
    for text in ("Hello", "are you", "there?"):
        await echo.turns.accept(echo.inbound(text), echo.channel)
        await passing(echo, seconds=0.5)
    assert echo.channel.replies == []
    await passing(echo, seconds=1)
    assert len(echo.channel.replies) == 1
    assert await _said(echo) == ["Hello", "are you", "there?"]


async def test_a_burst_that_came_out_of_order_is_read_in_order(echo: SmallEcho) -> None:
    now = echo.clock.now()
    for text, seconds in (("third", 3), ("first", 1), ("second", 2)):
        sent_at = now - timedelta(seconds=60 - seconds)
        await echo.turns.accept(echo.inbound(text, sent_at=sent_at), echo.channel)
    await passing(echo, seconds=2)
    assert await _said(echo) == ["first", "second", "third"]


async def test_a_reply_to_what_came_out_of_order_is_known_by_its_first_event(echo: SmallEcho) -> None:
    now = echo.clock.now()
    for text, seconds in (("second", 2), ("first", 1)):
        await echo.turns.accept(echo.inbound(text, sent_at=now - timedelta(seconds=60 - seconds)), echo.channel)
    await passing(echo, seconds=2)
    (reply,) = echo.channel.replies
    assert len(reply.answering) == 2
    assert list(reply.answering) == sorted(reply.answering)


async def test_who_never_pauses_is_answered_all_the_same(echo: SmallEcho) -> None:
    for number in range(4):
        await echo.turns.accept(echo.inbound(f"word {number}"), echo.channel)
        await passing(echo, seconds=1)
    assert echo.channel.replies


async def test_what_was_left_by_a_kill_is_answered_at_once(echo: SmallEcho) -> None:
    await echo.turns.accept(echo.inbound("Hello"), echo.channel)
    await rest()
    echo.start()
    echo.clock.advance(seconds=2)
    await asyncio.wait_for(echo.turns.recover(echo.channel), 5)
    assert await _said(echo) == ["Hello"]


async def test_where_nothing_is_gathered_nobody_waits() -> None:
    echo = SmallEcho()
    await echo.say("Hello")
    assert await _said(echo) == ["Hello"]
    await echo.end()
