"""Commands that give something to keep, to follow or to count, on a whole Echo."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from source.domain.conversation_head import ConversationState
from source.domain.errors import RefusedInputError
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.transcript import decode_transcript
from source.services.commands import CommandInvocation, CommandReply
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, MAIN, Talk, running_echo

BO = PersonRef("bo", "Bo")
DECK = ThreadRef(Platform.TERMINAL, "deck", "7", "Ship")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def contents(reply: CommandReply) -> list[str]:
    """The texts of an exported conversation, decoded as a transcript."""
    assert reply.file is not None
    return [each.message_content for each in decode_transcript(reply.file.content, reply.file.name).messages]


async def test_an_export_is_the_transcript_to_the_byte(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        reply = await talk.reply_to("export json")
        await talk.echo.manager.write_transcripts()

    assert reply.file is not None
    assert reply.file.name == "2026-03-02_conversation-with-ada-in-terminal.json"
    assert reply.file.content == (tmp_path / reply.file.name).read_bytes()
    assert reply.text == "Here is the conversation of 02 March 2026: 2 messages, as JSON."


async def test_the_latest_conversation_is_exported_unless_a_number_names_another(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.command("archive")
        talk.clock.advance(minutes=5)
        await talk.say("Hello again")
        latest = await talk.reply_to("export")
        archived = await talk.reply_to("export 2")

    assert contents(latest)[0] == "Hello again"
    assert contents(archived)[0] == "My boat is called Aurora"


async def test_an_export_has_what_only_memory_has(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), transcript_delay_seconds=3_600) as talk:
        await talk.say("One")
        await talk.echo.manager.write_transcripts()
        running = talk.echo.manager.get_conversation("main", platform=Platform.TERMINAL)
        assert running is not None
        running.add_message(Message(talk.clock.now(), MessageType.CHAT, "Two", requester="ada"))
        reply = await talk.reply_to("export")
        running.add_message(Message(talk.clock.now(), MessageType.CHAT, "Three", requester="ada"))
        talk.echo.manager.create_conversation("main", None, None, "ada", platform=Platform.TERMINAL)
        ended = await talk.reply_to(f"export {running.conversation_id}")

    assert contents(reply) == ["One", "You said: One", "Two"]
    assert contents(ended) == ["One", "You said: One", "Two", "Three"]


async def test_nobody_exports_what_others_said_without_them(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        [conversation] = await talk.conversations()
        for line in ("export", "export 1", f"export {conversation.head.conversation_id}"):
            with pytest.raises(RefusedInputError):
                await talk.command(line, person=BO)
        await talk.say("Mine too", person=BO)
        reply = await talk.reply_to("export", person=BO)

    assert "Mine too" in contents(reply)


async def test_statistics_count_what_was_said_and_what_it_took(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        before = await talk.command("stats")
        for number in range(3):
            await talk.say(f"Message {number} about my boat")
        lines = (await talk.command("stats")).splitlines()
        with pytest.raises(RefusedInputError, match="by thread"):
            await talk.reply_to("stats", is_in_thread=False)

    assert before == "Nothing has been said here yet."
    assert lines[0] == "6 messages in 1 conversation."
    assert lines[1].startswith("3 model calls: ")
    assert lines[2] == "Cost: not known, no prices are set."
    assert lines[3].startswith("Saved against one conversation for ever: ")


async def test_what_a_search_finds_can_be_followed_to_where_it_was_said(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora", thread=DECK, event_id="100")
        await talk.say("Aurora needs paint", thread=DECK, person=BO, event_id="101")
        reply = await talk.reply_to("search aurora", thread=DECK)

    shown = {line.text.partition("  ")[2]: (line.thread, line.event_id) for line in reply.lines}
    assert shown == {
        "Ada: My boat is called Aurora": (DECK, "100"),
        "Echo: You said: Ada: My boat is called Aurora": (DECK, "100"),
        "Bo: Aurora needs paint": (DECK, "101"),
        "Echo: You said: Bo: Aurora needs paint": (DECK, "101"),
    }
    assert reply.text.splitlines() == [line.text for line in reply.lines]


async def test_a_search_from_a_message_looks_for_what_it_tells_and_leaves_it_out(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Where did I put the varnish?", event_id="100")
        await talk.say("What is it about?", event_id="101")
        await talk.say("The varnish is for the boat", event_id="102")
        words = {"words": "The varnish is for the boat", "message": "102"}
        reply = await talk.echo.commands.run(CommandInvocation("search", MAIN, ADA, words))

    assert [line.event_id for line in reply.lines] == ["102", "100", "100"]
    assert reply.lines[0].text.endswith("Echo: You said: The varnish is for the boat")


async def summary_of(talk: Talk, message: str, *, person: PersonRef = ADA, thread: ThreadRef = DECK) -> str:
    return (await talk.echo.commands.run(CommandInvocation("summary", thread, person, {"message": message}))).text


async def test_the_summary_of_a_message_s_conversation_is_that_one_s(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), summarize_old_conversations=False) as talk:
        await talk.say("My boat is called Aurora", thread=DECK, event_id="100")
        await talk.command("new fresh", thread=DECK)
        await talk.say("Tomatoes want sun", thread=DECK, event_id="101")
        ended = await summary_of(talk, "100")
        running = await summary_of(talk, "101")
        first, second = await talk.conversations(thread=DECK)

    assert "Aurora" in ended
    assert "Tomatoes" not in ended
    assert "Tomatoes" in running
    assert [first.head.summary, second.head.summary] == [ended, running]
    assert first.head.state is ConversationState.ENDED


async def test_an_ended_conversation_without_a_summary_gets_one_in_its_transcript(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), summarize_old_conversations=False) as talk:
        await talk.say("My boat is called Aurora", thread=DECK, event_id="100")
        talk.echo.manager.create_conversation("deck", "7", "Ship", "ada", platform=Platform.TERMINAL)
        summary = await summary_of(talk, "100")
        await talk.echo.manager.write_transcripts()
        name = (await talk.conversations(thread=DECK))[0].head.filename

    assert "Aurora" in summary
    assert json.loads((tmp_path / name).read_bytes())["summary"] == summary


async def test_a_message_s_conversation_is_told_to_whoever_took_part_in_it_alone(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora", thread=DECK, event_id="100")
        closed = replace(DECK, thread_id="cabin", circle="crew")
        await talk.say("The captain snores", thread=closed, event_id="101")
        refused: list[str] = []
        for message, person, thread in [("100", BO, DECK), ("999", BO, DECK), ("101", ADA, DECK), ("100", ADA, MAIN)]:
            with pytest.raises(RefusedInputError) as refusal:
                await summary_of(talk, message, person=person, thread=thread)
            refused.append(str(refusal.value))

    assert len(set(refused)) == 1, "nothing tells a message that is not seen from one that is not there"


async def test_a_summary_of_what_runs_is_for_those_who_take_part(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        with pytest.raises(RefusedInputError, match="taken part"):
            await talk.command("summary", person=BO)
        await talk.say("What is this about?", person=BO)
        summary = await talk.command("summary", person=BO)

    assert "Aurora" in summary
