"""Commands about answers, on a whole Echo."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.domain.errors import RefusedInputError
from source.services.commands import CommandInvocation, CommandReply
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, MAIN, running_echo


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_a_retry_comes_through_the_channel_and_what_it_replaces_is_shown_no_more(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["Aurora is a boat."]), Says(["Aurora is a ship."]))
        await talk.say("What is Aurora?")
        reply = await talk.reply_to("retry")
        listed = await talk.command("conversations")
        found = await talk.command("search aurora")
        shown = await talk.echo.commands.history(MAIN, 10)

    assert reply == CommandReply("")
    assert talk.channel.delivered == ["Aurora is a boat.", "Aurora is a ship."]
    assert "2 messages" in listed
    assert "ship" in found
    assert "boat" not in found
    assert [message.message_content for message in shown] == ["What is Aurora?", "Aurora is a ship."]


async def test_a_retry_that_is_delivered_twice_answers_once(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        asked = CommandInvocation("retry", MAIN, ADA, channel=talk.channel, invocation_id="991")
        await asyncio.gather(talk.echo.commands.run(asked), talk.echo.commands.run(asked))
    async with running_echo(tmp_path, server, FakeClock()) as later:
        await later.echo.commands.run(asked)

    assert len(server.requests) == 2


async def test_a_retry_of_nothing_says_so(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        with pytest.raises(RefusedInputError):
            await talk.command("retry")
    assert server.requests == []


async def test_a_stop_ends_the_running_answer_and_waits_for_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    gate = asyncio.Event()
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["I am ", "talking."], gate=gate, gate_after=1))
        saying = asyncio.create_task(talk.say("Hello"))
        await talk.channel.shown.wait()
        answer = await talk.command("stop")
        reply = await saying
        again = await talk.command("stop")

    assert answer.startswith("Stopped.")
    assert reply.delivered == "I am "
    assert reply.interrupted
    assert again == "No answer is running here."
