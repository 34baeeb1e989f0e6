"""Commands on a whole Echo, with what they leave in the store and in the folder."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.errors import RefusedInputError
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import archived_in, running_echo, transcripts_in


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_new_begins_a_conversation_that_knows_the_last_one(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        answer = await talk.command("new  sailing\n trips")
        await talk.say("Where to?")
        first, second = await talk.conversations()

    assert "sailing trips" in answer
    assert second.head.title == "sailing trips"
    assert second.head.created_reason is CreatedReason.TOPIC_COMMAND
    assert second.head.parent_conversation_id == first.head.conversation_id
    assert "Aurora" in second.head.carried_summary
    assert [message.message_content for message in second.messages] == ["Where to?", "You said: Where to?"]


async def test_new_fresh_begins_with_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("new fresh")
        await talk.say("Hello")

    assert "Aurora" not in json.dumps(server.requests[-1])


async def test_archive_puts_the_transcript_away_and_unarchive_brings_it_back(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    name = "2026-03-02_conversation-with-ada-in-terminal.json"
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("archive")
        archived = [*transcripts_in(tmp_path)], archived_in(tmp_path)
        states = [each.head.state for each in await talk.conversations()]
        await talk.command("unarchive")
        [conversation] = await talk.conversations()

    stem = name.removesuffix(".json")
    assert archived == ([], [f"{stem}_{conversation.head.conversation_id}.json.zst"])
    assert states == [ConversationState.ARCHIVED]
    assert ([*transcripts_in(tmp_path)], archived_in(tmp_path)) == ([name], [])
    assert conversation.head.state is ConversationState.ENDED


async def test_what_is_said_after_an_archive_starts_a_new_conversation(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("archive")
        await talk.say("Hello")
        first, second = await talk.conversations()

    assert second.head.created_reason is CreatedReason.AFTER_ARCHIVE
    assert second.head.parent_conversation_id == first.head.conversation_id
    assert len(transcripts_in(tmp_path)) == len(archived_in(tmp_path)) == 1, "each keeps its own file"


async def test_an_archived_conversation_is_resumed_whole(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("archive")
        await talk.command("resume")
        await talk.say("It is blue")
        [conversation] = await talk.conversations()

    assert len(conversation.messages) == 4
    [transcript] = transcripts_in(tmp_path).values()
    assert len(transcript["history"]) == 4
    assert archived_in(tmp_path) == []


async def test_conversations_lists_the_latest_first(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("new sailing")
        talk.clock.advance(minutes=5)
        await talk.say("Where to?")
        lines = (await talk.command("conversations")).splitlines()

    assert len(lines) == 2
    assert lines[0].startswith(" 1. 2026-03-02 09:05  sailing · 2 messages · running")
    assert lines[1].startswith(" 2. 2026-03-02 09:00")
    assert lines[1].endswith("2 messages · ended")


async def test_summary_tells_what_was_said_and_keeps_it(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        answer = await talk.command("summary")
        conversation = await talk.conversation()

    assert "Aurora" in answer
    assert conversation.head.summary == answer
    [transcript] = transcripts_in(tmp_path).values()
    assert transcript["summary"] == answer


async def test_search_finds_what_was_said_in_an_earlier_conversation(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("new fresh")
        found = await talk.command("search aurora")
        nothing = await talk.command("search submarine")

    assert "Ada: My boat is called Aurora" in found
    assert "submarine" not in nothing


async def test_search_shows_nobody_else_s_messages(tmp_path: Path, server: FakeOpenAIServer) -> None:
    guild = ThreadRef(Platform.TERMINAL, "town", "77", "Guild")
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.say("Hello", thread=guild)
        of_another = await talk.command("search aurora", person=PersonRef("bo", "Bo"))
        in_the_guild = await talk.command("search aurora", thread=guild)

    assert "Aurora" not in of_another
    assert "Aurora" not in in_the_guild, "nothing said in a direct message reaches a guild"


async def test_a_word_that_is_no_command_is_refused_with_the_nearest(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        with pytest.raises(RefusedInputError, match="/resume"):
            await talk.command("resum")


async def test_an_unarchive_that_waited_for_a_resume_does_not_end_what_was_resumed(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("First")
        await talk.command("archive")
        await talk.say("Second")
        resuming, unarchiving = await asyncio.gather(
            talk.command("resume 2"), talk.command("unarchive"), return_exceptions=True
        )
        resumed, _ = await talk.conversations()

    assert isinstance(resuming, str)
    assert isinstance(unarchiving, RefusedInputError)
    assert resumed.head.is_active


@pytest.mark.parametrize("command", ["archive", "resume"])
async def test_what_still_waited_to_be_stored_is_in_the_conversation_that_a_command_takes_up(
    tmp_path: Path, server: FakeOpenAIServer, command: str
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), transcript_delay_seconds=3_600) as talk:
        first = talk.echo.manager.create_conversation("main", None, None, "ada", platform=Platform.TERMINAL)
        first.add_message(Message(talk.clock.now(), MessageType.CHAT, "One", requester="ada"))
        await first.save_conversation()
        first.add_message(Message(talk.clock.now(), MessageType.CHAT, "Two", requester="ada"))
        talk.echo.manager.create_conversation("main", None, None, "ada", platform=Platform.TERMINAL)
        await talk.command(f"{command} {first.conversation_id}")
        stored, _ = await talk.conversations()
        await talk.command(f"{'unarchive' if command == 'archive' else 'archive'} {first.conversation_id}")
        await talk.echo.manager.write_transcripts()
        again, _ = await talk.conversations()

    assert [message.message_content for message in stored.messages] == ["One", "Two"]
    assert again.messages == stored.messages
