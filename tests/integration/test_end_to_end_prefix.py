"""Each prompt of a conversation repeats the one before to the byte, so that the provider's cache pays for it."""

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Says, ScriptedCall
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.openai_tokens import Body
from tests.fakes.running_echo import prompt_of, running_echo


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def _begins_with(following: Body, previous: Body) -> bool:
    """Whether `following` repeats all of `previous` and goes on from there."""
    said_before = json.dumps(previous["messages"], ensure_ascii=False).removesuffix("]")
    said = json.dumps(following["messages"], ensure_ascii=False)
    return said.startswith(said_before) and following.get("tools") == previous.get("tools")


async def test_each_prompt_repeats_the_last_one(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        for text in ("Hello", "I have a dog", "Her name is Ада 🐕"):
            await talk.say(text)
            talk.clock.advance(minutes=3)

    assert len(server.requests) == 3
    assert all(_begins_with(following, previous) for previous, following in pairwise(server.requests))


async def test_a_turn_with_tools_is_repeated_as_the_model_saw_it(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I drink green tea")
        search = ScriptedCall("search_messages", ['{"words":', ' "gréen tea"}'])
        server.queue(Says(["Let me look."], thinking=["Tea?"], calls=[search]), Says(["You drink green tea."]))
        await talk.say("What do I drink?")
        await talk.say("Thank you")

    assert [message["role"] for message in prompt_of(server.requests[2])][-2:] == ["assistant", "tool"]
    assert all(_begins_with(following, previous) for previous, following in pairwise(server.requests))


async def test_arguments_come_back_to_the_model_as_it_wrote_them(tmp_path: Path, server: FakeOpenAIServer) -> None:
    written = '{"words":"tea",  "more": 1e2}'
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(calls=[ScriptedCall("search_messages", [written])]), Says(["Nothing."]))
        await talk.say("What do I drink?")
        await talk.say("Thank you")

    assert _begins_with(server.requests[2], server.requests[1])


async def test_leaving_memory_changes_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(calls=[ScriptedCall("search_messages", ['{"words": "x"}'])]), Says(["No."]))
        await talk.say("Did I ever say x?")
        await talk.leave_memory()
        await talk.say("And y?")

    assert all(_begins_with(following, previous) for previous, following in pairwise(server.requests))


async def test_a_restart_changes_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        server.queue(Says(calls=[ScriptedCall("search_messages", ['{"words": "x"}'])]), Says(["No."]))
        await talk.say("Did I ever say x?")
    clock.advance(hours=20)
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.say("And y?")

    assert all(_begins_with(following, previous) for previous, following in pairwise(server.requests))


async def test_a_long_conversation_is_cut_in_steps(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), max_context_messages=20) as talk:
        for number in range(40):
            await talk.say(f"Number {number}")
            talk.clock.advance(minutes=1)
        conversation = await talk.conversation()

    replies = [body for body in server.requests if "response_format" not in body]
    cuts = sum(not _begins_with(following, previous) for previous, following in pairwise(replies))
    assert len(replies) == 40
    assert 1 <= cuts <= 10, "a cut takes half of what is shown, not a message a turn"
    assert max(len(prompt_of(body)) for body in replies) <= 20 * 1.25 + 3
    assert conversation.head.running_summary
    assert [message.message_content for message in conversation.messages][:2] == ["Number 0", "You said: Number 0"]
    assert len(conversation.messages) == 80
