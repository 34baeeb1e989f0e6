"""Recall on a whole Echo: at the opening, when a message asks for it, as the model's tool, and by /search."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from source.adapters.storage.operation_tables import conversation_metadata
from source.adapters.storage.task_table import TaskTable
from source.app.memories import Memories
from source.domain.message import MessageType
from source.domain.recall.passages import RecallBudget
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.recall import Eyes
from source.ports.store import Scope
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Says, ScriptedCall
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import MAIN, Talk, running_echo

SIDE = ThreadRef(Platform.TERMINAL, "side")
GUILD = ThreadRef(Platform.DISCORD, "5", guild_id="7", guild_name="Club")
DIRECT = ThreadRef(Platform.DISCORD, "10")
BEN = PersonRef("ben", "Ben")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def prompted(server: FakeOpenAIServer) -> str:
    """What the model was given last."""
    return json.dumps(server.requests[-1], ensure_ascii=False)


def messages_in(request: Mapping[str, object]) -> list[object]:
    messages = request["messages"]
    assert isinstance(messages, list)
    return messages


async def kinds(talk: Talk, thread: ThreadRef = MAIN) -> list[MessageType]:
    return [message.message_type for message in (await talk.conversation(thread=thread)).messages]


async def recalled(talk: Talk) -> list[int]:
    """How often each conversation was found again."""
    counts = select(conversation_metadata.c.recall_count)
    return await talk.echo.store.read(lambda connection: list(connection.execute(counts).scalars()))


async def test_a_conversation_begins_with_what_bears_on_its_first_message(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("The varnish for the boat is in the blue locker")
        await talk.say("I need varnish this weekend", thread=SIDE)
        carried = (await talk.conversation(thread=SIDE)).head.carried_summary

    assert "the blue locker" in carried
    assert "Monday, 02 March 2026" in carried
    assert "the blue locker" in prompted(server)


async def test_a_greeting_recalls_nothing(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("The varnish for the boat is in the blue locker")
        await talk.say("Hi, how are you?", thread=SIDE)
        head = (await talk.conversation(thread=SIDE)).head

    assert head.carried_summary == ""


async def test_a_message_that_asks_about_the_past_is_answered_with_a_search(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("The varnish for the boat is in the blue locker")
        await talk.say("Do you remember where the varnish is?", thread=SIDE)
        asked = prompted(server)
        said = await kinds(talk, SIDE)
        await talk.say("Thanks", thread=SIDE)
        before, after = (messages_in(request) for request in server.requests[-2:])

    assert "the blue locker" in asked
    assert said == [MessageType.CHAT, MessageType.TOOL_CALL, MessageType.TOOL_CALL_RESPONSE, MessageType.CHAT]
    # It has become part of the history: the prefix goes on.
    assert after[: len(before)] == before


async def test_without_tools_the_opening_holds_what_was_asked_for(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_tools=False) as talk:
        await talk.say("The varnish for the boat is in the blue locker")
        await talk.say("Do you remember where the varnish is?", thread=SIDE)
        head = (await talk.conversation(thread=SIDE)).head

    assert "the blue locker" in head.carried_summary


async def test_the_model_searches_within_what_is_seen_from_here(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My salary is a secret", thread=DIRECT, person=BEN)
        search = ScriptedCall("search_messages", ['{"words": "salary"}'])
        server.queue(Says(calls=[search]), Says(["Nothing."]))
        await talk.say("Tell us", thread=GUILD, person=BEN)
        in_the_guild = prompted(server)
        server.queue(Says(calls=[search]), Says(["It is."]))
        await talk.say("Tell me", thread=DIRECT, person=BEN)

    assert "secret" not in in_the_guild
    assert "My salary is a secret" in prompted(server)


async def test_what_a_search_shows_counts_as_recalled(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("The varnish is in the locker")
        await talk.command("search nothing of that kind")
        await talk.echo.recalls.flush()
        before = await recalled(talk)
        shown = await talk.command("search varnish")
        await talk.echo.recalls.flush()
        after = await recalled(talk)

    assert "The varnish is in the locker" in shown
    assert (before, after) == ([], [1])


async def test_a_search_shows_first_what_holds_most_of_the_words(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(*(Says(["Fine."]) for _ in range(3)))
        await talk.say("The blue boat")
        await talk.say("A boat in the blue locker")
        await talk.say("A locker")
        shown = (await talk.command("search blue locker")).splitlines()

    assert shown[0].endswith("Ada: A boat in the blue locker")
    assert len(shown) == 3


async def test_what_is_known_is_found_with_what_was_said(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I love green tea." + " It rains." * 100)
        memories = Memories(talk.echo, TaskTable(talk.echo.store), None)
        await memories.service.make((await talk.conversation()).head.conversation_id)
        ada, ben = (Eyes((Scope(Platform.TERMINAL, who, None),)) for who in ("ada", "ben"))
        found = await talk.echo.recall.search("Which tea?", ada, RecallBudget(200))
        elsewhere = await talk.echo.recall.search("Which tea?", ben, RecallBudget(10_000))

    assert "Known: " in found.text
    assert "I love green tea" in found.text
    assert not elsewhere


async def test_what_the_model_is_shown_anyway_is_not_searched(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora")
        await talk.say("Do you remember what my boat is called?")
        messages = messages_in(server.requests[-1])

    assert json.dumps(messages).count("called Aurora") == 2  # as it was said, and as it was answered
