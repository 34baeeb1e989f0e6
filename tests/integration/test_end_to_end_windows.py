"""A person leaves and comes back: minutes, days and conversations later."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.message import Message, MessageType
from source.domain.thread import Platform
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.openai_tokens import Body
from tests.fakes.running_echo import MAIN, database_rows, prompt_of, running_echo, transcripts_in


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def _system(body: Body) -> str:
    return "\n".join(str(message["content"]) for message in prompt_of(body) if message["role"] == "system")


def _spoken(body: Body) -> list[str]:
    return [str(message["content"]) for message in prompt_of(body) if message["role"] != "system"]


async def test_within_the_window_the_conversation_goes_on(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.leave_memory()
        talk.clock.advance(hours=47)
        reply = await talk.say("What is it called?")
        [conversation] = await talk.conversations()

    assert reply.notices == []
    assert _spoken(server.requests[1]) == [
        "My boat is called Aurora",
        "You said: My boat is called Aurora",
        "What is it called?",
    ]
    assert len(server.requests) == 2, "no summary was asked for"
    assert len(conversation.messages) == 4


async def test_beyond_the_window_a_new_conversation_begins_with_a_summary(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.leave_memory()
        talk.clock.advance(hours=49)
        reply = await talk.say("Good morning")
        first, second = await talk.conversations()

    assert len(reply.notices) == 1
    assert "/resume" in reply.notices[0]
    assert "Aurora" in _system(server.requests[-1])
    assert _spoken(server.requests[-1]) == ["Good morning"]
    assert first.head.state is ConversationState.ENDED
    assert second.head.parent_conversation_id == first.head.conversation_id
    assert second.head.created_reason is CreatedReason.WINDOW_PASSED
    assert "Aurora" in second.head.carried_summary
    assert database_rows(
        tmp_path,
        "SELECT is_active, parent_conversation_id, conversation_created_reason FROM conversations ORDER BY id",
    ) == [(0, None, "first_message"), (1, first.head.conversation_id, "window_passed")]


async def test_the_new_conversation_s_line_comes_once(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        talk.clock.advance(hours=49)
        replies = [await talk.say("Good morning"), await talk.say("How are you?")]

    assert [len(reply.notices) for reply in replies] == [1, 0]


async def test_resume_brings_the_old_conversation_back(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        talk.clock.advance(hours=49)
        await talk.say("Good morning")
        answer = await talk.command("resume")
        await talk.say("And it is blue")
        first, second = await talk.conversations()

    assert "Back in the conversation of 02 March 2026" in answer
    assert _spoken(server.requests[-1])[0] == "My boat is called Aurora"
    assert _spoken(server.requests[-1])[-1] == "And it is blue"
    assert first.head.state is ConversationState.ACTIVE
    assert second.head.state is ConversationState.ENDED
    assert [message.message_content for message in first.messages][2:] == ["And it is blue", "You said: And it is blue"]
    assert len(second.messages) == 2


async def test_a_resumed_conversation_survives_a_restart(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.say("My boat is called Aurora")
        clock.advance(hours=49)
        await talk.say("Good morning")
        await talk.command("resume")
    clock.advance(hours=1)
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.say("And it is blue")
        active = await talk.conversation()

    assert active.messages[0].message_content == "My boat is called Aurora"
    assert len(active.messages) == 4


async def test_without_summaries_a_new_conversation_begins_empty(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), include_summary=False) as talk:
        await talk.say("My boat is called Aurora")
        talk.clock.advance(hours=49)
        await talk.say("Good morning")

    assert "Aurora" not in json.dumps(server.requests[-1])


async def test_the_transcripts_tell_how_conversations_follow_each_other(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        talk.clock.advance(hours=49)
        await talk.say("Good morning")

    files = transcripts_in(tmp_path)
    assert [*files] == [
        "2026-03-02_conversation-with-ada-in-terminal.json",
        "2026-03-04_conversation-with-ada-in-terminal.json",
    ]
    old, new = files.values()
    assert new["parent_conversation_id"] == old["conversation_id"]
    assert old["summary"] == new["carried_summary"] != ""
    assert [len(each["history"]) for each in (old, new)] == [2, 2]


async def test_ten_windows_later_the_prompt_is_as_small_as_ever(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        for number in range(10):
            await talk.say(f"Fact {number}: " + "the harbour was full of boats. " * 20)
            talk.clock.advance(hours=49)

    sizes = [len(json.dumps(prompt_of(body))) for body in server.requests if "response_format" not in body]
    assert max(sizes[1:]) < 3 * sizes[0] + 4_000
    assert max(sizes[5:]) <= max(sizes[1:5]) * 1.2


async def test_a_summary_that_was_prepared_is_taken_if_nothing_was_said_since(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        talk.clock.advance(hours=49)
        await talk.echo.opening.prepare(MAIN)
        asked = len(server.requests)
        await talk.say("Hello")
        conversation = await talk.conversation()

    assert "Aurora" in conversation.head.carried_summary
    assert len(server.requests) == asked + 1, "the reply alone"


async def test_a_summary_that_was_prepared_is_made_anew_if_something_was_said_since(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        talk.clock.advance(hours=49)
        await talk.echo.opening.prepare(MAIN)
        said = Message(talk.clock.now(), MessageType.CHAT, "My boat is now called Borealis", requester="ada")
        talk.echo.manager.add_message_to_conversation("main", said, platform=Platform.TERMINAL)
        talk.clock.advance(hours=49)
        await talk.say("Hello")
        conversation = await talk.conversation()

    assert "Borealis" in conversation.head.carried_summary
