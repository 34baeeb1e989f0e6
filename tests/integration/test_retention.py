"""What has been kept for long enough goes everywhere, what is newer stays, and a dry run changes nothing."""

import itertools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from source.adapters.storage.memory_table import MemoryTable
from source.domain.memory import MemorySource
from source.domain.retention import RetentionRule
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.services.rewriting import Decide, Decision
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.raw_files import found_in
from tests.fakes.running_echo import ADA, MAIN, Talk, running_echo, transcripts_in

BOB = PersonRef("bob", "Bob")
HALL = ThreadRef(Platform.DISCORD, "hall", "guild-1", "The guild")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path / "data") as url:
        yield url


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def _applied(talk: Talk, *, dry_run: bool = False) -> dict[str, dict[str, int]]:
    retention = talk.echo.privacy.retention
    found = await retention.apply(await retention.due(), dry_run=dry_run)
    if not dry_run:
        await retention.erase()
    return {place: {kind: number for kind, number in counts.items() if number} for place, counts in found.items()}


async def _grown_old(talk: Talk) -> None:
    """A conversation that is all old, one that goes on, and one that is archived."""
    await talk.say("Old and alone zzold1", thread=HALL)
    await talk.command("archive", thread=HALL)
    await talk.say("Long ago zzold2")
    [conversation] = await talk.conversations()
    item = {"text": "said zzold2", "message_ids": [conversation.messages[0].message_id]}
    await MemoryTable(talk.echo.store).put_memory(
        conversation.head.conversation_id, {"facts": [item]}, source=MemorySource.MODEL
    )
    talk.clock.advance(hours=24 * 100)


async def test_old_messages_go_with_index_memories_files_and_archives(
    tmp_path: Path, database: str, server: FakeOpenAIServer
) -> None:
    folder, old = tmp_path / "data", ["zzold1", "zzold2"]
    settings = {"database_url": database, "conversation_timeout_hours": 10_000}
    async with running_echo(folder, server, FakeClock(), **settings) as talk:
        await _grown_old(talk)
        await talk.say("Today yynew1")
        await talk.echo.manager.write_transcripts()
        before = found_in(folder, [*old, "yynew1"], url=database)
        dry = await _applied(talk, dry_run=True)
        unchanged = found_in(folder, [*old, "yynew1"], url=database)
        done = await _applied(talk)
        [left] = await talk.conversations()
        again = await _applied(talk)
        reply = await talk.say("And on", thread=MAIN)
    after = found_in(folder, [*old, "yynew1"], url=database)
    [transcript] = transcripts_in(folder).values()

    assert set(before) == set(unchanged) == {*old, "yynew1"}
    assert (
        dry
        == done
        == {
            "discord guild-1": {"messages": 2, "conversations": 1},
            "terminal direct": {"messages": 2, "shortened": 1},
        }
    )
    assert again == {}
    assert set(after) == {"yynew1"}
    assert [each.message_content for each in left.messages] == ["Today yynew1", "You said: Today yynew1"]
    assert reply.delivered == "You said: And on"
    assert next(entry["message_content"] for entry in transcript["history"]) == "Today yynew1"


async def test_rules_for_people_and_places_decide_before_what_is_usual(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    settings = {"conversation_timeout_hours": 10_000}
    async with running_echo(tmp_path, server, FakeClock(), **settings) as talk:
        await talk.say("Ada in the hall", thread=HALL, person=ADA)
        await talk.say("Bob in the hall", thread=HALL, person=BOB)
        await talk.say("Ada alone")
        bob = await talk.echo.privacy.reading.known_as(Platform.DISCORD, BOB.external_id)
        assert bob is not None
        rules = talk.echo.privacy.rules
        await rules.put_rule(RetentionRule(0, Platform.DISCORD, "guild-1", message_days=10))
        await rules.put_rule(RetentionRule(0, person_id=bob.person_id, message_days=0))
        talk.clock.advance(hours=24 * 20)
        done = await _applied(talk)
        [hall] = await talk.conversations(thread=HALL)
        [alone] = await talk.conversations()
    assert done == {"discord guild-1": {"messages": 2, "shortened": 1}}
    assert [each.message_content for each in hall.messages if each.is_from_person] == ["Bob in the hall"]
    assert len(alone.messages) == 2


async def test_what_a_later_conversation_began_with_goes_with_what_it_tells_of(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Long ago zzold3")
        talk.clock.advance(hours=24 * 60)
        await talk.say("Later")
        talk.clock.advance(hours=24 * 60)
        [_, later] = await talk.conversations()
        assert "zzold3" in later.head.carried_summary
        await _applied(talk)
        [left] = await talk.conversations()
    assert left.head.carried_summary == ""
    assert found_in(tmp_path, ["zzold3"]) == {}


class _Killed(BaseException):
    """The program ends here."""


@pytest.mark.parametrize("killed_before", [1, 2, 3, 4, 5])
async def test_who_is_killed_between_two_conversations_leaves_nothing_behind(
    tmp_path: Path, server: FakeOpenAIServer, killed_before: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, settings = FakeClock(), {"conversation_timeout_hours": 10_000}
    async with running_echo(tmp_path, server, clock, **settings) as talk:
        await talk.say("My code is zzold4 and I keep it under the blue mat")
        clock.advance(hours=24 * 60)
        await talk.command("new")
        await talk.say("Something else today")
        await talk.command("new")
        await talk.say("And something newer")
        clock.advance(hours=24 * 40)
        change, times = talk.echo.rewriting.change, itertools.count(1)

        async def until_killed(conversation_id: int, decide: Decide) -> Decision:
            if next(times) == killed_before:
                raise _Killed
            return await change(conversation_id, decide)

        monkeypatch.setattr(talk.echo.rewriting, "change", until_killed)
        with pytest.raises(_Killed):
            await _applied(talk)
        monkeypatch.undo()
    async with running_echo(tmp_path, server, clock, **settings) as talk:
        await _applied(talk)
        left = await talk.conversations()
        await talk.echo.manager.write_transcripts()
    assert [each.messages[0].message_content for each in left] == ["Something else today", "And something newer"]
    assert found_in(tmp_path, ["zzold4"]) == {}


async def test_what_begins_from_a_conversation_while_others_are_changed_does_not_keep_what_is_due(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), conversation_timeout_hours=10_000) as talk:
        await talk.say("My code is zzold5 and I keep it under the blue mat")
        talk.clock.advance(hours=24 * 100)
        change, times = talk.echo.rewriting.change, itertools.count(1)

        async def after_a_new_beginning(conversation_id: int, decide: Decide) -> Decision:
            if next(times) == 1:
                await talk.command("new")
                assert "zzold5" in (await talk.conversation()).head.carried_summary
            return await change(conversation_id, decide)

        monkeypatch.setattr(talk.echo.rewriting, "change", after_a_new_beginning)
        await _applied(talk)
        [left] = await talk.conversations()
        await talk.echo.manager.write_transcripts()
    assert left.head.carried_summary == ""
    assert found_in(tmp_path, ["zzold5"]) == {}


async def test_everything_of_a_person_is_handed_over_without_what_others_said(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Mine zzmine1", thread=HALL, person=ADA)
        await talk.say("Not hers yyhis1", thread=HALL, person=BOB)
        file = (await talk.reply_to("my-data", thread=HALL, person=ADA)).file
        [entry] = await talk.echo.privacy.audit.entries()
    assert file is not None
    gathered = json.loads(file.content)
    [conversation] = gathered["conversations"]
    said = [(each["from"], each["text"]) for each in conversation["messages"]]
    assert said == [("me", "Mine zzmine1"), ("Echo", f"You said: {ADA.display_name}: Mine zzmine1")]
    assert b"yyhis1" not in file.content
    assert gathered["names"] == [{"platform": "discord", "id": "ada", "name": "Ada"}]
    assert len(gathered["usage"]) == 1
    assert (entry.action, entry.asked_by) == ("my_data", "person")
