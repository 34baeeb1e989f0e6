"""What would be refused can be told before anything is begun for it."""

from collections.abc import AsyncIterator

import pytest

from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from source.domain.turn import ModelUsage, Purpose
from source.services.limits import Limits, LimitSettings
from tests.fakes.small_echo import ANA, MOST_BYTES, SmallEcho


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    small = SmallEcho()
    yield small
    await small.end()


async def test_asking_whether_a_message_would_be_refused_does_not_count_it(echo: SmallEcho) -> None:
    echo.start(limits=Limits(LimitSettings(messages_per_minute=1), echo.clock))

    assert [echo.turns.refusal_of(echo.inbound("Hello")) for _ in range(5)] == [None] * 5
    assert (await echo.say("Hello")).delivered == "All right."


async def test_who_sends_too_many_is_refused_in_the_words_that_sending_would_bring(echo: SmallEcho) -> None:
    echo.start(limits=Limits(LimitSettings(messages_per_minute=1), echo.clock))
    await echo.say("Hello")

    refusal = echo.turns.refusal_of(echo.inbound("Hello again"))
    with pytest.raises(RefusedInputError) as refused:
        await echo.say("Hello again")
    assert refusal == str(refused.value)
    assert echo.turns.refusal_of(echo.inbound("Hello again"), is_unlimited=True) is None

    echo.clock.advance(seconds=60)
    assert echo.turns.refusal_of(echo.inbound("Hello again")) is None


async def test_who_has_no_tokens_left_is_refused(echo: SmallEcho) -> None:
    limits = Limits(LimitSettings(daily_tokens=10), echo.clock)
    echo.start(limits=limits)
    used = ModelUsage("model", Purpose.REPLY, echo.clock.now(), 10, 0, 10, person=ANA.external_id)
    limits.spend(Platform.DISCORD, [used])

    refusal = echo.turns.refusal_of(echo.inbound("Hello"))
    assert refusal is not None
    assert "tokens for your answers are used up" in refusal


async def test_what_is_too_long_is_refused_for_everybody(echo: SmallEcho) -> None:
    too_long = echo.inbound("x" * (MOST_BYTES + 1))

    refusal = echo.turns.refusal_of(too_long, is_unlimited=True)
    assert refusal is not None
    assert "too long" in refusal
