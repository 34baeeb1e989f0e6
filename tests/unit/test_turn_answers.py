"""How one turn goes: stopped, in the conversation that was replied to, within limits, for those who read along."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from source.domain.conversation_head import ConversationState
from source.domain.errors import RefusedInputError, StoreUnavailableError
from source.domain.message import MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundKind, SentPart
from source.ports.llm import Role, TextDelta, ToolCall, ToolSpec
from source.ports.recall import Eyes
from source.ports.store import Scope
from source.services.limits import Limits, LimitSettings
from tests.fakes.language_model import tool_round
from tests.fakes.small_echo import ANA, THREAD, SmallEcho, rest

BEN = PersonRef("2", "Ben")
OTHER = ThreadRef(Platform.DISCORD, "6", "7", "Club")
CALL = ToolCall("call-1", "wait", "{}")


class WaitingTool:
    """Never ends by itself; knows for whom it was run."""

    spec = ToolSpec("wait", "Waits.", {"type": "object"})

    def __init__(self) -> None:
        self.running = asyncio.Event()
        self.scopes: Sequence[Scope] = ()

    async def run(self, arguments: Mapping[str, object], eyes: Eyes) -> str:
        self.scopes = eyes.scopes
        self.running.set()
        await asyncio.Event().wait()
        return "never"


@pytest.fixture
def tool() -> WaitingTool:
    return WaitingTool()


@pytest.fixture
async def echo(tool: WaitingTool) -> AsyncIterator[SmallEcho]:
    small = SmallEcho(tools=(tool,))
    yield small
    await small.end()


def texts(echo: SmallEcho) -> list[str]:
    return [message.message_content for message in echo.remembered()]


async def test_a_stop_before_the_first_word_says_so(echo: SmallEcho) -> None:
    echo.model.hold()
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.model.called.wait()
    await rest()
    assert echo.turns.stop(THREAD.key)
    reply = await saying
    echo.model.release()

    assert (reply.delivered, reply.interrupted, reply.streamed) == ("Stopped.", True, "Stopped.")
    assert texts(echo) == ["Hello", "Stopped."]
    assert (await echo.stored())[-1].interrupted


async def test_a_stop_before_the_model_is_asked_spares_the_call(echo: SmallEcho) -> None:
    async with echo.manager.turn(THREAD):
        saying = asyncio.create_task(echo.say("Hello"))
        await rest()
        assert echo.turns.stop(THREAD.key)
    reply = await saying

    assert reply.delivered == "Stopped."
    assert echo.model.prompts == []


async def test_a_stop_while_a_tool_runs_ends_the_tool_and_the_answer(echo: SmallEcho, tool: WaitingTool) -> None:
    echo.model.add(tool_round(CALL))
    saying = asyncio.create_task(echo.say("Hello"))
    await tool.running.wait()
    assert echo.turns.stop(THREAD.key)
    reply = await saying
    await echo.say("Go on")

    assert reply.delivered == "Stopped."
    assert texts(echo) == ["Hello", "Stopped.", "Go on", "All right."]
    assert not any(message.tool_calls for message in echo.model.prompts[-1].messages)


async def test_a_stop_while_a_tool_runs_keeps_what_was_said_before_it(echo: SmallEcho, tool: WaitingTool) -> None:
    echo.model.add([TextDelta("Let me look."), *tool_round(CALL)])
    saying = asyncio.create_task(echo.say("Hello"))
    await tool.running.wait()
    echo.turns.stop(THREAD.key)

    assert (await saying).delivered == "Let me look."
    assert texts(echo) == ["Hello", "Let me look."]


async def test_a_stop_between_tools_and_the_answer_leaves_a_whole_history(echo: SmallEcho) -> None:
    unknown = ToolCall("call-1", "no such tool", "{}")
    echo.model.add([TextDelta("Let me look."), *tool_round(unknown)])
    saying = asyncio.create_task(echo.say("Hello"))
    await echo.model.called.wait()
    echo.model.called.clear()
    await echo.model.called.wait()
    echo.turns.stop(THREAD.key)
    reply = await saying

    assert reply.delivered == "Let me look.\n\nStopped."
    assert reply.streamed == reply.delivered
    kinds = [message.message_type for message in echo.remembered()]
    assert kinds == [MessageType.CHAT, MessageType.TOOL_CALL, MessageType.TOOL_CALL_RESPONSE, MessageType.CHAT]


async def test_a_stop_of_an_earlier_answer_does_not_stop_the_one_that_runs(echo: SmallEcho) -> None:
    earlier = (await echo.say("Hello")).answering[0]
    echo.model.hold(after=1)
    saying = asyncio.create_task(echo.say("And now?"))
    await rest()
    assert not echo.turns.stop(THREAD.key, answering=earlier)
    assert echo.turns.stop(THREAD.key, answering=echo.channel.replies[-1].answering[0])
    await saying


async def test_a_stop_is_for_the_running_answer_and_not_for_the_next(echo: SmallEcho) -> None:
    await echo.say("Hello")
    assert not echo.turns.stop(THREAD.key)
    assert (await echo.say("Again")).delivered == "All right."


async def test_a_reply_to_an_ended_conversation_goes_on_there_and_says_so(echo: SmallEcho) -> None:
    await echo.say("My boat is called Aurora", "1")
    echo.clock.advance(hours=49)
    await echo.say("Good morning")
    reply = await echo.say("What was it called?", reply_to="1")

    assert reply.notices == ["Back in the conversation of 02 March 2026 about Boat is called Aurora: 2 messages."]
    assert texts(echo) == ["My boat is called Aurora", "All right.", "What was it called?", "All right."]
    states = [head.state for _, head in sorted(echo.store.heads.items())]
    assert states == [ConversationState.ACTIVE, ConversationState.ENDED]


async def test_a_reply_to_what_echo_said_there_goes_on_there_too(echo: SmallEcho) -> None:
    await echo.say("My boat is called Aurora")
    [key] = echo.store.replies
    echo.store.note_sent(Platform.DISCORD, SentPart(key, 0, "900"))
    echo.clock.advance(hours=49)
    await echo.say("Good morning")
    reply = await echo.say("Really?", reply_to="900")

    assert reply.notices[0].startswith("Back in the conversation")


async def test_a_reply_within_the_running_conversation_changes_nothing(echo: SmallEcho) -> None:
    await echo.say("Hello", "1")
    assert (await echo.say("Go on", reply_to="1")).notices == []
    echo.clock.advance(hours=49)
    assert (await echo.say("Go on", reply_to="1")).notices == []

    assert len(echo.store.heads) == 1


async def test_a_reply_to_something_unknown_or_elsewhere_is_a_message_like_any(echo: SmallEcho) -> None:
    await echo.say("There", "1", thread=OTHER)
    assert (await echo.say("Here", reply_to="1")).notices == []
    assert (await echo.say("Here", reply_to="no such message")).notices == []

    assert texts(echo) == ["Here", "All right.", "Here", "All right."]


async def test_the_latest_message_decides_where_it_goes_on(echo: SmallEcho) -> None:
    await echo.say("Old", "1")
    echo.clock.advance(hours=49)
    echo.model.hold(after=1)
    running = asyncio.create_task(echo.say("New"))
    await rest()
    there = asyncio.create_task(echo.say("Back there", reply_to="1"))
    await rest()
    here = asyncio.create_task(echo.say("No, here"))
    await rest()
    echo.model.release()
    await asyncio.gather(running, there, here)

    assert texts(echo) == ["New", "All right.", "Back there", "No, here", "All right."]


async def test_who_is_too_quick_is_refused_and_a_repeat_does_not_count(echo: SmallEcho) -> None:
    echo.start(limits=Limits(LimitSettings(messages_per_minute=2), echo.clock))
    await echo.say("One", "1")
    await echo.turns.handle(echo.inbound("One", "1"), echo.channel)
    await echo.say("Two", "2")
    with pytest.raises(RefusedInputError, match="30 seconds"):
        await echo.say("Three", "3")
    with pytest.raises(RefusedInputError):
        await echo.turns.handle(echo.inbound("", kind=InboundKind.RETRY), echo.channel)
    await echo.say("Ben's", person=BEN)
    await echo.turns.handle(echo.inbound("The operator's"), echo.channel, is_unlimited=True)

    assert "3" not in {event_id for _, event_id in echo.store.events}


async def test_what_could_not_be_made_durable_does_not_count(echo: SmallEcho) -> None:
    echo.start(limits=Limits(LimitSettings(messages_per_minute=1), echo.clock))
    echo.store.failing = StoreUnavailableError("the disk is full")
    with pytest.raises(StoreUnavailableError):
        await echo.say("Hello")
    echo.store.failing = None

    assert (await echo.say("Hello")).delivered == "All right."


async def test_the_tokens_of_an_answer_count_for_whoever_caused_it(echo: SmallEcho) -> None:
    echo.start(limits=Limits(LimitSettings(daily_tokens=1), echo.clock))
    await echo.say("Hello")
    with pytest.raises(RefusedInputError, match="midnight"):
        await echo.say("Hello")
    await echo.say("Hello", person=BEN)

    assert [usage.person for usage in echo.store.usage] == [ANA.external_id, BEN.external_id]


async def test_tools_look_with_the_eyes_of_those_who_read_the_answer(echo: SmallEcho, tool: WaitingTool) -> None:
    closed = ThreadRef(Platform.DISCORD, "5", "7", "Club", circle="55")
    await echo.say("Hello")
    await echo.say("Hello", person=BEN, thread=closed)
    echo.model.add(tool_round(CALL))
    retrying = asyncio.create_task(
        echo.turns.handle(echo.inbound("", kind=InboundKind.RETRY, thread=closed), echo.channel)
    )
    await tool.running.wait()
    echo.turns.stop(THREAD.key)
    await retrying

    assert set(tool.scopes) == {
        Scope(Platform.DISCORD, ANA.external_id, "7", "55"),
        Scope(Platform.DISCORD, BEN.external_id, "7", "55"),
    }


async def test_a_place_that_is_closed_during_a_conversation_is_closed_for_all_of_it(echo: SmallEcho) -> None:
    await echo.say("Hello")
    await echo.say("Between us", thread=ThreadRef(Platform.DISCORD, "5", "7", "Club", circle="55"))

    [head] = echo.store.heads.values()
    assert head.thread.circle == "55"
    conversation = echo.manager.get_conversation("5")
    assert conversation is not None
    assert conversation.head.thread.circle == "55"


async def test_the_model_is_shown_who_speaks_in_a_retry_as_before(echo: SmallEcho) -> None:
    await echo.say("Hello", person=BEN)
    await echo.turns.handle(echo.inbound("", kind=InboundKind.RETRY), echo.channel)

    first, second = echo.model.prompts
    assert second.messages == first.messages
    assert [message.content for message in second.messages if message.role is Role.USER] == ["Ben: Hello"]
