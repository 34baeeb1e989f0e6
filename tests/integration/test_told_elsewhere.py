"""What is edited, deleted or too old is not told on in other conversations either, which keep everything else."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.memory_table import MemoryTable
from source.domain.conversation_head import StoredConversation
from source.domain.memory import MemorySource
from source.domain.message import MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.raw_files import found_in
from tests.fakes.running_echo import Talk, eventually, prompt_of, running_echo

BOB = PersonRef("bob", "Bob")
HOME = ThreadRef(Platform.TERMINAL, "home")
WORK = ThreadRef(Platform.TERMINAL, "work")
HALL = ThreadRef(Platform.DISCORD, "hall", "guild-1", "The guild")
GARDEN = ThreadRef(Platform.DISCORD, "garden", "guild-1", "The guild")
SAID = "The spare key zzkey7 is under the mat"
ASKED = "What did we say about the spare key under the mat?"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path / "data") as url:
        yield url


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def _known(talk: Talk, thread: ThreadRef) -> None:
    """Have facts noted of what was said, in words of their own."""
    conversation = await talk.conversation(thread=thread)
    [key, plants] = [each.message_id for each in conversation.messages if each.is_from_person]
    facts = [
        {"text": "The way in at Ada's house is zzkey7", "message_ids": [key]},
        {"text": "Ada grows key limes", "message_ids": [plants]},
    ]
    table = MemoryTable(talk.echo.store)
    await table.put_memory(conversation.head.conversation_id, {"facts": facts}, source=MemorySource.MODEL)


async def _gone(talk: Talk, how: str, platform: Platform) -> None:
    match how:
        case "deleted":
            await talk.echo.corrections.deleted(platform, ["key"])
        case "edited":
            await talk.echo.corrections.edited(platform, "key", "The spare key is gone", talk.clock.now())
        case _:
            retention = talk.echo.privacy.retention
            await retention.apply(await retention.due(), dry_run=False)
            await retention.erase()
    await talk.echo.manager.write_transcripts()


def _tools(conversation: StoredConversation) -> list[str]:
    return [m.message_content for m in conversation.messages if m.message_type is MessageType.TOOL_CALL_RESPONSE]


def _transcripts(found: Mapping[str, list[str]]) -> list[str]:
    """Return the files for people among those found: what is overwritten in the database is in its log for a while."""
    return [name for names in found.values() for name in names if name.endswith(".json")]


@pytest.mark.parametrize("how", ["deleted", "edited", "too old"])
async def test_what_another_conversation_began_with_loses_it_and_nothing_else(
    tmp_path: Path, database: str, server: FakeOpenAIServer, how: str
) -> None:
    settings = {"database_url": database, "conversation_timeout_hours": 10_000}
    async with running_echo(tmp_path / "data", server, FakeClock(), **settings) as talk:
        server.queue(Says(["I see."]), Says(["Nice."]))
        await talk.say(SAID, thread=HOME, event_id="key")
        talk.clock.advance(hours=24 * 30)
        await talk.say("I grow key limes", thread=HOME)
        await _known(talk, HOME)
        talk.clock.advance(hours=24 * 50)
        await talk.say("Where do I put the spare key for the limes today", thread=WORK)
        before = (await talk.conversation(thread=WORK)).head.carried_summary
        talk.clock.advance(hours=24 * 15)
        await _gone(talk, how, Platform.TERMINAL)
        after = (await talk.conversation(thread=WORK)).head.carried_summary
        await talk.say("And tomorrow", thread=WORK)
        prompt = str(prompt_of(server.requests[-1]))
    assert "zzkey7" in before
    assert "zzkey7" not in prompt
    assert "key limes" in after
    assert set(after.splitlines()) < set(before.splitlines())
    left = found_in(tmp_path / "data", ["zzkey7"], url=database)
    assert not _transcripts(left)
    if how == "too old":
        assert left == {}


@pytest.mark.parametrize("how", ["deleted", "edited", "too old"])
async def test_what_a_search_found_elsewhere_and_what_was_said_of_it_go(
    tmp_path: Path, server: FakeOpenAIServer, how: str
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), conversation_timeout_hours=10_000) as talk:
        server.queue(Says(["I see."]), Says(["Hello."]), Says(["Good day."]))
        await talk.say(SAID, thread=HALL, event_id="key")
        await talk.say("And I am here", thread=HALL, person=BOB)
        talk.clock.advance(hours=24 * 80)
        await talk.say("Good day", thread=GARDEN, person=BOB)
        server.queue(Says(["The key zzkey7, under the mat."]))
        await talk.say(ASKED, thread=GARDEN, person=BOB)
        found = _tools(await talk.conversation(thread=GARDEN))
        talk.clock.advance(hours=24 * 15)
        await _gone(talk, how, Platform.DISCORD)
        await talk.say("And tomorrow", thread=GARDEN, person=BOB)
        left = await talk.conversation(thread=GARDEN)
        prompt = str(prompt_of(server.requests[-1]))
    assert any("zzkey7" in each for each in found)
    assert "zzkey7" not in prompt + str(left)
    said = [each.message_content for each in left.messages if each.is_from_person or "Good" in each.message_content]
    assert said == ["Good day", "Good day.", ASKED, "And tomorrow"]


async def test_what_is_being_told_while_it_is_deleted_goes_once_that_is_over(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk, asyncio.TaskGroup() as tasks:
        server.queue(Says(["I see."]), Says(["Hello."]))
        await talk.say(SAID, thread=HALL, event_id="key")
        await talk.say("And I am here", thread=HALL, person=BOB)
        gate = asyncio.Event()
        server.queue(Says(["The key zzkey7, under the mat."], gate=gate))
        tasks.create_task(talk.say(ASKED, thread=GARDEN, person=BOB))
        await server.requested(3)
        deleting = tasks.create_task(talk.echo.corrections.deleted(Platform.DISCORD, ["key"]))
        chairs = talk.echo.manager._seats._chairs
        await eventually(lambda: deleting.done() or chairs[GARDEN.key].users > 1)
        gate.set()
        await deleting
        left = await talk.conversation(thread=GARDEN)
    assert "zzkey7" not in str(left)
    assert ASKED in [each.message_content for each in left.messages]
    assert not _transcripts(found_in(tmp_path, ["zzkey7"]))


async def test_what_people_said_themselves_elsewhere_stays(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["I see."]))
        await talk.say(SAID, thread=HOME, event_id="key")
        talk.clock.advance(seconds=timedelta(hours=1).total_seconds())
        await talk.say("So zzkey7 is under the mat", thread=WORK)
        await _gone(talk, "deleted", Platform.TERMINAL)
        left = await talk.conversation(thread=WORK)
    said = [each.message_content for each in left.messages]
    assert said == ["So zzkey7 is under the mat", "You said: So zzkey7 is under the mat"]
