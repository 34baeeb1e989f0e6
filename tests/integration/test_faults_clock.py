"""A clock that an administrator, a battery or a leap moves while Echo runs."""

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import database_rows, prompt_of, running_echo


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_a_clock_that_jumps_back_ends_nothing_and_keeps_the_order(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("First")
        talk.clock.jump(days=-400)
        await talk.say("Second")
        await talk.leave_memory()
        reply = await talk.say("Third")
        [conversation] = await talk.conversations()

    said = [message.message_content for message in conversation.messages if message.is_from_person]
    ids = [message.message_id for message in conversation.messages]
    assert said == ["First", "Second", "Third"]
    assert all(first < second for first, second in pairwise(ids))
    assert reply.notices == []
    assert len(prompt_of(server.requests[-1])) == 1 + 5


async def test_a_clock_that_jumped_back_during_a_stop_changes_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.say("First")
        await server.stop()
        unanswered = await talk.say("Second")
    clock.jump(days=-400)
    async with FakeOpenAIServer() as back, running_echo(tmp_path, back, clock) as talk:
        await talk.echo.turns.recover(talk.channel)
        await talk.say("Third")
        [conversation] = await talk.conversations()

    assert unanswered.failure is not None
    said = [message.message_content for message in conversation.messages]
    assert said == ["First", "You said: First", "Second", "You said: Second", "Third", "You said: Third"]


async def test_a_clock_that_jumps_forward_ends_a_conversation_once(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("First")
        talk.clock.jump(days=3_650)
        await talk.say("Second")
        talk.clock.jump(days=-3_650)
        await talk.say("Third")
        await talk.say("Fourth")
        first, second = await talk.conversations()

    assert [message.message_content for message in first.messages] == ["First", "You said: First"]
    assert [message.message_content for message in second.messages if message.is_from_person] == [
        "Second",
        "Third",
        "Fourth",
    ]


async def test_transcripts_are_written_although_the_wall_clock_stands_still_or_goes_back(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("First")
        talk.clock.jump(days=-1)
        talk.clock.advance(seconds=3)
        await talk.echo.manager.sweep()
        await talk.echo.manager.write_transcripts()
        written = talk.echo.manager.metrics().transcripts_written

    assert written >= 1


async def test_times_of_a_conversation_never_go_back(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("First")
        talk.clock.jump(days=-2)
        await talk.say("Second")

    [(created, updated, last)] = database_rows(
        tmp_path, "SELECT created_at, updated_at, last_message_at FROM conversations"
    )
    assert str(created) <= str(last) <= str(updated)


async def test_a_sender_s_clock_that_is_ahead_cannot_end_a_conversation(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("First")
        talk.clock.jump(days=30)
        ahead = talk.inbound("Second")
        talk.clock.jump(days=-30)
        await talk.echo.turns.handle(ahead, talk.channel)
        conversations = await talk.conversations()

    assert len(conversations) == 1
