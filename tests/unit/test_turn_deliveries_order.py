"""What a channel will never take is let go of, and what is newer waits for what may still arrive."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from source.domain.errors import DeliveryRefusedError, UndeliverableError
from source.domain.turn import EventState
from tests.fakes.refusing_channel import RefusingChannel
from tests.fakes.small_echo import SmallEcho, passing


@pytest.fixture
def channel() -> RefusingChannel:
    return RefusingChannel()


@pytest.fixture
async def echo(channel: RefusingChannel) -> AsyncIterator[SmallEcho]:
    small = SmallEcho(channel=channel)
    yield small
    await small.end()


def states(echo: SmallEcho) -> set[EventState]:
    return set(echo.store.states.values())


async def test_a_reply_whose_place_is_gone_is_settled_and_not_tried_again(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    channel.refusal, channel.refusals = UndeliverableError("the thread was deleted"), 100
    with capture_logs() as lines:
        await echo.say("Hello")
        await passing(echo, hours=1)

    assert channel.tried == 1
    assert states(echo) == {EventState.DELIVERED}
    assert [line["log_level"] for line in lines if line["event"] == "reply_undeliverable"] == ["warning"]


async def test_a_reply_whose_place_went_while_it_waited_is_settled_with_the_next_try(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    channel.refusals = 1
    await echo.say("Hello")
    channel.refusal, channel.refusals = UndeliverableError("the thread was deleted"), 100
    await echo.turns.recover(channel)
    await passing(echo, hours=1)

    assert channel.tried == 2
    assert states(echo) == {EventState.DELIVERED}


async def test_a_newer_reply_waits_for_an_older_one_that_could_not_be_brought(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    echo.model.add("One", "Two")
    channel.refusals = 3
    await echo.say("1")
    await echo.say("2")
    assert channel.arrived == []
    opened = len(channel.replies)
    await passing(echo, hours=1)

    assert channel.arrived == ["One", "Two"]
    assert [reply.delivered for reply in channel.replies[:opened]].count("Two") == 1, "in the reply that was begun"


async def test_a_newer_reply_overtakes_one_that_the_channel_does_not_want(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    echo.model.add("One", "Two")
    channel.refusal, channel.refusals = DeliveryRefusedError("too long"), 3
    await echo.say("1")
    await echo.say("2")
    assert channel.arrived == ["Two"]
    await passing(echo, hours=1)

    assert channel.arrived == ["Two", "One"]
