"""Commands given outside of the thread that they are about, or twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from source.domain.conversation_head import ConversationState
from source.domain.errors import RefusedInputError
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.ports.store import ConversationListing, Scope
from source.services.commands import CommandInvocation, CommandReply
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, MAIN, Talk, running_echo

BO = PersonRef("bo", "Bo")
DECK = ThreadRef(Platform.TERMINAL, "deck", "7", "Ship")
GALLEY = replace(DECK, thread_id="galley")
LOBBY = replace(DECK, thread_id="lobby")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


@pytest.fixture
async def talk(tmp_path: Path, server: FakeOpenAIServer) -> AsyncIterator[Talk]:
    """Ada has an ended and a running conversation on deck, and one in the galley."""
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My boat is called Aurora", thread=DECK)
        talk.clock.advance(minutes=1)
        await talk.say("Soup again", thread=GALLEY)
        talk.clock.advance(minutes=1)
        await talk.command("new painting", thread=DECK)
        yield talk


async def in_the_lobby(talk: Talk, line: str, *, person: PersonRef = ADA) -> CommandReply:
    return await talk.reply_to(line, thread=LOBBY, person=person, is_in_thread=False)


async def test_a_channel_lists_the_conversations_of_its_guild_with_their_threads(talk: Talk) -> None:
    await talk.say("Not for the guild", thread=MAIN)
    reply = await in_the_lobby(talk, "conversations")
    of_another = await in_the_lobby(talk, "conversations", person=BO)

    # As the store has it: a thread that was never in memory here knows no more.
    assert [line.thread.thread_id for line in reply.lines if line.thread] == ["deck", "galley", "deck"]
    assert reply.text.splitlines() == [line.text for line in reply.lines]
    assert reply.lines[0].text.startswith(" 1. 2026-03-02 09:02  painting · 0 messages · running")
    assert of_another == CommandReply("There is no conversation of yours here yet.")


async def test_a_conversation_is_resumed_in_its_own_thread(talk: Talk) -> None:
    reply = await in_the_lobby(talk, "resume 3")
    await talk.say("It is blue", thread=DECK)
    first, second = await talk.conversations(thread=DECK)

    assert reply.thread is not None
    assert reply.thread.key == DECK.key
    assert reply.archived is False
    assert "Back in the conversation of 02 March 2026" in reply.text
    assert [message.message_content for message in first.messages][::2] == ["My boat is called Aurora", "It is blue"]
    assert second.head.state is ConversationState.ENDED
    assert await talk.conversations(thread=LOBBY) == []


async def test_a_thread_s_own_numbers_are_not_the_guild_s(talk: Talk) -> None:
    reply = await talk.reply_to("resume 2", thread=DECK)

    assert reply.thread is None
    assert reply.archived is False
    assert "Aurora" in (await talk.conversation(thread=DECK)).messages[0].message_content


async def test_the_platform_s_thread_is_put_away_when_nothing_runs_in_it_any_more(talk: Talk) -> None:
    old = await in_the_lobby(talk, "archive 3")
    running = await in_the_lobby(talk, "archive 1")
    there = await talk.reply_to("archive", thread=GALLEY)
    back = await in_the_lobby(talk, "unarchive 3")
    states = [each.head.state for each in await talk.conversations(thread=DECK)]

    assert (old.thread, old.archived) == (running.thread, None), "another conversation runs in that thread"
    assert running.thread is not None
    assert (running.thread.key, running.archived) == (DECK.key, True)
    assert (there.thread, there.archived) == (None, True)
    assert back.archived is False
    assert states == [ConversationState.ENDED, ConversationState.ARCHIVED]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("new", "needs a thread"),
        ("resume", "Which one"),
        ("archive", "Which one"),
        ("unarchive", "no archived conversation of yours"),
        ("export", "Which one"),
        ("summary", "in a thread of mine"),
        ("retry", "no answer here"),
        ("resume 4", "no conversation 4"),
    ],
)
async def test_what_a_channel_cannot_do_is_said(talk: Talk, line: str, told: str) -> None:
    with pytest.raises(RefusedInputError, match=told):
        await in_the_lobby(talk, line)


async def test_a_closed_circle_is_not_seen_from_the_lobby(talk: Talk) -> None:
    cabin = replace(DECK, thread_id="cabin", circle="crew")
    await talk.say("The captain snores", thread=cabin)
    listed = await in_the_lobby(talk, "conversations")
    found = await in_the_lobby(talk, "search snores")
    inside = await talk.reply_to("search snores", thread=replace(LOBBY, circle="crew"), is_in_thread=False)

    assert len(listed.lines) == 3
    assert found.lines == ()
    assert "snores" not in found.text
    assert {line.thread.thread_id for line in inside.lines if line.thread} == {"cabin"}


async def test_a_resume_that_waited_resumes_nothing_that_was_resumed_meanwhile(talk: Talk) -> None:
    wanted = (await talk.conversations(thread=DECK))[0].head.conversation_id
    resuming = [in_the_lobby(talk, f"resume {wanted}") for _ in range(2)]
    results = await asyncio.gather(*resuming, return_exceptions=True)
    first, second = await talk.conversations(thread=DECK)

    assert {type(result) for result in results} == {CommandReply, RefusedInputError}
    assert first.head.is_active
    assert not second.head.is_active


async def test_a_number_names_what_was_listed_when_it_was_given(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, listing = asyncio.Event(), talk.echo.catalog.listing

    async def watched(
        *, scope: Scope | None = None, thread: ThreadKey | None = None, limit: int = 50, offset: int = 0
    ) -> list[ConversationListing]:
        found = await listing(scope=scope, thread=thread, limit=limit, offset=offset)
        looked.set()
        return found

    monkeypatch.setattr(talk.echo.catalog, "listing", watched)
    async with talk.echo.manager.turn(DECK):
        resuming = asyncio.create_task(in_the_lobby(talk, "resume 3"))
        await looked.wait()
        talk.clock.advance(minutes=1)
        await talk.command("new stew", thread=GALLEY)  # what was 2 and ended is 3 from now on
    reply = await resuming

    assert reply.text.endswith("2 messages.")
    assert (await talk.conversation(thread=DECK)).messages[0].message_content == "My boat is called Aurora"
    assert len(await talk.conversations(thread=GALLEY)) == 2


async def test_options_are_checked_wherever_they_come_from(talk: Talk) -> None:
    for name, options in [("export", {"format": "pdf"}), ("search", {}), ("stop", {"words": "now"})]:
        with pytest.raises(RefusedInputError):
            await talk.echo.commands.run(CommandInvocation(name, GALLEY, ADA, options))


async def test_the_same_invocation_acts_once(talk: Talk) -> None:
    twice = CommandInvocation("new", DECK, ADA, {"topic": "rigging"}, invocation_id="555")
    first = await talk.echo.commands.run(twice)
    again = await talk.echo.commands.run(twice)

    assert "rigging" in first.text
    assert again == CommandReply("")
    assert len(await talk.conversations(thread=DECK)) == 3


async def test_conversations_are_suggested_where_the_asker_is(talk: Talk) -> None:
    commands = talk.echo.commands
    lobby = CommandInvocation("archive", LOBBY, ADA, is_in_thread=False)
    everywhere = await commands.suggestions("archive", "which", "", lobby)
    here = await commands.suggestions("archive", "which", "", CommandInvocation("archive", GALLEY, ADA))
    of_another = await commands.suggestions("archive", "which", "", replace(lobby, person=BO))
    reply = await commands.run(replace(lobby, options={"which": everywhere[1].value}))

    assert [each.label[:2] for each in everywhere] == ["1.", "2.", "3."]
    assert len(here) == 1
    assert of_another == []
    assert reply.thread is not None
    assert reply.thread.key == GALLEY.key
