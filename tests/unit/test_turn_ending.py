"""How a channel ends: what has begun may end, and whoever reads what was cut is told so."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from source.domain.errors import ModelUnavailableError
from source.domain.thread import Platform, ThreadRef
from tests.fakes.channel import FakeChannel
from tests.fakes.small_echo import SmallEcho, rest

AT_ONCE = timedelta(0)
ELSEWHERE = ThreadRef(Platform.WEB, "5")


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    small = SmallEcho()
    yield small
    await small.end()


async def test_who_reads_a_reply_that_is_cut_at_the_end_is_told_that_it_comes_later(echo: SmallEcho) -> None:
    echo.model.hold(after=1)
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.channel.shown.wait()
    await echo.turns.drain(AT_ONCE, Platform.DISCORD)
    reply = await saying

    assert reply.delivered is None
    assert reply.failure == "I am being restarted. Your message is kept, and I will answer it when I am back."
    echo.model.release()
    echo.start()
    await echo.turns.recover(echo.channel)
    assert echo.channel.delivered == ["All right."]


async def test_a_turn_that_ends_in_time_is_not_cut(echo: SmallEcho) -> None:
    echo.model.hold(after=1)
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.channel.shown.wait()
    ending = asyncio.create_task(echo.turns.drain(timedelta(seconds=30), Platform.DISCORD))
    await rest()
    echo.model.release()
    await ending

    assert (await saying).delivered == "All right."


async def test_what_comes_after_the_end_is_kept_for_the_next_start(echo: SmallEcho) -> None:
    await echo.turns.drain(AT_ONCE, Platform.DISCORD)
    await echo.turns.handle(echo.inbound("Hello"), echo.channel)
    assert echo.channel.replies == []

    await echo.turns.recover(echo.channel)
    assert echo.channel.delivered == ["All right."]


async def test_what_waits_for_another_try_is_kept_for_the_next_start(echo: SmallEcho) -> None:
    echo.model.add(ModelUnavailableError("down"))
    await echo.say("Hello")
    await echo.turns.drain(AT_ONCE, Platform.DISCORD)
    await echo.turns.recover(echo.channel)

    assert echo.channel.delivered == ["All right."]


async def test_the_end_of_one_platform_leaves_the_others_alone(echo: SmallEcho) -> None:
    web = FakeChannel(Platform.WEB)
    echo.model.hold(after=1)
    saying = asyncio.create_task(echo.turns.handle(echo.inbound("Hello", thread=ELSEWHERE), web))
    await web.shown.wait()
    await echo.turns.drain(AT_ONCE, Platform.DISCORD)
    echo.model.release()
    await saying
    await echo.turns.handle(echo.inbound("Still there?", thread=ELSEWHERE), web)

    assert web.delivered == ["All right.", "All right."]


async def test_a_channel_that_breaks_while_it_is_told_does_not_keep_the_end_from_coming(
    echo: SmallEcho, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    echo.model.hold(after=1)
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.channel.shown.wait()
    second = asyncio.create_task(echo.say("And this?"))
    await rest()
    monkeypatch.setattr("tests.fakes.channel.FakeReply.fail", broken)
    await echo.turns.drain(AT_ONCE, Platform.DISCORD)
    await asyncio.gather(saying, second)

    assert len(echo.channel.replies) == 1
    assert len(echo.model.prompts) == 1
