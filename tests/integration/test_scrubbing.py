"""Personal data in what a whole Echo keeps, as the switch says."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.record_table import RecordTable
from source.adapters.web.chat_exchange import Answered
from source.adapters.web.problems import Problem
from source.app.operations import Operations
from source.app.web_channel import web_chat_of
from source.domain.conversation_head import StoredConversation
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef
from source.services.records import RecordParts, RecordService
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Says, ScriptedCall
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.personal_data_files import CARD, IBAN, INTRODUCTION, KINDS, MAIL, PHONE, files_that_hold, holds
from tests.fakes.running_echo import (
    ADA,
    MAIN,
    Talk,
    database_rows,
    running_echo,
    transcripts_in,
)


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def said_by(talk: Talk) -> list[Message]:
    return list((await talk.conversation()).messages)


async def test_nothing_that_is_removed_is_in_any_file(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_stored=True) as talk:
        server.queue(Says([f"You are {MAIL}."], thinking=[f"So {PHONE}"]))
        reply = await talk.say(INTRODUCTION, event_id="first")
        search = ScriptedCall("search_messages", [json.dumps({"words": f"{MAIL} {CARD}"})])
        server.queue(Says([f"Looking for {IBAN}."], calls=[search]), Says(["Nothing."]))
        await talk.say("And again?")
        await talk.command(f"new about {MAIL}")
        titles = [each.head.title for each in await talk.conversations()]
        await talk.say(f"I wrote {MAIL} wrongly", event_id="edited")
        await talk.echo.corrections.edited(MAIN.platform, "edited", f"Rather {PHONE}", talk.clock.now())
        await talk.echo.manager.write_transcripts()
        said = [message for each in await talk.conversations() for message in each.messages]
        assert files_that_hold(tmp_path) == {}
    assert files_that_hold_after_the_end(tmp_path) == {}
    # What nobody keeps is not sent either, but for what the model itself has just said.
    assert holds(json.dumps(server.requests[0])) == holds(json.dumps(server.requests[-1])) == []
    assert reply.delivered == "You are [email removed]."
    assert said[0].pii == KINDS
    assert said[0].message_content.startswith("I am [email removed], [phone removed], card [card removed], bank [iban")
    assert {message.pii for message in said} >= {("phone",), ("email", "card", "iban"), ("email",), ()}
    assert "about [email removed]" in titles
    assert any(message.message_content == "Rather [phone removed]" for message in said)


def files_that_hold_after_the_end(folder: Path) -> dict[str, list[str]]:
    return {path.name: found for path in folder.rglob("*") if path.is_file() and (found := holds(path.read_bytes()))}


async def test_an_accepted_message_that_waits_for_its_answer_is_removed_as_well(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_stored=True) as talk:
        accepted = await talk.echo.turns._keeping.inbound(talk.inbound(INTRODUCTION))
        await talk.echo.store.accept(accepted)
        rows = database_rows(tmp_path, "SELECT text FROM events")
        assert holds(json.dumps(rows)) == []
        await talk.echo.turns.recover(talk.channel)
        asked = (await said_by(talk))[0]
    assert asked.pii == KINDS


async def test_every_message_tells_its_kinds_whatever_the_switches(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say(INTRODUCTION, event_id="first")
        server.queue(Says(["Good."]))
        await talk.say("Nothing of anybody.")
        first, *others = await said_by(talk)
        await talk.echo.manager.write_transcripts()
        (transcript,) = transcripts_in(tmp_path).values()
        await talk.echo.corrections.edited(MAIN.platform, "first", f"Only {PHONE}", talk.clock.now() + timedelta(1))
        edited = (await said_by(talk))[0]
        await talk.echo.corrections.deleted(MAIN.platform, ["first"])
        deleted = (await said_by(talk))[0]
    assert first.message_content == INTRODUCTION
    assert first.pii == KINDS
    assert [each.pii for each in others] == [
        KINDS if MAIL in f"{each.message_content}{each.tools}" else () for each in others
    ]
    assert {message.pii for message in others} == {KINDS, ()}
    kinds = [entry["meta"].get("pii", []) for entry in transcript["history"]]
    assert kinds == [list(message.pii) for message in (first, *others)]
    assert (edited.message_content, edited.pii) == (f"Only {PHONE}", ("phone",))
    assert deleted.pii == ()


async def test_what_the_operator_publishes_may_be_said(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    personas = tmp_path / "personas"
    personas.mkdir()
    (personas / "shop.md").write_text("You are the shop. Complaints go to help@shop.example.", encoding="utf-8")
    monkeypatch.setattr("source.app.settings.Settings.persona_file", personas / "shop.md")
    async with running_echo(tmp_path / "data", server, FakeClock(), pii_scrub_stored=True) as talk:
        server.queue(Says([f"Write to help@shop.example, {MAIL}."]))
        reply = await talk.say("Where do I complain?")
    assert reply.delivered == "Write to help@shop.example, [email removed]."


async def test_what_programs_write_is_treated_alike(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_stored=True) as talk:
        echo = talk.echo
        parts = RecordParts(
            RecordTable(echo.store), echo.store, echo.manager, echo.deletion, echo.clock, echo.scrubbing
        )
        records = RecordService(parts)
        session = {"user_id": ADA.external_id, "title": f"For {MAIL}", "context": {PHONE: [CARD]}}
        (made,) = await records.create("sessions", [session])
        message = {"session_id": str(made.key), "role": "user", "content": INTRODUCTION}
        (written,) = await records.create("messages", [message])
        assert made.key is not None
        assert written.key is not None
        await records.change("messages", [written.key], {"content": f"Or {MAIL}", "tags": [PHONE]})
        await echo.manager.write_transcripts()
        stored = await echo.store.load(made.key)
        found = await records.read("messages", written.key)
        assert files_that_hold(tmp_path) == {}
    assert isinstance(stored, StoredConversation)
    assert [(each.message_content, each.pii) for each in stored.messages] == [("Or [email removed]", ("email",))]
    assert found is not None
    assert (found["content"], found["tags"], found["pii"]) == ("Or [email removed]", ["[phone removed]"], ["email"])


async def test_the_same_message_handed_in_once_more_is_known_again(tmp_path: Path, server: FakeOpenAIServer) -> None:
    session = ThreadRef(Platform.WEB, "s1")
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_stored=True) as talk:
        chat = web_chat_of(talk.echo)
        inbound = talk.inbound(INTRODUCTION, thread=session, event_id="s1/1")
        answers = [[event async for event in (await chat.ask(inbound)).events()][-1] for _ in range(2)]
        with pytest.raises(Problem):
            await chat.ask(replace(inbound, text="Something else"))
    assert answers[0] == answers[1]
    assert isinstance(answers[0], Answered)


async def test_an_edit_of_what_waits_for_its_answer_is_removed_as_well(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_stored=True) as talk:
        await talk.echo.store.accept(talk.inbound("Hello", event_id="waits"))
        await talk.echo.corrections.edited(MAIN.platform, "waits", INTRODUCTION, talk.clock.now())
        rows = database_rows(tmp_path, "SELECT text FROM events")
    assert holds(json.dumps(rows)) == []
    assert "[email removed]" in json.dumps(rows)


async def test_what_was_kept_before_is_not_carried_into_what_is_kept_without(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, summarize_old_conversations=False) as talk:
        await talk.say(f"My address is {MAIL}, I live in Bonn.")
    clock.advance(hours=49)
    async with running_echo(tmp_path, server, clock, pii_scrub_stored=True, summarize_old_conversations=False) as talk:
        await talk.say("Hello again")
        carried = (await talk.conversation()).head.carried_summary
    assert "[email removed]" in carried
    assert MAIL not in carried


async def test_messages_that_a_program_adds_in_process_are_treated_alike(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_stored=True) as talk:
        manager = talk.echo.manager
        conversation = manager.create_conversation("t1", None, None, "ada")
        manager.add_message_to_conversation(
            "t1", Message(talk.clock.now(), MessageType.CHAT, INTRODUCTION, None, "ada")
        )
        assert await conversation.save_conversation()
        assert files_that_hold(tmp_path) == {}
    assert conversation.history[0].pii == KINDS


async def test_a_memory_that_was_made_elsewhere_is_treated_alike(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_stored=True) as talk:
        await talk.say(f"My address is {MAIL}, I live in Bonn.")
        conversation = await talk.conversation()
        intake = Operations(talk.echo).memories.intake
        told = conversation.messages[0]
        fact = {"text": f"Lives in Bonn, address {MAIL}", "message_ids": [told.message_id]}
        data = {"summary": f"Ada lives in Bonn, {MAIL}.", "facts": [fact]}
        kept = await intake.put(conversation.head.conversation_id, data)
        await talk.echo.manager.write_transcripts()
        assert files_that_hold(tmp_path) == {}
    assert kept is not None
