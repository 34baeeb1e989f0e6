"""Personal data on the wire to the model and in the files of a whole Echo, as the switches say."""

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from source.adapters.storage.record_table import RecordTable
from source.adapters.web.chat import Answered
from source.adapters.web.problems import Problem
from source.app.web_channel import _chat
from source.domain.conversation_head import StoredConversation
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import Purpose
from source.ports.llm import JsonSchema
from source.services.records import RecordParts, RecordService
from source.services.structured_model import StoreLedger, StructuredLanguageModel
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Says, ScriptedCall
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, MAIN, Talk, database_rows, prompt_of, running_echo, transcripts_in

MAIL, PHONE, CARD = "ada.lovelace@example.org", "+49 170 1234567", "4111 1111 1111 1111"
IBAN, ADDRESS, KEY = "DE89 3704 0044 0532 0130 00", "203.0.113.42", "sk-proj-Abcdefghij1234567890"
ALL = (MAIL, PHONE, CARD, IBAN, ADDRESS, KEY)
INTRODUCTION = f"I am {MAIL}, {PHONE}, card {CARD}, bank {IBAN}, at {ADDRESS}, key {KEY}. Remember that."
KINDS = ("email", "phone", "card", "iban", "ip", "secret")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def sent(server: FakeOpenAIServer) -> str:
    return json.dumps(server.requests, ensure_ascii=False) + json.dumps(server.requests)


def holds(text: str | bytes, pieces: Iterable[str] = ALL) -> list[str]:
    """Return which of the pieces are in there, as they are or without what parts their digits."""
    raw = text if isinstance(text, bytes) else text.encode()
    return [piece for piece in pieces if piece.encode() in raw or piece.replace(" ", "").encode() in raw]


def files_that_hold(folder: Path, pieces: Iterable[str] = ALL) -> dict[str, list[str]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"echo.db", "echo.db-wal"} <= {path.name for path in files}
    assert any(path.suffix == ".json" for path in files)
    return {path.name: found for path in files if (found := holds(path.read_bytes(), pieces))}


async def said_by(talk: Talk) -> list[Message]:
    return list((await talk.conversation()).messages)


async def test_no_request_to_the_model_holds_personal_data(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_model=True) as talk:
        await talk.say(INTRODUCTION)
        search = ScriptedCall("search_messages", ['{"words": "[ema', 'il 1]"}'])
        server.queue(Says(["Looking."], thinking=["For [email 1]?"], calls=[search]), Says(["It is [ema", "il 1]."]))
        reply = await talk.say(f"Who is {MAIL}?")
        server.queue(Says(["Noted [phone 1], not [phone 2]."]))
        await talk.say("And my phone?")
        await talk.command("new")
        await talk.say(f"I am back, {MAIL}")
        talk.clock.advance(hours=49)
        await talk.say("Hello again")
        said = [message for each in await talk.conversations() for message in each.messages]
    assert holds(sent(server)) == []
    assert len(server.requests) >= 6
    assert "[email 1]" in sent(server)
    assert reply.delivered == f"Looking.\n\nIt is {MAIL}."
    assert reply.streamed == reply.delivered
    texts = [message.message_content for message in said]
    assert {INTRODUCTION, f"For {MAIL}?", f"It is {MAIL}.", f"Noted {PHONE}, not [phone 2]."} <= set(texts)
    calls = [tool for message in said if message.message_type is MessageType.TOOL_CALL for tool in message.tools or ()]
    assert {"name": "search_messages", "params": {"words": MAIL}, "id": "call_1"} in calls


async def test_prompts_with_placeholders_repeat_the_last_one_also_after_a_restart(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, pii_scrub_model=True) as talk:
        await talk.say(INTRODUCTION)
        await talk.say(f"{PHONE} is new, [email 1] is not, and x@example.org")
        await talk.leave_memory()
        await talk.say("Well?")
    async with running_echo(tmp_path, server, clock, pii_scrub_model=True) as talk:
        await talk.say(f"And {MAIL}?")
    for previous, following in pairwise(map(prompt_of, server.requests)):
        assert following[: len(previous)] == previous
    last = [message["content"] for message in prompt_of(server.requests[-1]) if message["role"] == "user"]
    assert last[1:] == ["[phone 1] is new, [text 1] is not, and [email 2]", "Well?", "And [email 1]?"]


async def test_what_is_asked_of_the_model_beside_replies_holds_none_either(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    schema = JsonSchema("fact", {"type": "object", "properties": {"fact": {"type": "string"}}, "required": ["fact"]})
    async with running_echo(tmp_path, server, FakeClock(), pii_scrub_model=True) as talk:
        await talk.say("Hello")
        echo, conversation = talk.echo, await talk.conversation()
        assert echo.writing_model is not None
        asking = StructuredLanguageModel(echo.writing_model, StoreLedger(echo.store), echo.clock, echo.estimator)
        server.queue(Says(['{"fact": "writes as [email', ' 1]"}']))
        answer = await asking.ask(
            "Extract.", INTRODUCTION, schema, purpose=Purpose.MEMORY, conversation_id=conversation.head.conversation_id
        )
    assert holds(sent(server)) == []
    assert answer == {"fact": f"writes as {MAIL}"}


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
        chat = _chat(talk.echo)
        inbound = talk.inbound(INTRODUCTION, thread=session, event_id="s1/1")
        answers = [[event async for event in (await chat.ask(inbound)).events()][-1] for _ in range(2)]
        with pytest.raises(Problem):
            await chat.ask(replace(inbound, text="Something else"))
    assert answers[0] == answers[1]
    assert isinstance(answers[0], Answered)
