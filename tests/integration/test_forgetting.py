"""What one person said is found nowhere once they were forgotten, and nothing of others is lost."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from source.adapters.storage.memory_table import MemoryTable
from source.app.composition import rebuild
from source.app.exports import write_export
from source.domain.errors import RefusedInputError
from source.domain.memory import MemorySource
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import Feedback
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.openai_script import Fails
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.raw_files import found_in
from tests.fakes.running_echo import Talk, database_rows, forget_database, running_echo

ADA = PersonRef("ada-7731", "Adalbertine")
BOB = PersonRef("bob-1188", "Bobrowski")
DIRECT = ThreadRef(Platform.TERMINAL, "direct-ada")
PRIVATE = ThreadRef(Platform.DISCORD, "private-ada")
ADAS = ThreadRef(Platform.DISCORD, "hall-0", "guild-1", "The guild")
HALL = ThreadRef(Platform.DISCORD, "hall-1", "guild-1", "The guild")
OTHER = ThreadRef(Platform.DISCORD, "hall-2", "guild-2", "Another guild")
CIRCLE = ThreadRef(Platform.DISCORD, "closed-1", "guild-1", "The guild", circle="circle-1")
BOBS = ThreadRef(Platform.DISCORD, "hall-3", "guild-1", "The guild")

DISCORD_WORDS = ("zzhall7", "zzother7", "zzcircle7", "zzended7", "zzarchived7", "zzrow7")
ADAS_WORDS = (*DISCORD_WORDS, "zzdirect7", DIRECT.thread_id, PRIVATE.thread_id, ADA.external_id, ADA.display_name)
BOBS_WORDS = ("yyhall8", "yyother8", "yyended8", "yyarchived8", "yyalone8")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path / "data") as url:
        yield url


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def _talked(talk: Talk) -> None:
    """Ada and Bob talk in every kind of place; one conversation ends and is carried on, one is archived."""
    await talk.say("My code is zzdirect7 in private", thread=DIRECT, person=ADA)
    await talk.say("Hello from here: zzrow7", thread=PRIVATE, person=ADA)
    code = (await talk.command("link", thread=DIRECT, person=ADA)).split("/link ")[1].split()[0].strip(".,")
    await talk.command(f"link {code}", thread=PRIVATE, person=ADA)
    await talk.say("Only I am here: zzrow7", thread=ADAS, person=ADA)
    for thread, hers, his in (
        (HALL, "zzhall7", "yyhall8"),
        (OTHER, "zzother7", "yyother8"),
        (CIRCLE, "zzcircle7", "yyended8"),
    ):
        await talk.say(f"I keep {hers} under the mat", thread=thread, person=ADA)
        await talk.say(f"I like {his} more", thread=thread, person=BOB)
    await talk.say("Let us end with zzended7 today", thread=HALL, person=ADA)
    await talk.command("new", thread=HALL, person=BOB)
    await talk.say("What did we say about the mat?", thread=HALL, person=BOB)
    await talk.say("Put away zzarchived7 please", thread=OTHER, person=ADA)
    await talk.say("And yyarchived8 too", thread=OTHER, person=BOB)
    await talk.command("archive", thread=OTHER, person=BOB)
    await talk.say("I have yyalone8 for myself", thread=BOBS, person=BOB)


async def _noted(talk: Talk) -> None:
    """What is kept beside messages: memories, feedback, profile, exports."""
    store = talk.echo.store
    [hall] = [each for each in await talk.conversations(thread=HALL) if not each.head.is_active]
    first = hall.messages[0].message_id
    item = {"text": "keeps zzhall7 under the mat", "message_ids": [first]}
    await MemoryTable(store).put_memory(
        hall.head.conversation_id, {"facts": [item]}, covers_to=hall.messages[-1].message_id, source=MemorySource.MODEL
    )
    await talk.command("profile set company zzrow7", thread=DIRECT, person=ADA)
    key = talk.channel.replies[0].answering[0]
    await store.put_feedback(Feedback(key, ADA, 1, talk.clock.now()))
    exported = await talk.reply_to("export", thread=HALL, person=BOB)
    assert exported.file is not None
    write_export(talk.settings.conversations_dir / "exports", exported.file)
    mine = await talk.reply_to("my-data", thread=DIRECT, person=ADA)
    assert mine.file is not None
    write_export(talk.settings.conversations_dir / "exports", mine.file)
    await talk.echo.manager.write_transcripts()


def _settings(database: str) -> dict[str, object]:
    return {"database_url": database, "model_tools": True}


async def test_what_a_forgotten_person_said_stands_in_no_file_and_no_table(
    tmp_path: Path, database: str, server: FakeOpenAIServer
) -> None:
    folder = tmp_path / "data"
    async with running_echo(folder, server, FakeClock(), **_settings(database)) as talk:
        await _talked(talk)
        await _noted(talk)
        before = found_in(folder, [*ADAS_WORDS, *BOBS_WORDS], url=database)
        told = await talk.command("forget-me confirm", thread=ADAS, person=ADA)
        while_running = found_in(folder, ADAS_WORDS, url=database)
    after = found_in(folder, ADAS_WORDS, url=database)
    left = found_in(folder, BOBS_WORDS, url=database)

    assert set(before) == {*ADAS_WORDS, *BOBS_WORDS}
    assert "forgotten on" in told
    assert while_running == {}
    assert after == {}
    assert set(left) == set(BOBS_WORDS)


async def test_others_lose_nothing_but_what_echo_told_of_the_forgotten(
    tmp_path: Path, database: str, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path / "data", server, FakeClock(), **_settings(database)) as talk:
        await _talked(talk)
        before = [
            each.message_content
            for thread in (HALL, OTHER, CIRCLE, BOBS)
            for conversation in await talk.conversations(thread=thread)
            for each in conversation.messages
            if each.requester == BOB.external_id
        ]
        await talk.command("forget-me confirm", thread=ADAS, person=ADA)
        stored = [each for thread in (HALL, OTHER, CIRCLE, BOBS) for each in await talk.conversations(thread=thread)]
        seen = await talk.command("search mat", thread=HALL, person=BOB)
        said = await talk.say("I go on with yyhall8", thread=HALL, person=BOB)

    kept = [each for conversation in stored for each in conversation.messages if each.is_kept]
    assert [each.message_content for each in kept if each.is_from_person] == before
    assert {name for conversation in stored for name in conversation.people} == {BOB.external_id}
    assert "zzhall7" not in seen
    assert said.delivered == f"You said: {BOB.display_name}: I go on with yyhall8"


async def test_what_comes_afterwards_is_a_new_beginning_and_what_came_before_is_no_news(
    tmp_path: Path, database: str, server: FakeOpenAIServer
) -> None:
    folder = tmp_path / "data"
    async with running_echo(folder, server, FakeClock(), **_settings(database)) as talk:
        await talk.say("Old zzrow7", thread=ADAS, person=ADA, event_id="discord-1")
        await talk.command("forget-me confirm", thread=ADAS, person=ADA)
        repeats = len(talk.channel.replies)
        await talk.echo.turns.handle(
            talk.inbound("Old zzrow7", thread=ADAS, person=ADA, event_id="discord-1"), talk.channel
        )
        assert len(talk.channel.replies) == repeats
        reply = await talk.say("New beginning", thread=ADAS, person=ADA)
        assert reply.delivered == f"You said: {ADA.display_name}: New beginning"
        [conversation] = await talk.conversations(thread=ADAS)
        preview = await talk.command("forget-me", thread=ADAS, person=ADA)
        await talk.echo.manager.write_transcripts()
    found = found_in(folder, ["zzrow7"], url=database)

    assert found == {}
    assert conversation.people == {ADA.external_id: ADA.display_name}
    assert preview.startswith(
        "I would remove what you said everywhere, on all your linked accounts, for good: 1 message"
    )


async def test_here_is_this_place_alone(tmp_path: Path, database: str, server: FakeOpenAIServer) -> None:
    folder = tmp_path / "data"
    async with running_echo(folder, server, FakeClock(), **_settings(database)) as talk:
        await _talked(talk)
        told = await talk.command("forget-me here confirm", thread=OTHER, person=ADA)
        after = found_in(folder, ADAS_WORDS, url=database)
    assert "4 messages" not in told
    assert "forgotten on" in told
    assert set(after) == {*ADAS_WORDS} - {"zzother7", "zzarchived7"}


async def test_the_wish_is_confirmed_and_its_receipt_tells_how_far_it_is(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        assert await talk.command("forget-me") == "I know nothing of you."
        await talk.say("Hello")
        asked = await talk.command("forget-me")
        assert asked.endswith("write /forget-me confirm. /forget-me here is for this place alone.")
        assert len(await talk.conversations()) == 1
        told = await talk.command("forget-me confirm")
        number = told.split()[1].rstrip(":")
        assert await talk.command(f"forget-me status {number}") == told
        assert await talk.conversations() == []
        [entry] = await talk.echo.privacy.audit.entries()
        [receipt] = database_rows(tmp_path, "SELECT subject, state, requested_by FROM receipts")
    assert (entry.action, entry.asked_by, entry.counts["messages"]) == ("forget", "person", 1)
    assert receipt == (None, "done", "person")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("forget-me yes", "/forget-me does not know 'yes': write /forget-me confirm."),
        ("forget-me confirm bogus", "/forget-me does not know 'bogus': write /forget-me confirm."),
        ("forget-me here bogus", "/forget-me does not know 'bogus': write /forget-me here confirm."),
        ("forget-me status bogus", "Which receipt? Write /forget-me status and the number that I gave you."),
    ],
)
async def test_a_wrong_word_forgets_nobody_and_is_named(
    tmp_path: Path, server: FakeOpenAIServer, line: str, told: str
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        with pytest.raises(RefusedInputError, match=re.escape(told)):
            await talk.command(line)
        assert len(await talk.conversations()) == 1


async def test_the_words_of_a_wish_come_in_any_order(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        assert "forgotten on" in await talk.command("forget-me confirm here")
        assert await talk.conversations() == []


async def test_what_waits_for_its_answer_is_taken_back(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        await talk.say("Hello")
        server.queue(Fails(500))
        await talk.say("Waiting zzrow7")
        assert len(await talk.echo.store.unanswered()) == 1
        await talk.command("forget-me confirm")
        assert await talk.echo.store.unanswered() == []
    assert found_in(tmp_path, ["zzrow7"]) == {}


async def test_a_forgotten_database_that_is_lost_is_rebuilt_without_the_person(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await _talked(talk)
        await talk.command("forget-me confirm", thread=ADAS, person=ADA)
        settings = talk.settings
    forget_database(tmp_path)
    await rebuild(settings, "transcripts", lambda _done, _total: None)
    assert found_in(tmp_path, [*DISCORD_WORDS, ADA.display_name]) == {}
    assert set(found_in(tmp_path, BOBS_WORDS)) == set(BOBS_WORDS)


async def test_words_that_were_taken_back_leave_the_summaries_too(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I keep zzended7 under the mat", event_id="terminal-1")
        await talk.say("And I like lighthouses")
        await talk.command("new")
        await talk.say("Let us go on")
        before = [(each.head.summary, each.head.carried_summary) for each in await talk.conversations()]
        await talk.echo.corrections.deleted(Platform.TERMINAL, ["terminal-1"])
        after = [(each.head.summary, each.head.carried_summary) for each in await talk.conversations()]
    assert "zzended7" in before[0][0]
    assert "zzended7" in before[1][1]
    assert "zzended7" not in f"{after}"
    assert "lighthouses" in after[1][1]
