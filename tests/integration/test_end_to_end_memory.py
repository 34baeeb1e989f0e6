"""What is in memory, in the store and in the folder is the same, also after a failure."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.domain.thread import Platform
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Fails
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import MAIN, database_rows, running_echo, transcripts_in


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_after_a_failed_turn_memory_is_what_the_store_has(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        await talk.say("First")
        server.queue(Fails(500))
        await talk.say("Second")
        in_memory = talk.echo.manager.get_conversation("main", platform=Platform.TERMINAL)
        history = await talk.echo.commands.history(MAIN, 10)

    assert in_memory is None, "the copy was forgotten"
    assert [message.message_content for message in history] == ["First", "You said: First"]


async def test_a_forgotten_conversation_s_transcript_is_written_although_another_took_its_thread(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        server.queue(Fails(500))
        await talk.say("Hello")
        talk.echo.manager.create_conversation("main", None, None, "ada", platform=Platform.TERMINAL)
        await talk.echo.manager.write_transcripts()

    assert len(transcripts_in(tmp_path)) == 2


async def test_what_left_memory_is_in_its_transcript(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), transcript_delay_seconds=3_600) as talk:
        await talk.say("Hello")
        before = transcripts_in(tmp_path)
        await talk.leave_memory()
        [transcript] = transcripts_in(tmp_path).values()

    assert before == {}
    assert [entry["message_content"] for entry in transcript["history"]] == ["Hello", "You said: Hello"]


async def test_every_message_is_in_exactly_one_transcript(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        for number in range(12):
            await talk.say(f"Number {number}")
            talk.clock.advance(hours=30 * (number % 3))
    stored = [str(key) for (key,) in database_rows(tmp_path, "SELECT id FROM messages ORDER BY id")]
    written = [
        str(entry["message_id"]) for content in transcripts_in(tmp_path).values() for entry in content["history"]
    ]

    assert sorted(written) == sorted(stored)
    assert len(stored) == 24
