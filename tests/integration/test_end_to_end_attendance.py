"""People beside Echo, on a whole one: commands, what is forgotten, what the model is for."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.storage.people_table import PeopleTable
from source.app.whatsapp_channel import business_said
from source.domain.attendance import Mode
from source.domain.errors import RefusedInputError
from source.domain.message import OF_BUSINESS
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.wishes import Wish
from source.ports.people import PeopleQuery
from source.services.business_said import Said
from source.services.business_sending import SendState
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import Talk, database_rows, prompt_of, running_echo, transcripts_in

CHAT = ThreadRef(Platform.WHATSAPP, "77")
ADA = PersonRef("77", "Ada")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def _written(talk: Talk, text: str) -> list[str]:
    """Write something; return what was answered."""
    before = len(talk.channel.delivered)
    await talk.echo.turns.handle(talk.inbound(text, thread=CHAT, person=ADA), talk.channel)
    return talk.channel.delivered[before:]


async def _owner_says(talk: Talk, text: str, *, event_id: str, ago: timedelta = timedelta(0)) -> None:
    said = Said(event_id, CHAT, ADA, text, talk.clock.now() - ago)
    await business_said(talk.settings, talk.echo).said(said, FakeChannel(Platform.WHATSAPP))
    while await talk.echo.store.unanswered():  # noqa: ASYNC110  (what is waited for happens on disk)
        await asyncio.sleep(0)


async def test_who_asks_for_a_person_is_told_so_and_echo_listens_until_it_is_called_back(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    hours = {"business_hours": "mon-fri 09:00-18:00", "out_of_hours": "notice", "business_timezone": "Europe/Berlin"}
    async with running_echo(tmp_path, server, FakeClock(), **hours) as talk:
        asked = await talk.command("human", thread=CHAT, person=ADA)
        assert asked == "I have asked a person to answer you here; what you write reaches them. /bot brings me back."
        assert await _written(talk, "Is anybody there?") == []
        assert await talk.command("bot", thread=CHAT, person=ADA) == "I am answering again."
        assert "answering already" in await talk.command("bot", thread=CHAT, person=ADA)
        assert await _written(talk, "Hello") == ["You said: Hello"]
        talk.clock.advance(hours=12)
        assert "People are here again on Tuesday at 09:00." in await talk.command("human", thread=CHAT, person=ADA)


async def test_who_did_not_ask_for_the_person_cannot_send_them_away(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await _written(talk, "Hello")
        await talk.echo.taking_over.put(CHAT, Mode.HUMAN, None, asked_by="api:desk")
        with pytest.raises(RefusedInputError, match="once they are done"):
            await talk.command("bot", thread=CHAT, person=ADA)
        await talk.echo.taking_over.put(CHAT, Mode.BOT, None, asked_by="api:desk")
        await talk.command("human", thread=CHAT, person=ADA)
        await _owner_says(talk, "I am here", event_id="echo-1")
        with pytest.raises(RefusedInputError, match="once they are done"):
            await talk.command("bot", thread=CHAT, person=ADA)


async def test_a_person_who_answers_from_the_inbox_goes_on_answering(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.echo.turns.recover(FakeChannel(Platform.WHATSAPP))
        await _written(talk, "Hello")
        await talk.command("human", thread=CHAT, person=ADA)
        talk.clock.advance(hours=11)
        sent = await talk.echo.sending.send(CHAT, "I am looking into it", asked_by="api:desk")
        assert sent.state is SendState.SENT
        talk.clock.advance(hours=11)
        assert await _written(talk, "Any news?") == []
        talk.clock.advance(hours=1)
        assert await _written(talk, "Hello?") == ["You said: Hello?"]


async def test_who_said_stop_is_sent_nothing_unless_a_person_attends_to_them(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.echo.turns.recover(FakeChannel(Platform.WHATSAPP))
        await _written(talk, "Hello")
        await talk.echo.people.wishes.take(CHAT.platform, ADA.external_id, Wish.STOP)
        with pytest.raises(RefusedInputError, match="asked not to be written to"):
            await talk.echo.sending.send(CHAT, "New: roses", asked_by="api:desk")
        talk.clock.advance(minutes=1)
        assert await _written(talk, "I have a question") == ["You said: I have a question"]
        await talk.command("human", thread=CHAT, person=ADA)
        sent = await talk.echo.sending.send(CHAT, "I am here", asked_by="api:desk")
        assert sent.state is SendState.SENT


async def test_no_model_is_asked_while_a_person_answers_also_not_for_a_summary(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await _written(talk, "My boat is called Aurora")
        later = talk.clock.now() + timedelta(days=9)
        await talk.echo.taking_over.put(CHAT, Mode.PAUSED, later, asked_by="api:desk")
        talk.clock.advance(days=3)
        assert await _written(talk, "Are you there?") == []
        _, second = await talk.conversations(thread=CHAT)
        assert "Aurora" in second.head.carried_summary
    assert len(server.requests) == 1


async def test_what_was_decided_holds_in_the_next_process(tmp_path: Path, server: FakeOpenAIServer) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.command("human", thread=CHAT, person=ADA)
    async with running_echo(tmp_path, server, clock) as talk:
        assert await _written(talk, "Hello?") == []
        clock.advance(hours=12)
        assert await _written(talk, "Hello?") == ["You said: Hello?"]


async def test_what_the_owner_writes_is_kept_as_theirs_once_and_pauses_echo(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    settings = {"business_name": "Lucky Shrub", "whatsapp_pause_minutes": 30}
    async with running_echo(tmp_path, server, FakeClock(), **settings) as talk:
        await _owner_says(talk, "Your order is here", event_id="echo-1")
        await _owner_says(talk, "Your order is here", event_id="echo-1")
        assert talk.echo.people.attending.of(CHAT.key).mode is Mode.PAUSED
        assert await _written(talk, "Great, when can I come?") == []
        talk.clock.advance(minutes=30)
        assert await _written(talk, "Hello?") == ["You said: Hello?"]
        stored = await talk.conversation(thread=CHAT)
    assert [(each.requester, each.message_content) for each in stored.messages[:3]] == [
        (OF_BUSINESS, "Your order is here"),
        ("77", "Great, when can I come?"),
        ("77", "Hello?"),
    ]
    assert stored.head.requester == "77"
    assert stored.people[OF_BUSINESS] == "Lucky Shrub"
    (transcript,) = transcripts_in(tmp_path).values()
    assert transcript["history"][0]["meta"]["requester"] == OF_BUSINESS
    shown = [message["content"] for message in prompt_of(server.requests[-1])]
    assert "[A person of our team answered this in your place:] Your order is here" in shown


async def test_what_the_owner_wrote_long_ago_pauses_nothing_and_is_not_answered(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await _owner_says(talk, "Good morning", event_id="echo-1", ago=timedelta(hours=5))
        assert talk.echo.people.attending.of(CHAT.key).is_echo
        assert server.requests == []
        assert len((await talk.conversation(thread=CHAT)).messages) == 1
    assert database_rows(tmp_path, "SELECT * FROM thread_attendance") == []


async def test_what_the_owner_writes_at_too_great_length_pauses_echo_and_is_told_nobody(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), max_message_bytes=100) as talk:
        await _owner_says(talk, "x" * 101, event_id="echo-1")
        assert talk.echo.people.attending.of(CHAT.key).mode is Mode.PAUSED
        assert (await talk.conversation(thread=CHAT)).messages == ()


async def test_the_owner_edits_and_deletes_what_they_wrote(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await _owner_says(talk, "Your oder is here", event_id="echo-1")
        await talk.echo.corrections.edited(CHAT.platform, "echo-1", "Your order is here", talk.clock.now())
        assert (await talk.conversation(thread=CHAT)).messages[0].message_content == "Your order is here"
        await talk.echo.corrections.deleted(CHAT.platform, ["echo-1"])
        assert not (await talk.conversation(thread=CHAT)).messages[0].is_kept


async def test_what_the_owner_wrote_to_somebody_goes_with_them(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await _written(talk, "Hello")
        await _owner_says(talk, "Dear Ada of Elm Street 5", event_id="echo-1")
        await talk.echo.people.wishes.take(CHAT.platform, ADA.external_id, Wish.STOP)
        file = (await talk.reply_to("my-data", thread=CHAT, person=ADA)).file
        assert file is not None
        handed = json.loads(file.content)
        assert [each["from"] for each in handed["conversations"][0]["messages"]] == ["me", "Echo", "the business"]
        assert [each["external_id"] for each in handed["person_wishes"]] == ["77"]
        answer = await talk.command("forget-me confirm", thread=CHAT, person=ADA)
        assert "forgotten" in answer.lower()
        assert await talk.conversations(thread=CHAT) == []
        assert talk.echo.people.attending.listed() == []
    assert "Elm Street" not in json.dumps(transcripts_in(tmp_path))
    for table in ("messages", "events", "thread_attendance", "person_wishes", "told_once", "threads"):
        rows = database_rows(tmp_path, f"SELECT * FROM {table}")
        assert "Elm Street" not in str(rows), table
        assert "'77'" not in str(rows), table


async def test_who_is_forgotten_is_greeted_again(tmp_path: Path, server: FakeOpenAIServer) -> None:
    greeting = {"ai_disclosure": ("whatsapp",), "business_name": "Lucky Shrub"}
    async with running_echo(tmp_path, server, FakeClock(), **greeting) as talk:
        first = ["I am an AI assistant of Lucky Shrub.\n\nYou said: Hello"]
        assert await _written(talk, "Hello") == first
        assert await _written(talk, "Hello") == ["You said: Hello"]
        await talk.command("forget-me confirm", thread=CHAT, person=ADA)
        assert await _written(talk, "Hello") == first


async def test_the_model_is_told_what_the_business_is_for(tmp_path: Path, server: FakeOpenAIServer) -> None:
    purpose = {"business_name": "Lucky Shrub", "business_purpose": "questions about plants."}
    async with running_echo(tmp_path, server, FakeClock(), **purpose) as talk:
        await _written(talk, "Hello")
    head = str(prompt_of(server.requests[0])[0]["content"])
    assert "You answer the customers of Lucky Shrub. You are here for questions about plants;" in head


async def test_the_business_is_one_person_who_has_no_dialogues_to_search(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await _owner_says(talk, "Good morning", event_id="echo-1")
        people = await PeopleTable(talk.echo.store).people(PeopleQuery(external_id=OF_BUSINESS))
        assert [alias.display_name for person in people for alias in person.aliases] == ["A person of the team"]


async def test_where_personal_data_is_not_kept_the_operators_own_address_still_is(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    more = {"pii_scrub_stored": True, "out_of_hours_notice": "Write to desk@shop.example. {opens}"}
    async with running_echo(tmp_path, server, FakeClock(), **more) as talk:
        kept = talk.echo.scrubbing.text("desk@shop.example and ada@home.example")
    assert "desk@shop.example" in kept
    assert "ada@home.example" not in kept
