"""Turns where a person answers: Echo listens, and what it was about to say is not said."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta

import pytest

from source.domain.errors import ModelUnavailableError, RefusedInputError, StoreUnavailableError
from source.domain.message import OF_BUSINESS, Standing
from source.domain.thread import PersonRef, ThreadRef
from source.domain.turn import InboundKind
from source.ports.llm import ToolCall, ToolSpec
from source.ports.recall import Eyes
from source.ports.store import Scope
from source.services.attendance import AttendanceGate, Attending
from source.services.limits import Limits, LimitSettings
from source.services.pauses import pause_after
from tests.fakes.attendance import InMemoryAttendance
from tests.fakes.clock import FakeClock
from tests.fakes.language_model import tool_round
from tests.fakes.small_echo import ANA, THREAD, SmallEcho, passing, rest

OWNER = PersonRef(OF_BUSINESS, "Lucky Shrub")


class SeeingTool:
    """Knows for whom it was run."""

    spec = ToolSpec("see", "Sees.", {"type": "object"})

    def __init__(self) -> None:
        self.scopes: Sequence[Scope] = ()

    async def run(self, arguments: Mapping[str, object], eyes: Eyes) -> str:
        await asyncio.sleep(0)
        self.scopes = eyes.scopes
        return "nothing"


class Attended(SmallEcho):
    """An Echo in whose threads a person may answer."""

    attending: Attending

    async def take_over(self) -> None:
        await self.attending.ask_for_person(THREAD.key, by="operator")
        await self.turns.step_back(THREAD)

    async def hand_back(self) -> None:
        await self.attending.hand_back(THREAD.key, by="operator")


@pytest.fixture
async def echo() -> AsyncIterator[Attended]:
    clock = FakeClock()
    attending = Attending(InMemoryAttendance(clock), clock, human_timeout=timedelta(hours=12))
    small = Attended(clock=clock, gate=AttendanceGate(attending))
    small.attending = attending
    yield small
    await small.end()


async def listened(echo: Attended, text: str, **more: object) -> None:
    await echo.turns.handle(echo.inbound(text, **more), echo.channel)  # type: ignore[arg-type]


def texts(echo: SmallEcho) -> list[str]:
    return [message.message_content for message in echo.remembered() if message.is_kept]


async def standings_in_transcripts(echo: SmallEcho) -> list[Standing]:
    """What the only transcript says of each message, once what changed is written."""
    await echo.manager.write_transcripts()
    (name,) = echo.transcripts.files
    return [message.standing for message in (await echo.transcripts.load(name)).messages]


async def shown(echo: SmallEcho) -> list[str]:
    """What the model was shown of the dialogue in the last call."""
    return [message.content for message in echo.model.prompts[-1].messages][1:]


async def test_what_is_said_to_a_person_is_kept_in_order_and_not_answered(echo: Attended) -> None:
    await echo.say("Hello")
    await echo.take_over()
    for text in ("Is somebody there?", "It is about my order"):
        await listened(echo, text)
    assert len(echo.channel.replies) == 1
    assert len(echo.model.prompts) == 1
    assert texts(echo) == ["Hello", "All right.", "Is somebody there?", "It is about my order"]
    assert [each.message_content for each in await echo.stored()] == texts(echo)
    assert await echo.store.unanswered() == []


async def test_what_was_said_meanwhile_is_known_to_the_next_answer_and_not_answered_late(echo: Attended) -> None:
    await echo.take_over()
    await listened(echo, "My order is 4711")
    await echo.hand_back()
    await rest()
    assert echo.channel.replies == []
    reply = await echo.say("And now?")
    assert reply.delivered == "All right."
    assert await shown(echo) == ["Ana: My order is 4711", "Ana: And now?"]


async def test_a_message_whose_turn_has_not_begun_when_the_person_takes_over_is_not_answered(echo: Attended) -> None:
    async with echo.manager.turn(THREAD):
        waiting = await echo.turns.accept(echo.inbound("Hello"), echo.channel)
        await echo.attending.ask_for_person(THREAD.key, by="operator")
    assert waiting is not None
    await waiting.settled.wait()
    assert (echo.channel.replies, echo.model.prompts) == ([], [])
    assert texts(echo) == ["Hello"]


async def test_an_answer_that_is_being_said_is_not_delivered_and_not_kept(echo: Attended) -> None:
    echo.model.hold(after=1)
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.channel.shown.wait()
    await echo.take_over()
    reply = await saying
    echo.model.release()
    assert (reply.delivered, reply.failure) == (None, "")
    assert reply.streamed
    assert [message.message_content for message in await echo.stored()] == texts(echo) == ["Hello"]
    assert echo.store.usage, "what was said took tokens all the same"
    assert await echo.store.unanswered() == []


async def test_a_person_who_takes_over_before_the_first_word_leaves_nothing_to_be_seen(echo: Attended) -> None:
    echo.model.hold()
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.model.called.wait()
    await echo.take_over()
    reply = await saying
    echo.model.release()
    assert (reply.streamed, reply.delivered, reply.failure) == ("", None, "")
    assert texts(echo) == ["Hello"]


async def test_a_model_that_fails_when_a_person_has_taken_over_is_not_told_of(echo: Attended) -> None:
    echo.model.add(ModelUnavailableError("away"))
    echo.model.hold()
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.model.called.wait()
    await echo.attending.ask_for_person(THREAD.key, by="operator")
    echo.model.release()
    assert (await saying).failure == ""
    assert texts(echo) == ["Hello"]
    assert await echo.store.unanswered() == []


async def test_what_waits_to_be_tried_again_is_heard_at_once_and_not_answered_later(echo: Attended) -> None:
    echo.model.add(ModelUnavailableError("away"))
    await echo.say("Hello")
    await echo.take_over()
    await rest()
    assert texts(echo) == ["Hello"]
    await echo.hand_back()
    await passing(echo, seconds=pause_after(1).total_seconds() * 10)
    assert len(echo.model.prompts) == 1
    assert (await echo.say("And now?")).delivered == "All right."


async def test_an_answer_that_is_stored_and_on_its_way_is_taken_back(echo: Attended) -> None:
    echo.channel.is_down = True
    await echo.say("Hello")
    assert len(await echo.store.undelivered()) == 1
    await echo.manager.write_transcripts()
    await echo.take_over()
    assert await standings_in_transcripts(echo) == [Standing.KEPT, Standing.SUPERSEDED]
    echo.channel.is_down = False
    await passing(echo, seconds=pause_after(1).total_seconds() * 10)
    assert echo.channel.delivered == []
    assert await echo.store.undelivered() == []
    assert [each.standing for each in await echo.stored()] == [Standing.KEPT, Standing.SUPERSEDED]
    assert texts(echo) == ["Hello"]


async def test_an_answer_that_is_being_read_already_when_the_person_takes_over_was_said(echo: Attended) -> None:
    echo.channel.hold()
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.channel.delivering.wait()
    await echo.take_over()
    echo.channel.release()
    assert (await saying).delivered == "All right."
    assert [each.standing for each in await echo.stored()] == [Standing.KEPT, Standing.KEPT]
    assert texts(echo) == ["Hello", "All right."]


async def test_an_answer_that_arrived_without_the_store_knowing_was_said(echo: Attended) -> None:
    echo.channel.hold()
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.channel.delivering.wait()
    echo.store.failing = StoreUnavailableError("away")
    echo.channel.release()
    await saying
    echo.store.failing = None
    await echo.take_over()
    assert texts(echo) == ["Hello", "All right."]


async def test_an_answer_that_the_last_process_left_is_taken_back_where_a_person_answers_now(echo: Attended) -> None:
    echo.channel.is_down = True
    await echo.say("Hello")
    await echo.turns.drain(timedelta(0))
    await echo.attending.ask_for_person(THREAD.key, by="operator")
    echo.start()
    echo.channel.is_down = False
    await echo.turns.recover(echo.channel)
    assert echo.channel.delivered == []
    assert await echo.store.undelivered() == []
    assert (await echo.stored())[-1].standing is Standing.SUPERSEDED


async def test_a_message_that_the_last_process_left_is_only_heard_where_a_person_answers_now(echo: Attended) -> None:
    await echo.store.accept(echo.inbound("Hello"))
    await echo.attending.ask_for_person(THREAD.key, by="operator")
    echo.clock.advance(hours=2)
    await echo.turns.recover(echo.channel)
    assert (echo.channel.replies, echo.model.prompts) == ([], [])
    assert texts(echo) == ["Hello"]


async def test_an_old_answer_of_an_ended_conversation_is_taken_back_there(echo: Attended) -> None:
    echo.channel.is_down = True
    await echo.say("Hello")
    before = await echo.store.active(THREAD.key)
    async with echo.manager.turn(THREAD) as seat:
        await echo.opening.end(seat)
    await echo.manager.write_transcripts()
    await echo.take_over()
    assert await standings_in_transcripts(echo) == [Standing.KEPT, Standing.SUPERSEDED]
    assert before is not None
    stored = await echo.store.load(before.head.conversation_id)
    assert stored is not None
    assert [each.standing for each in stored.messages] == [Standing.KEPT, Standing.SUPERSEDED]


async def test_a_person_takes_over_from_a_retry_and_the_answer_that_was_there_stays(echo: Attended) -> None:
    await echo.say("Hello")
    echo.model.hold()
    echo.model.called.clear()
    again = asyncio.create_task(listened(echo, "", kind=InboundKind.RETRY))
    await echo.model.called.wait()
    await echo.take_over()
    await again
    echo.model.release()
    assert texts(echo) == ["Hello", "All right."]
    with pytest.raises(RefusedInputError, match="A person answers here"):
        await listened(echo, "", kind=InboundKind.RETRY)


async def test_limits_do_not_keep_words_from_a_person(echo: Attended) -> None:
    limits = Limits(LimitSettings(messages_per_minute=1, daily_tokens=0), echo.clock)
    echo.start(limits=limits)
    await echo.take_over()
    for text in ("one", "two", "three"):
        await listened(echo, text)
    assert texts(echo) == ["one", "two", "three"]
    await echo.hand_back()
    assert (await echo.say("four")).delivered == "All right."


async def test_limits_do_not_keep_from_a_person_what_came_while_echo_was_away(echo: Attended) -> None:
    limits = Limits(LimitSettings(messages_per_minute=0, daily_tokens=1), echo.clock)
    echo.start(limits=limits)
    await echo.say("one")
    await echo.take_over()
    await echo.turns.take([echo.inbound("two")], echo.channel)
    assert texts(echo) == ["one", "All right.", "two"]
    assert len(echo.channel.replies) == 1


async def test_what_the_business_says_is_kept_as_that_and_never_answered(echo: Attended) -> None:
    await echo.say("Where is my order?")
    await listened(echo, "It left this morning.", person=OWNER)
    assert len(echo.model.prompts) == 1
    said = (await echo.stored())[-1]
    assert (said.requester, said.is_from_person, said.is_of_business) == (OF_BUSINESS, False, True)
    reply = await echo.say("Thank you. And the bill?")
    assert reply.delivered == "All right."
    told = await shown(echo)
    assert told[-2] == "[A person of our team answered this in your place:] It left this morning."
    await listened(echo, "It is in the parcel.", person=OWNER)
    with pytest.raises(RefusedInputError, match="no answer here"):
        await listened(echo, "", kind=InboundKind.RETRY)


async def test_what_the_business_said_answers_what_waits_before_it_and_not_what_comes_after(echo: Attended) -> None:
    echo.quiet = {THREAD.platform: timedelta(seconds=2)}
    echo.start()
    await echo.turns.accept(echo.inbound("Hello?"), echo.channel)
    await echo.turns.accept(echo.inbound("We are here.", person=OWNER), echo.channel)
    await passing(echo, seconds=3)
    assert echo.model.prompts == []
    await echo.turns.accept(echo.inbound("Anything else?", person=OWNER), echo.channel)
    await echo.turns.accept(echo.inbound("Yes!"), echo.channel)
    await passing(echo, seconds=3)
    assert len(echo.model.prompts) == 1
    assert texts(echo) == ["Hello?", "We are here.", "Anything else?", "Yes!", "All right."]


async def test_nobody_is_searched_for_through_the_eyes_of_the_business(echo: Attended) -> None:
    tool = SeeingTool()
    echo.tools = (tool,)
    echo.start()
    direct = ThreadRef(THREAD.platform, "9")
    await listened(echo, "Good morning", person=OWNER, thread=direct)
    echo.model.add(tool_round(ToolCall("call-1", "see", "{}")))
    await echo.say("What did I order?", thread=direct)
    assert [scope.external_id for scope in tool.scopes] == [ANA.external_id]
