"""Edits, deletions, catch-up, replies to old messages, limits and prices on a real database and real transcripts."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from source.domain.errors import RefusedInputError
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.store import Scope
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Fails, Says
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import MAIN, database_rows, eventually, prompt_of, running_echo, transcripts_in

GUILD = ThreadRef(Platform.DISCORD, "5", "7", "Club")
ADMIN = PersonRef("99", "Admin")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_an_edit_and_a_deletion_reach_search_transcript_and_the_next_start(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.say("My boat is called Aurora", event_id="1")
        await talk.say("My password is swordfish", event_id="2")
        await talk.echo.corrections.edited(Platform.TERMINAL, "1", "My boat is called Borealis", clock.now())
        await talk.echo.corrections.deleted(Platform.TERMINAL, ["2", "unknown"])
        scope = Scope(Platform.TERMINAL, "ada", None)
        found = {
            word: [hit.message.requester for hit in await talk.echo.catalog.search(word, scope=scope)]
            for word in ("Borealis", "Aurora", "swordfish")
        }
    [transcript] = transcripts_in(tmp_path).values()
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.say("What do you know?")

    # What Echo had replied with is Echo's.
    assert found == {"Borealis": ["ada"], "Aurora": [None], "swordfish": [None]}
    assert [entry["message_content"] for entry in transcript["history"]] == [
        "My boat is called Borealis",
        "You said: My boat is called Aurora",
        "",
        "You said: My password is swordfish",
    ]
    said = [message["content"] for message in prompt_of(server.requests[-1]) if message["role"] == "user"]
    assert said == ["My boat is called Borealis", "What do you know?"]


async def test_what_was_taken_back_before_a_crash_is_not_answered_after_it(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, model_max_attempts=1) as talk:
        server.queue(Fails(500))
        await talk.say("Helo", event_id="1")
        server.queue(Fails(500))
        await talk.say("Secret", event_id="2")
        await talk.echo.corrections.edited(Platform.TERMINAL, "1", "Hello", clock.now())
        await talk.echo.corrections.deleted(Platform.TERMINAL, ["2"])
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.echo.turns.recover(talk.channel)

    assert talk.channel.delivered == ["You said: Hello"]
    assert database_rows(tmp_path, "SELECT count(*) FROM events WHERE text LIKE '%Secret%'") == [(0,)]


async def test_an_edit_during_an_answer_waits_for_it(tmp_path: Path, server: FakeOpenAIServer) -> None:
    gate = asyncio.Event()
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["I am ", "listening."], gate=gate, gate_after=1))
        first = asyncio.create_task(talk.say("Helo", event_id="1"))
        await eventually(talk.channel.shown.is_set)
        editing = asyncio.create_task(talk.echo.corrections.edited(Platform.TERMINAL, "1", "Hello", talk.clock.now()))
        await eventually(lambda: database_rows(tmp_path, "SELECT text FROM events") == [("Hello",)])
        gate.set()
        await asyncio.gather(first, editing)
        conversation = await talk.conversation()

    assert [message.message_content for message in conversation.messages] == ["Hello", "I am listening."]


async def test_what_was_missed_is_answered_together_and_once(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        missed = [
            replace(talk.inbound(text, event_id=text), sent_at=clock.now() - timedelta(minutes=5))
            for text in ("One", "Two", "Three")
        ]
        await talk.echo.turns.take(missed, talk.channel)
        await talk.echo.turns.take(missed, talk.channel)
    async with running_echo(tmp_path, server, clock) as later:
        await asyncio.gather(later.echo.turns.recover(later.channel), later.echo.turns.take(missed, later.channel))

    [reply] = talk.channel.replies
    assert reply.delivered == "You said: Three"
    assert reply.notices == ["I was away; this answers what you wrote while I was."]
    assert len(server.requests) == 1
    assert later.channel.replies == []


async def test_a_reply_to_an_archived_conversation_goes_on_there(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.say("My boat is called Aurora", event_id="1")
        await talk.command("archive")
        await talk.say("Something else")
        await talk.echo.turns.handle(replace(talk.inbound("What was it called?"), reply_to="1"), talk.channel)
        first, second = await talk.conversations()

    assert talk.channel.replies[-1].notices[0].startswith("Back in the conversation of 02 March 2026")
    assert first.head.is_active
    assert not second.head.is_active
    assert len(prompt_of(server.requests[-1])) == 1 + 3


async def test_a_refused_reply_arrives_while_echo_runs(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        talk.channel.is_down = True
        await talk.say("Hello")
        talk.channel.is_down = False
        await talk.say("Hello again")
        await talk.echo.turns.recover(talk.channel)

    assert talk.channel.delivered == ["You said: Hello", "You said: Hello again"]
    assert len(server.requests) == 2


async def test_a_day_s_tokens_count_over_a_restart_and_cost_what_the_settings_say(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    limited = {"daily_tokens": 5, "discord_admins": "user:99", "model_input_price": 1, "model_output_price": 2}
    async with running_echo(tmp_path, server, clock, **limited) as talk:
        await talk.say("Hello", thread=GUILD)
    async with running_echo(tmp_path, server, clock, **limited) as talk:
        with pytest.raises(RefusedInputError, match="midnight UTC, in 15 hours"):
            await talk.say("Hello again", thread=GUILD)
        await talk.say("Hello", thread=GUILD, person=ADMIN)
        await talk.say("Hello", thread=MAIN)
        await talk.say("Hello again", thread=MAIN)
        clock.advance(hours=15)
        await talk.say("Good morning", thread=GUILD)

    rows = database_rows(tmp_path, "SELECT person, cost, input_tokens, output_tokens FROM usage ORDER BY id")
    assert [row[0] for row in rows] == ["ada", "99", "ada", "ada", "ada"]
    assert all(cost == int(str(taken)) + 2 * int(str(given)) > 0 for _, cost, taken, given in rows)


async def test_messages_a_minute_are_counted_for_each_person(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), messages_per_minute=2) as talk:
        await talk.say("One", thread=GUILD)
        await talk.say("Two", thread=GUILD)
        with pytest.raises(RefusedInputError, match="in 30 seconds"):
            await talk.say("Three", thread=GUILD)
        await talk.say("Mine", thread=GUILD, person=ADMIN)
        talk.clock.advance(seconds=30)
        await talk.say("Three", thread=GUILD)

    assert len(talk.channel.delivered) == 4
