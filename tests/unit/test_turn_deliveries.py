"""What a channel refuses is delivered later, in order, and is not made again."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from source.domain.thread import Platform, ThreadRef
from source.domain.turn import EventState
from source.ports.llm import ThinkingDelta
from source.services.mailbox import Batch, Waiting
from tests.fakes.refusing_channel import RefusingChannel
from tests.fakes.small_echo import THREAD, SmallEcho, passing

OTHER = ThreadRef(Platform.DISCORD, "6", "7", "Club")


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


async def test_a_refused_reply_is_delivered_after_a_pause_and_not_made_again(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    channel.refusals = 1
    await echo.say("Hello")
    assert channel.arrived == []
    await passing(echo, seconds=29)
    assert channel.tried == 1
    await passing(echo, seconds=1)

    assert channel.arrived == ["All right."]
    assert len(echo.model.prompts) == 1
    assert states(echo) == {EventState.DELIVERED}
    assert channel.replies[0].answering == channel.replies[1].answering != ()


async def test_the_pauses_grow_to_ten_minutes_and_no_further(echo: SmallEcho, channel: RefusingChannel) -> None:
    channel.refusals = 7
    await echo.say("Hello")
    for tries, seconds in enumerate((30, 60, 120, 240, 480, 600, 600), 2):
        await passing(echo, seconds=seconds - 1)
        assert channel.tried == tries - 1
        await passing(echo, seconds=1)
        assert channel.tried == tries

    assert channel.arrived == ["All right."]


async def test_what_was_refused_arrives_before_what_is_said_next(echo: SmallEcho, channel: RefusingChannel) -> None:
    echo.model.add("One", "Two", "Three")
    channel.refusals = 1
    await echo.say("1")
    await echo.say("2")
    assert channel.arrived == ["One", "Two"]

    await passing(echo, hours=1)
    await echo.say("3")
    assert channel.arrived == ["One", "Two", "Three"]


async def test_several_refused_replies_arrive_in_their_order(echo: SmallEcho, channel: RefusingChannel) -> None:
    echo.model.add("One", "Two", "Three")
    channel.refusals = 100
    for text in ("1", "2", "3"):
        await echo.say(text)
    channel.refusals = 0
    await passing(echo, seconds=30)

    assert channel.arrived == ["One", "Two", "Three"]
    assert states(echo) == {EventState.DELIVERED}


async def test_what_comes_back_during_an_answer_is_delivered_before_it(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    echo.model.add("One", "Two")
    channel.refusals = 2
    await echo.say("1")
    await echo.say("2")

    assert channel.arrived == ["One", "Two"]


async def test_another_thread_is_not_held_up(echo: SmallEcho, channel: RefusingChannel) -> None:
    echo.model.add("One", "Two")
    channel.refusals = 1
    await echo.say("1")
    await echo.say("2", thread=OTHER)

    assert channel.arrived == ["Two"]


async def test_a_fault_of_the_channel_s_own_is_a_refusal_too(echo: SmallEcho, channel: RefusingChannel) -> None:
    channel.refusal, channel.refusals = RuntimeError("a bug"), 1
    await echo.say("Hello")
    await passing(echo, seconds=30)

    assert channel.arrived == ["All right."]
    assert len(echo.model.prompts) == 1


async def test_a_stop_ends_what_waits_to_be_delivered(echo: SmallEcho, channel: RefusingChannel) -> None:
    channel.refusals = 5
    await echo.say("Hello")
    await echo.end()

    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert states(echo) == {EventState.ANSWERED}


async def test_a_reply_keeps_its_name_when_others_join_it_after_a_failure(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    echo.model.add(RuntimeError("a bug"))
    failed = await echo.say("1")
    second = asyncio.create_task(echo.say("2"))
    third = asyncio.create_task(echo.say("3"))
    await asyncio.gather(second, third)

    assert failed.failure is not None
    [answered] = [reply for reply in channel.replies if reply.delivered]
    assert answered.answering[0] == failed.answering[0]
    assert list(answered.answering) == sorted(answered.answering)
    assert len(channel.replies) == 2


async def test_a_try_that_nobody_waits_for_opens_no_reply_unless_it_succeeds(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    echo.model.add(*[RuntimeError("a bug")] * 3)
    await echo.say("Hello")
    for _ in range(3):
        await passing(echo, minutes=10)

    assert channel.arrived == ["All right."]
    assert [reply.failure is None for reply in channel.replies] == [False, True]
    assert channel.replies[0].thread == THREAD


async def test_a_late_try_that_was_seen_to_begin_is_seen_to_fail(echo: SmallEcho, channel: RefusingChannel) -> None:
    echo.model.add(RuntimeError("a bug"), [ThinkingDelta("Hm."), RuntimeError("a bug")])
    await echo.say("Hello")
    await passing(echo, minutes=10)

    assert channel.thoughts == 1
    assert [reply.failure is not None for reply in channel.replies] == [True, True]


async def test_a_reply_is_named_when_its_turn_begins_whatever_is_taken_back_later(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    first, second = await echo.store.accept(echo.inbound("1")), await echo.store.accept(echo.inbound("2"))
    assert first is not None
    assert second is not None
    batch = Batch([Waiting(second, channel, is_told=True), Waiting(first, channel, is_told=True)])
    reply = batch.reply
    assert not batch.is_open
    batch.waiting[0].is_withdrawn = True
    await reply.deliver("Both")

    assert channel.replies[0].answering == (first.key, second.key)
