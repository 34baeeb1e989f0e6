"""What was said while Echo was away is answered together, or told to have been missed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from source.domain.errors import ModelUnavailableError, StoreUnavailableError
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import AcceptedEvent, InboundKind, InboundMessage, ModelUsage, Purpose
from source.ports.llm import Role
from source.services.limits import Limits, LimitSettings
from tests.fakes.small_echo import MOST_BYTES, THREAD, SmallEcho, rest

OTHER = ThreadRef(Platform.DISCORD, "6", "7", "Club")


@pytest.fixture
async def echo() -> AsyncIterator[SmallEcho]:
    small = SmallEcho()
    yield small
    await small.end()


def missed(
    echo: SmallEcho, text: str, *, minutes: float = 5, event_id: str | None = None, thread: ThreadRef = THREAD
) -> InboundMessage:
    return echo.inbound(text, event_id, sent_at=echo.clock.now() - timedelta(minutes=minutes), thread=thread)


def asked_of_the_model(echo: SmallEcho) -> list[str]:
    return [message.content for message in echo.model.prompts[-1].messages if message.role is Role.USER]


async def test_what_was_missed_in_a_thread_is_answered_in_one_turn_that_says_so(echo: SmallEcho) -> None:
    await echo.turns.take([missed(echo, text) for text in ("One", "Two", "Three")], echo.channel)

    [reply] = echo.channel.replies
    assert reply.notices == ["I was away; this answers what you wrote while I was."]
    assert reply.delivered == "All right."
    assert asked_of_the_model(echo) == ["Ana: One", "Ana: Two", "Ana: Three"]
    assert len(echo.model.prompts) == 1
    assert (await echo.stored())[0].created_at < echo.clock.now()


async def test_each_thread_has_its_own_answer(echo: SmallEcho) -> None:
    await echo.turns.take([missed(echo, "Here"), missed(echo, "There", thread=OTHER)], echo.channel)

    assert {reply.thread for reply in echo.channel.replies} == {THREAD, OTHER}
    assert len(echo.channel.delivered) == 2


async def test_what_came_before_is_answered_before_it(echo: SmallEcho) -> None:
    echo.model.hold(after=1)
    live = asyncio.create_task(echo.say("Live"))
    await echo.model.called.wait()
    catching_up = asyncio.create_task(echo.turns.take([missed(echo, "One"), missed(echo, "Two")], echo.channel))
    await rest()
    echo.model.release()
    await asyncio.gather(live, catching_up)

    said = [message.message_content for message in await echo.stored() if message.is_from_person]
    assert said == ["Live", "One", "Two"]
    assert len(echo.model.prompts) == 2
    assert [reply.notices != [] for reply in echo.channel.replies] == [False, True]


async def test_what_was_said_long_ago_is_told_to_have_been_missed(echo: SmallEcho) -> None:
    await echo.turns.take([missed(echo, "One", minutes=61), missed(echo, "Two", minutes=70)], echo.channel)

    [reply] = echo.channel.replies
    assert reply.delivered is not None
    assert reply.delivered.startswith("I was interrupted before I could answer this")
    assert reply.notices == []
    assert echo.model.prompts == []
    assert [message.message_content for message in (await echo.stored())[:2]] == ["One", "Two"]


async def test_of_what_was_said_long_ago_and_lately_only_the_latter_is_promised_an_answer(echo: SmallEcho) -> None:
    await echo.turns.take([missed(echo, "One", minutes=61), missed(echo, "Two", minutes=1)], echo.channel)

    [reply] = echo.channel.replies
    assert reply.notices == ["Some of this was said while I was away, long ago: say it again if it still matters."]
    assert reply.delivered == "All right."


async def test_what_was_answered_already_is_left_out(echo: SmallEcho) -> None:
    await echo.say("One", "1")
    await echo.turns.take([missed(echo, "One", event_id="1"), missed(echo, "Two", event_id="2")], echo.channel)
    await echo.turns.take([missed(echo, "Two", event_id="2")], echo.channel)

    said = [message.message_content for message in await echo.stored() if message.is_from_person]
    assert said == ["One", "Two"]
    assert len(echo.channel.delivered) == 2


async def test_recovery_and_catch_up_at_the_same_time_answer_everything_once(echo: SmallEcho) -> None:
    await echo.store.accept(missed(echo, "Left over", event_id="0"))
    inbounds = [missed(echo, f"Number {number}", event_id=str(number)) for number in range(5)]
    await asyncio.gather(
        echo.turns.recover(echo.channel),
        echo.turns.take(inbounds, echo.channel),
        echo.turns.take(inbounds, echo.channel),
        echo.turns.recover(echo.channel),
    )

    said = [message.message_content for message in await echo.stored() if message.is_from_person]
    assert said == ["Left over", "Number 1", "Number 2", "Number 3", "Number 4"]
    assert sum(len(reply.answering) for reply in echo.channel.replies if reply.delivered) == 5


async def test_what_could_not_be_taken_does_not_keep_the_rest_from_its_answer(echo: SmallEcho) -> None:
    inbounds = [missed(echo, "x" * (MOST_BYTES + 1)), missed(echo, "a\x00b"), missed(echo, "Hello")]
    await echo.turns.take(inbounds, echo.channel)

    assert asked_of_the_model(echo) == ["Ana: Hello"]


async def test_of_what_could_not_be_taken_each_thread_is_told_once(echo: SmallEcho) -> None:
    long = "x" * (MOST_BYTES + 1)
    inbounds = [missed(echo, long), missed(echo, long), missed(echo, "Hello"), missed(echo, long, thread=OTHER)]
    await echo.turns.take(inbounds, echo.channel)

    told = [(reply.thread, reply.failure) for reply in echo.channel.replies if reply.failure]
    assert [thread for thread, _ in told] == [THREAD, OTHER]
    assert all(failure.startswith("I was away and could not take all") for _, failure in told)
    assert all("too long" in failure for _, failure in told)
    assert echo.channel.delivered == ["All right."]


async def test_who_has_no_tokens_left_is_told_so_and_an_admin_is_answered(echo: SmallEcho) -> None:
    limits = Limits(LimitSettings(daily_tokens=10), echo.clock)
    echo.start(limits=limits)
    limits.spend(Platform.DISCORD, [ModelUsage("model", Purpose.REPLY, echo.clock.now(), 10, 0, 10, person="1")])
    await echo.turns.take([missed(echo, "Hello")], echo.channel)
    assert "used up" in (echo.channel.replies[-1].failure or "")

    await echo.turns.take([missed(echo, "Hello", event_id="1")], echo.channel, unlimited={"1"})
    assert asked_of_the_model(echo) == ["Ana: Hello"]


async def test_what_is_told_waits_until_everything_is_durable(echo: SmallEcho) -> None:
    echo.store.failing = StoreUnavailableError("the disk is full")
    inbounds = [missed(echo, "x" * (MOST_BYTES + 1)), missed(echo, "Hello")]
    with pytest.raises(StoreUnavailableError):
        await echo.turns.take(inbounds, echo.channel)

    assert echo.channel.replies == []


async def test_how_quickly_it_was_said_does_not_matter_any_more(echo: SmallEcho) -> None:
    echo.start(limits=Limits(LimitSettings(messages_per_minute=1), echo.clock))
    await echo.turns.take([missed(echo, text) for text in ("One", "Two", "Three")], echo.channel)

    assert len(asked_of_the_model(echo)) == 3


async def test_a_store_that_fails_is_told_and_what_it_took_is_answered(echo: SmallEcho) -> None:
    echo.store.failing = StoreUnavailableError("the disk is full")
    with pytest.raises(StoreUnavailableError):
        await echo.turns.take([missed(echo, "Hello", event_id="1")], echo.channel)
    echo.store.failing = None
    await echo.turns.take([missed(echo, "Hello", event_id="1")], echo.channel)

    assert len(echo.channel.delivered) == 1


async def test_a_store_that_fails_while_looking_keeps_nobody_from_their_answer(
    echo: SmallEcho, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking = asyncio.Event()

    async def fail(**_: object) -> list[object]:
        looking.set()
        await rest()
        raise StoreUnavailableError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(echo.store, "unanswered", fail)
        recovering = asyncio.create_task(echo.turns.recover(echo.channel))
        await looking.wait()
        saying = asyncio.create_task(echo.say("Hello"))
        with pytest.raises(StoreUnavailableError):
            await recovering
        assert (await saying).delivered == "All right."


async def test_a_message_that_is_too_old_after_a_crash_in_the_middle_is_still_told_so(echo: SmallEcho) -> None:
    echo.model.add(ModelUnavailableError("down"))
    await echo.turns.take([missed(echo, "Long ago", minutes=600), missed(echo, "Lately")], echo.channel)
    echo.start()
    await echo.turns.recover(echo.channel)

    assert "long ago" in echo.channel.replies[-1].notices[0]


async def test_a_window_that_passed_before_it_was_said_ends_the_conversation(echo: SmallEcho) -> None:
    await echo.say("Hello")
    echo.clock.advance(hours=49)
    await echo.turns.take([missed(echo, "Good morning", minutes=5)], echo.channel)

    assert [line[:16] for line in echo.channel.replies[-1].notices] == ["New conversation", "I was away; this"]


async def test_a_retry_found_beside_old_messages_has_them_answered(echo: SmallEcho) -> None:
    echo.model.add(ModelUnavailableError("down"))
    await echo.say("Hello")
    echo.clock.advance(hours=2)
    echo.start()
    await echo.store.accept(echo.inbound("", kind=InboundKind.RETRY))
    await echo.turns.recover(echo.channel)

    assert echo.channel.replies[-1].delivered == "All right."


async def test_a_slow_store_has_a_thread_answered_together_and_once_all_the_same(
    echo: SmallEcho, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = echo.store.accept

    async def accept_slowly(inbound: InboundMessage) -> AcceptedEvent | None:
        event = await accept(inbound)
        if inbound.text == "Two":
            await rest()
        return event

    monkeypatch.setattr(echo.store, "accept", accept_slowly)
    catching_up = asyncio.create_task(echo.turns.take([missed(echo, "One"), missed(echo, "Two")], echo.channel))
    await asyncio.sleep(0)
    await asyncio.gather(catching_up, echo.turns.recover(echo.channel), echo.turns.recover(echo.channel))

    assert asked_of_the_model(echo) == ["Ana: One", "Ana: Two"]
    assert len(echo.model.prompts) == 1
    [reply] = [reply for reply in echo.channel.replies if reply.delivered]
    assert reply.notices == ["I was away; this answers what you wrote while I was."]


async def test_an_edit_that_overtakes_a_look_into_the_store_counts(
    echo: SmallEcho, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = echo.store.unanswered

    async def read_slowly(*, platform: Platform | None = None) -> list[AcceptedEvent]:
        found = await read(platform=platform)
        await rest()
        return found

    await echo.store.accept(missed(echo, "Helo", event_id="1"))
    await echo.store.accept(missed(echo, "Secret", event_id="2"))
    monkeypatch.setattr(echo.store, "unanswered", read_slowly)
    recovering = asyncio.create_task(echo.turns.recover(echo.channel))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.gather(
        recovering,
        echo.corrections.edited(Platform.DISCORD, "1", "Hello", echo.clock.now()),
        echo.corrections.deleted(Platform.DISCORD, ["2"]),
    )

    assert asked_of_the_model(echo) == ["Ana: Hello"]
