"""What a person may rely on while Echo answers, fails or is stopped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.domain.errors import StoreUnavailableError
from source.domain.message import Message
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Fails, Says
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import MAIN, Talk, database_rows, eventually, prompt_of, running_echo

OTHER = ThreadRef(Platform.TERMINAL, "other")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def _texts(messages: tuple[Message, ...]) -> list[str]:
    return [message.message_content for message in messages]


async def _say_while_answering(talk: Talk, server: FakeOpenAIServer, gate: asyncio.Event) -> None:
    """Say one thing, two more while Echo answers it, and wait for all answers."""
    server.queue(Says(["I am ", "listening."], gate=gate, gate_after=1))
    first = asyncio.create_task(talk.echo.turns.handle(talk.inbound("First"), talk.channel))
    await eventually(talk.channel.shown.is_set)
    later = [
        asyncio.create_task(talk.echo.turns.handle(talk.inbound(text), talk.channel)) for text in ("Second", "Third")
    ]
    await eventually(lambda: len(database_rows(talk.settings.conversations_dir, "SELECT * FROM events")) == 3)
    gate.set()
    await asyncio.gather(first, *later)


async def test_what_arrives_while_echo_answers_is_answered_together_in_the_next_turn(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await _say_while_answering(talk, server, asyncio.Event())
        conversation = await talk.conversation()

    assert _texts(conversation.messages) == ["First", "I am listening.", "Second", "Third", "You said: Third"]
    assert len(server.requests) == 2
    assert len(talk.channel.delivered) == 2


async def test_another_thread_is_answered_meanwhile(tmp_path: Path, server: FakeOpenAIServer) -> None:
    gate = asyncio.Event()
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["I am ", "listening."], gate=gate, gate_after=1))
        slow = asyncio.create_task(talk.say("First"))
        await eventually(talk.channel.shown.is_set)
        reply = await talk.say("Hello", thread=OTHER)
        gate.set()
        await slow

    assert reply.delivered == "You said: Hello"


async def test_a_repeat_is_answered_once(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        inbound = talk.inbound("Hello")
        await asyncio.gather(*(talk.echo.turns.handle(inbound, talk.channel) for _ in range(5)))
        await talk.echo.turns.handle(inbound, talk.channel)
        conversation = await talk.conversation()

    assert _texts(conversation.messages) == ["Hello", "You said: Hello"]
    assert talk.channel.delivered == ["You said: Hello"]


async def test_a_repeat_after_a_restart_is_answered_once(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        inbound = talk.inbound("Hello")
        await talk.echo.turns.handle(inbound, talk.channel)
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.echo.turns.recover(talk.channel)
        await talk.echo.turns.handle(inbound, talk.channel)
        conversation = await talk.conversation()

    assert len(conversation.messages) == 2
    assert talk.channel.replies == []


async def test_one_event_id_of_two_platforms_is_two_messages(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello", event_id="1")
        await talk.say("Hello", event_id="1", thread=ThreadRef(Platform.WEB, "main"))

    assert talk.channel.delivered == ["You said: Hello", "You said: Hello"]


async def test_stop_keeps_what_was_said(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["Once upon ", "a time"], gate=asyncio.Event(), gate_after=1))
        telling = asyncio.create_task(talk.say("Tell me a story"))
        await eventually(talk.channel.shown.is_set)
        stopped = talk.echo.turns.stop(MAIN.key)
        reply = await telling
        await server.disconnected()
        conversation = await talk.conversation()
        following = await talk.say("Go on")

    assert stopped
    assert (reply.delivered, reply.interrupted) == ("Once upon ", True)
    assert conversation.messages[-1].message_content == "Once upon "
    assert conversation.messages[-1].interrupted
    assert following.delivered == "You said: Go on"


async def test_nothing_runs_that_could_be_stopped(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")

        assert not talk.echo.turns.stop(MAIN.key)


async def test_a_caller_that_goes_away_takes_its_message_not_back(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        gone = asyncio.create_task(talk.echo.turns.handle(talk.inbound("Hello"), talk.channel))
        await asyncio.sleep(0)
        gone.cancel()
        await talk.say("Are you there?")
        conversation = await talk.conversation()

    assert _texts(conversation.messages)[0] == "Hello"
    assert sum(message.is_from_person for message in conversation.messages) == 2
    assert not conversation.messages[-1].is_from_person


async def test_recovery_leaves_alone_what_is_being_answered(tmp_path: Path, server: FakeOpenAIServer) -> None:
    gate = asyncio.Event()
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["I am ", "listening."], gate=gate, gate_after=1))
        answering = asyncio.create_task(talk.say("Hello"))
        await eventually(talk.channel.shown.is_set)
        await talk.echo.turns.recover(talk.channel)
        gate.set()
        await answering
        conversation = await talk.conversation()

    assert _texts(conversation.messages) == ["Hello", "I am listening."]
    assert talk.channel.delivered == ["I am listening."]


async def test_what_a_crash_left_unanswered_comes_before_what_is_said_meanwhile(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, model_max_attempts=1) as talk:
        server.queue(Fails(500))
        await talk.say("Before the crash")
    async with running_echo(tmp_path, server, clock) as talk:
        recovering = asyncio.create_task(talk.echo.turns.recover(talk.channel))
        await asyncio.sleep(0)
        await talk.say("After it")
        await recovering
        conversation = await talk.conversation()

    said = [message.message_content for message in conversation.messages if message.is_from_person]
    assert said == ["Before the crash", "After it"]


async def test_an_undelivered_reply_is_delivered_after_a_restart_and_not_made_again(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        talk.channel.is_down = True
        await talk.say("Hello")
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.echo.turns.recover(talk.channel)
        conversation = await talk.conversation()
    async with running_echo(tmp_path, server, clock) as again:
        await again.echo.turns.recover(again.channel)

    assert talk.channel.delivered == ["You said: Hello"]
    assert again.channel.replies == []
    assert len(conversation.messages) == 2
    assert len(server.requests) == 1


async def test_a_channel_that_breaks_while_delivering_has_nothing_answered_twice(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        with monkeypatch.context() as broken:
            broken.setattr("tests.fakes.channel.FakeReply.deliver", _break)
            await talk.say("Hello")
        talk.clock.advance(hours=1)
        await talk.say("Are you there?")
        conversation = await talk.conversation()

    assert _texts(conversation.messages) == ["Hello", "You said: Hello", "Are you there?", "You said: Are you there?"]


async def _break(*_: object, **__: object) -> None:
    await asyncio.sleep(0)
    raise RuntimeError("a fault of the channel's own")


async def test_a_delivery_that_cannot_be_noted_has_nothing_answered_twice(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        with monkeypatch.context() as broken:
            broken.setattr(SqlStore, "mark_delivered", _refuse)
            await talk.say("Hello")
        talk.clock.advance(hours=1)
        await talk.say("Are you there?")
        conversation = await talk.conversation()

    assert _texts(conversation.messages) == ["Hello", "You said: Hello", "Are you there?", "You said: Are you there?"]


async def _refuse(*_: object) -> None:
    await asyncio.sleep(0)
    raise StoreUnavailableError("the disk is full")


async def test_a_stop_keeps_nobody_waiting_and_loses_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        server.queue(Says(["I am ", "listening."], gate=asyncio.Event(), gate_after=1))
        first = asyncio.create_task(talk.echo.turns.handle(talk.inbound("First"), talk.channel))
        await eventually(talk.channel.shown.is_set)
        second = asyncio.create_task(talk.echo.turns.handle(talk.inbound("Second"), talk.channel))
        await eventually(lambda: len(database_rows(tmp_path, "SELECT id FROM events")) == 2)
        await talk.echo.turns.drain(timedelta(seconds=0))
        async with asyncio.timeout(20):
            await asyncio.gather(first, second)
    async with running_echo(tmp_path, server, clock) as later:
        await later.echo.turns.recover(later.channel)
        conversation = await later.conversation()

    assert talk.channel.delivered == []
    assert _texts(conversation.messages) == ["First", "Second", "You said: Second"]


async def test_old_messages_found_at_start_are_marked_interrupted(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, model_max_attempts=1) as talk:
        await server.stop()
        reply = await talk.say("Hello")
    clock.advance(hours=2)
    async with FakeOpenAIServer() as back, running_echo(tmp_path, back, clock) as later:
        await later.echo.turns.recover(later.channel)
        conversation = await later.conversation()

    assert reply.failure is not None
    assert back.requests == []
    assert conversation.messages[0].message_content == "Hello"
    assert conversation.messages[1].interrupted
    assert later.channel.delivered == [conversation.messages[1].message_content]


async def test_names_are_shown_to_the_model_where_several_people_talk(tmp_path: Path, server: FakeOpenAIServer) -> None:
    guild = ThreadRef(Platform.DISCORD, "5", "77", "Guild")
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I am here", thread=guild)
        await talk.say("Me too", thread=guild, person=PersonRef("2", "Bo"))

    spoken = [message["content"] for message in prompt_of(server.requests[-1]) if message["role"] == "user"]
    assert spoken == ["Ada: I am here", "Bo: Me too"]
