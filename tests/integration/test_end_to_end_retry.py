"""Asking for another answer: the new one takes the place of the old, and nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from source.domain.errors import RefusedInputError
from source.domain.message import Message, MessageType, Standing
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundKind, InboundMessage
from tests.fakes.channel import FakeReply
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Fails, Says, ScriptedCall
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, MAIN, Talk, database_rows, eventually, prompt_of, running_echo, transcripts_in

OTHER = ThreadRef(Platform.TERMINAL, "other")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def wish(talk: Talk, *, thread: ThreadRef = MAIN, person: PersonRef = ADA) -> InboundMessage:
    return replace(talk.inbound("", thread=thread, person=person), kind=InboundKind.RETRY)


async def retry(talk: Talk, *, thread: ThreadRef = MAIN) -> FakeReply:
    """Ask for another answer and return the reply to that."""
    before = len(talk.channel.replies)
    await talk.echo.turns.handle(wish(talk, thread=thread), talk.channel)
    return talk.channel.replies[before]


def told(messages: tuple[Message, ...]) -> list[tuple[str, Standing]]:
    return [(message.message_content, message.standing) for message in messages]


async def test_a_retry_takes_the_place_of_the_last_answer(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        server.queue(Says(["Better."]))
        reply = await retry(talk)
        conversation = await talk.conversation()
        await talk.say("Go on")

    assert reply.delivered == "Better."
    assert told(conversation.messages) == [
        ("Hello", Standing.KEPT),
        ("You said: Hello", Standing.SUPERSEDED),
        ("Better.", Standing.KEPT),
    ]
    first, second, third = (prompt_of(body) for body in server.requests)
    assert second == first
    assert [message["content"] for message in third[len(first) :]] == ["Better.", "Go on"]
    assert database_rows(tmp_path, "SELECT DISTINCT state FROM events") == [("delivered",)]


async def test_thoughts_and_tools_of_the_old_answer_go_with_it(tmp_path: Path, server: FakeOpenAIServer) -> None:
    search = ScriptedCall("search_messages", ('{"words": "boat"}',))
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Before")
        server.queue(Says([], thinking=["Hm."], calls=[search]), Says(["No boat."]), Says(["A boat!"]))
        await talk.say("Boat?")
        await retry(talk)
        conversation = await talk.conversation()

    standings = {(message.message_type, message.standing) for message in conversation.messages[3:]}
    assert standings == {
        (MessageType.THINKING, Standing.SUPERSEDED),
        (MessageType.TOOL_CALL, Standing.SUPERSEDED),
        (MessageType.TOOL_CALL_RESPONSE, Standing.SUPERSEDED),
        (MessageType.CHAT, Standing.SUPERSEDED),
        (MessageType.CHAT, Standing.KEPT),
    }
    assert prompt_of(server.requests[-1]) == prompt_of(server.requests[1])


async def test_a_retry_of_a_retry_takes_its_place_in_turn(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        for text in ("One", "Two"):
            server.queue(Says([text]))
            await retry(talk)
        conversation = await talk.conversation()

    kept = [message.message_content for message in conversation.messages if message.is_kept]
    assert kept == ["Hello", "Two"]


async def test_memory_store_and_transcript_agree_on_what_was_superseded(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        await retry(talk)
        await talk.say("Still in memory")
        await talk.leave_memory()
        await talk.say("Loaded again")

    in_memory, loaded = (prompt_of(body) for body in server.requests[-2:])
    assert loaded[: len(in_memory)] == in_memory
    [transcript] = transcripts_in(tmp_path).values()
    standings = [entry["meta"].get("standing", "kept") for entry in transcript["history"]]
    assert standings == ["kept", "superseded", "kept", "kept", "kept", "kept", "kept"]


async def test_a_retry_that_is_delivered_twice_acts_once(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        wanted = wish(talk)
        await asyncio.gather(*(talk.echo.turns.handle(wanted, talk.channel) for _ in range(3)))
        await talk.echo.turns.handle(wanted, talk.channel)

    assert len(server.requests) == 2
    assert len(talk.channel.delivered) == 2


async def test_a_retry_of_nothing_is_refused_and_leaves_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        with pytest.raises(RefusedInputError, match="no answer here"):
            await retry(talk)
        await talk.say("Hello")
        await talk.command("new")
        with pytest.raises(RefusedInputError, match="no answer here"):
            await retry(talk)

    assert database_rows(tmp_path, "SELECT count(*) FROM events") == [(1,)]


async def test_a_retry_answers_at_once_what_waits_for_the_model(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        server.queue(Fails(500))
        failed = await talk.say("Hello")
        reply = await retry(talk)
        conversation = await talk.conversation()

    assert failed.failure is not None
    assert reply.delivered == "You said: Hello"
    assert reply.answering[0] == failed.answering[0]
    assert told(conversation.messages) == [("Hello", Standing.KEPT), ("You said: Hello", Standing.KEPT)]


async def test_a_retry_that_fails_is_told_again(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        server.queue(Fails(500), Fails(500))
        await talk.say("Hello")
        assert (await retry(talk)).failure is not None


async def test_a_retry_survives_a_crash(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, model_max_attempts=1) as talk:
        await talk.say("Hello")
        server.queue(Fails(500))
        await retry(talk)
    async with running_echo(tmp_path, server, clock) as talk:
        server.queue(Says(["Better."]))
        await talk.echo.turns.recover(talk.channel)
        conversation = await talk.conversation()

    assert talk.channel.delivered == ["Better."]
    assert [message.message_content for message in conversation.messages if message.is_kept] == ["Hello", "Better."]


async def test_an_old_retry_found_at_start_changes_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, model_max_attempts=1) as talk:
        await talk.say("Hello")
        server.queue(Fails(500))
        await retry(talk)
    clock.advance(hours=2)
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.echo.turns.recover(talk.channel)
        await talk.echo.turns.recover(talk.channel)
        conversation = await talk.conversation()

    [sentence] = talk.channel.delivered
    assert sentence.startswith("I was interrupted")
    assert told(conversation.messages) == [("Hello", Standing.KEPT), ("You said: Hello", Standing.KEPT)]


async def test_a_retry_beside_a_message_is_answered_along_with_it(tmp_path: Path, server: FakeOpenAIServer) -> None:
    gate = asyncio.Event()
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["I am ", "listening."], gate=gate, gate_after=1))
        first = asyncio.create_task(talk.say("First"))
        await eventually(talk.channel.shown.is_set)
        later = [
            asyncio.create_task(talk.echo.turns.handle(inbound, talk.channel))
            for inbound in (wish(talk), talk.inbound("Second"))
        ]
        await eventually(lambda: len(database_rows(tmp_path, "SELECT * FROM events")) == 3)
        gate.set()
        await asyncio.gather(first, *later)
        conversation = await talk.conversation()

    assert [text for text, _ in told(conversation.messages)] == [
        "First",
        "I am listening.",
        "Second",
        "You said: Second",
    ]
    assert all(message.is_kept for message in conversation.messages)
    assert len(talk.channel.delivered) == 2


async def test_a_retry_during_an_answer_gives_another_one_afterwards(tmp_path: Path, server: FakeOpenAIServer) -> None:
    gate = asyncio.Event()
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["I am ", "listening."], gate=gate, gate_after=1), Says(["Better."]))
        first = asyncio.create_task(talk.say("First"))
        await eventually(talk.channel.shown.is_set)
        again = asyncio.create_task(retry(talk))
        await eventually(lambda: len(database_rows(tmp_path, "SELECT * FROM events")) == 2)
        gate.set()
        await asyncio.gather(first, again)

    assert talk.channel.delivered == ["I am listening.", "Better."]


async def test_a_retry_that_is_stopped_before_its_first_word_leaves_the_answer_that_was_there(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        server.queue(Says(["Better."], gate=asyncio.Event(), gate_after=0))
        again = asyncio.create_task(retry(talk))
        await server.requested(2)
        await eventually(lambda: talk.echo.turns.stop(MAIN.key))
        reply = await again
        conversation = await talk.conversation()
        following = await retry(talk)

    assert reply.delivered == "Stopped."
    assert told(conversation.messages) == [("Hello", Standing.KEPT), ("You said: Hello", Standing.KEPT)]
    assert following.delivered == "You said: Hello"


async def test_an_answer_that_never_arrived_is_not_delivered_once_another_took_its_place(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        talk.channel.is_down = True
        await talk.say("Hello")
        server.queue(Says(["Better."]))
        await retry(talk)
        talk.channel.is_down = False
        clock.advance(minutes=10)
        await eventually(lambda: bool(talk.channel.delivered))
    async with running_echo(tmp_path, server, clock) as later:
        await later.echo.turns.recover(later.channel)

    assert talk.channel.delivered == ["Better."]
    assert later.channel.replies == []


async def test_what_was_deleted_is_not_answered_again(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        await talk.say("Secret", event_id="secret")
        await talk.echo.corrections.deleted(Platform.TERMINAL, ["secret"])
        server.queue(Says(["Better."]))
        await retry(talk)
        conversation = await talk.conversation()

    assert [message.message_content for message in conversation.messages if message.is_kept] == ["Hello", "Better."]
    assert "Secret" not in str(prompt_of(server.requests[-1]))


async def test_a_retry_whose_conversation_was_put_away_meanwhile_says_so(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, model_max_attempts=1) as talk:
        await talk.say("Hello")
        server.queue(Fails(500))
        await retry(talk)
        await talk.command("archive")
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.echo.turns.recover(talk.channel)
        await talk.echo.turns.recover(talk.channel)

    [sentence] = talk.channel.delivered
    assert sentence.startswith("There is no answer here")
    assert database_rows(tmp_path, "SELECT DISTINCT state FROM events") == [("delivered",)]
