"""What takes a while to be made ready belongs to the burst in which it was sent."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from source.domain.thread import Platform
from tests.fakes.small_echo import SmallEcho, passing


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    made = SmallEcho(quiet={Platform.DISCORD: timedelta(seconds=1.5)})
    yield made
    made.clock.advance(minutes=1)
    await made.end()


async def test_what_is_expected_is_answered_with_the_rest(echo: SmallEcho) -> None:
    first = echo.inbound("Hello")
    await echo.turns.accept(first, echo.channel)
    with echo.turns.expecting(first.thread.key):
        await passing(echo, seconds=10)
        assert echo.channel.replies == []
        await echo.turns.accept(echo.inbound("[voice message: tea]"), echo.channel)
    await passing(echo, seconds=2)
    said = [message.message_content for message in await echo.stored() if message.requester is not None]
    assert (said, len(echo.channel.replies)) == (["Hello", "[voice message: tea]"], 1)


async def test_what_never_arrives_holds_nothing_up(echo: SmallEcho) -> None:
    first = echo.inbound("Hello")
    with echo.turns.expecting(first.thread.key), echo.turns.expecting(first.thread.key):
        await echo.turns.accept(first, echo.channel)
        await passing(echo, seconds=10)
    await passing(echo, seconds=2)
    assert len(echo.channel.replies) == 1


async def test_nobody_else_waits_for_it(echo: SmallEcho) -> None:
    first = echo.inbound("Hello")
    with echo.turns.expecting(first.thread.key._replace(thread_id="elsewhere")):
        await echo.turns.accept(first, echo.channel)
        await passing(echo, seconds=2)
        assert len(echo.channel.replies) == 1
