"""What a channel refuses is delivered later, in order, and is not made again."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from source.domain.errors import DeliveryError, StoreUnavailableError
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import AcceptedEvent, EventState, InboundKind
from source.ports.llm import ThinkingDelta
from source.services.mailbox import Batch, Waiting
from tests.fakes.channel import FakeChannel, FakeReply
from tests.fakes.small_echo import THREAD, SmallEcho, rest

OTHER = ThreadRef(Platform.DISCORD, "6", "7", "Club")


class _Reply(FakeReply):
    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        assert isinstance(self.channel, RefusingChannel)
        self.channel.tried += 1
        await asyncio.sleep(0)
        if self.channel.refusals:
            self.channel.refusals -= 1
            raise self.channel.refusal
        await super().deliver(text, interrupted=interrupted)
        self.channel.arrived.append(text)


class RefusingChannel(FakeChannel):
    """Refuses the next `refusals` deliveries; `arrived` is in the order of arrival."""

    def __init__(self) -> None:
        super().__init__(Platform.DISCORD)
        self.refusals = 0
        self.refusal: Exception = DeliveryError("not now")
        self.tried = 0
        self.arrived: list[str] = []

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> FakeReply:
        reply = _Reply(thread, self, answering=tuple(answering))
        self.replies.append(reply)
        return reply


@pytest.fixture
def channel() -> RefusingChannel:
    return RefusingChannel()


@pytest.fixture
async def echo(channel: RefusingChannel) -> AsyncIterator[SmallEcho]:
    small = SmallEcho(channel=channel)
    yield small
    await small.end()


async def passing(echo: SmallEcho, **duration: float) -> None:
    """Let time pass, once everybody waits for it, and whatever follows from that happen."""
    await rest()
    echo.clock.advance(**duration)
    await rest()


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


async def test_a_fault_of_the_channel_s_own_is_a_refusal_too(echo: SmallEcho, channel: RefusingChannel) -> None:
    channel.refusal, channel.refusals = RuntimeError("a bug"), 1
    await echo.say("Hello")
    await passing(echo, seconds=30)

    assert channel.arrived == ["All right."]
    assert len(echo.model.prompts) == 1


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
