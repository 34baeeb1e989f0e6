"""A look for what was left undone, at a start or while Echo runs, does everything once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from source.domain.errors import StoreUnavailableError
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import AcceptedEvent, EventState, InboundKind
from tests.fakes.refusing_channel import RefusingChannel
from tests.fakes.small_echo import SmallEcho, passing, rest

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


async def test_a_channel_that_is_there_again_delivers_at_once_and_once(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    channel.refusals = 1
    await echo.say("Hello")
    await asyncio.gather(*(echo.turns.recover(channel) for _ in range(3)))
    await echo.turns.recover(channel)
    await passing(echo, hours=1)

    assert channel.arrived == ["All right."]
    assert len(echo.model.prompts) == 1


async def test_recovering_twice_at_a_start_delivers_and_answers_once(echo: SmallEcho, channel: RefusingChannel) -> None:
    channel.refusals = 1
    await echo.say("Undelivered")
    await echo.store.accept(echo.inbound("Unanswered"))
    echo.start()
    await asyncio.gather(*(echo.turns.recover(channel) for _ in range(3)))

    assert channel.arrived == ["All right.", "All right."]
    assert len(echo.model.prompts) == 2


async def test_recovering_leaves_alone_what_is_being_delivered(echo: SmallEcho, channel: RefusingChannel) -> None:
    echo.model.hold(after=1)
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.model.called.wait()
    recovering = [asyncio.create_task(echo.turns.recover(channel)) for _ in range(2)]
    await asyncio.sleep(0)
    echo.model.release()
    recovering += [asyncio.create_task(echo.turns.recover(channel)) for _ in range(2)]
    await asyncio.gather(saying, *recovering)
    await echo.turns.recover(channel)

    assert channel.arrived == ["All right."]


async def test_after_a_crash_what_was_stored_arrives_before_what_was_not_answered(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    echo.model.add("One", "Two")
    channel.refusals = 1
    await echo.say("1")
    await echo.store.accept(echo.inbound("2"))
    echo.start()
    await echo.turns.recover(channel)

    assert channel.arrived == ["One", "Two"]


async def test_a_delivery_that_could_not_be_noted_is_noted_later_and_not_made_twice(
    echo: SmallEcho, channel: RefusingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        await asyncio.sleep(0)
        raise StoreUnavailableError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(echo.store, "mark_delivered", refuse)
        await echo.say("Hello")
    await echo.turns.recover(channel)

    assert channel.arrived == ["All right."]
    assert states(echo) == {EventState.DELIVERED}


async def test_what_another_answer_has_taken_the_place_of_is_not_delivered_after_a_crash(
    echo: SmallEcho, channel: RefusingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        await asyncio.sleep(0)
        raise StoreUnavailableError("the disk is full")

    echo.model.add("One", "Two")
    channel.refusals = 100
    with monkeypatch.context() as broken:
        broken.setattr(echo.store, "mark_delivered", refuse)
        await echo.say("Hello")
        await echo.say("", kind=InboundKind.RETRY)
    channel.refusals = 0
    echo.start()
    await echo.turns.recover(channel)

    assert channel.arrived == ["Two"]
    assert states(echo) == {EventState.DELIVERED}


async def test_what_was_left_undone_comes_first_also_in_a_batch_that_had_failed(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    await echo.store.accept(echo.inbound("Older"))
    echo.model.add(RuntimeError("a bug"))
    await echo.say("Newer")
    await echo.turns.recover(channel)

    said = [message.message_content for message in await echo.stored() if message.is_from_person]
    assert said == ["Older", "Newer"]


async def test_a_message_that_is_answered_while_the_store_is_being_read_is_answered_once(
    echo: SmallEcho, channel: RefusingChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = echo.store.unanswered

    async def read_slowly(*, platform: Platform | None = None) -> list[AcceptedEvent]:
        found = await read(platform=platform)
        echo.model.release()
        await rest()
        return found

    echo.model.hold(after=1)
    first = asyncio.create_task(echo.say("First"))
    await echo.model.called.wait()
    monkeypatch.setattr(echo.store, "unanswered", read_slowly)
    second = asyncio.create_task(echo.say("Second"))
    recovering = asyncio.create_task(echo.turns.recover(channel))
    await asyncio.gather(first, second, recovering)

    said = [message.message_content for message in await echo.stored() if message.is_from_person]
    assert said == ["First", "Second"]
    assert len(echo.model.prompts) == 2


async def test_a_thread_that_takes_no_reply_for_a_day_is_left_alone_until_the_channel_is_there_again(
    echo: SmallEcho, channel: RefusingChannel
) -> None:
    channel.refusals = 10_000
    await echo.say("Hello")
    for _ in range(200):
        await passing(echo, minutes=10)
    assert channel.tried == 150
    assert states(echo) == {EventState.ANSWERED}

    channel.refusals = 0
    await echo.turns.recover(channel)
    assert channel.arrived == ["All right."]
