"""What is handed over and forgotten is the person's own, whatever others are called and were told."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.operation_tables import user_summaries
from source.domain.memory import MemorySource
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, Talk, running_echo

BOB = PersonRef("bob", "Bob")
HALL = ThreadRef(Platform.DISCORD, "hall", "guild-1", "The guild")
PHONE, DIRECT = ThreadRef(Platform.WHATSAPP, "4917012345"), ThreadRef(Platform.DISCORD, "dm")
WANDA, DIRK = PersonRef("4917012345", "Wanda"), PersonRef("4917012345", "Dirk")

_SUMMARIES = "user_interaction_summaries"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path / "data") as url:
        yield url


@pytest.fixture
async def talk(tmp_path: Path, database: str) -> AsyncIterator[Talk]:
    async with (
        FakeOpenAIServer() as server,
        running_echo(tmp_path / "data", server, FakeClock(), database_url=database) as running,
    ):
        yield running


async def _handed_over(talk: Talk, part: str, thread: ThreadRef, person: PersonRef) -> str:
    file = (await talk.reply_to("my-data", thread=thread, person=person)).file
    assert file is not None
    return json.dumps(json.loads(file.content)[part])


async def test_what_echo_answered_somebody_else_tells_nothing_of_who_asks(talk: Talk) -> None:
    await talk.say("I sell lamps", thread=HALL, person=ADA)
    await talk.say("My salary is 90k, what tax?", thread=HALL, person=BOB)
    [conversation] = await talk.conversations(thread=HALL)
    ada, to_ada, bob, to_bob = [each.message_id for each in conversation.messages]
    shown = {"zzown1": [ada], "zzown2": [ada, to_ada], "zzown3": [to_ada], "zzown4": []}
    others = {"yyhis1": [to_bob], "yyhis2": [ada, to_bob], "yyhis3": [bob, ada]}
    facts = [{"text": text, "message_ids": ids} for text, ids in (shown | others).items()]
    await MemoryTable(talk.echo.store).put_memory(
        conversation.head.conversation_id, {"facts": facts}, source=MemorySource.PERSON
    )
    handed_over = await _handed_over(talk, "memories", HALL, ADA)
    found = [text for text in (*shown, *others) if text in handed_over]
    assert found == ["zzown1", "zzown2", "zzown3"]


async def test_in_a_conversation_of_ones_own_everything_is_ones_own(talk: Talk) -> None:
    await talk.say("I sell lamps", thread=DIRECT, person=ADA)
    [conversation] = await talk.conversations(thread=DIRECT)
    facts = [{"text": "zzown5", "message_ids": []}]
    await MemoryTable(talk.echo.store).put_memory(
        conversation.head.conversation_id, {"facts": facts}, source=MemorySource.PERSON
    )
    assert "zzown5" in await _handed_over(talk, "memories", DIRECT, ADA)


async def test_a_summary_of_an_id_that_two_people_have_is_neither_handed_over_nor_forgotten(talk: Talk) -> None:
    def put(connection: Connection, now: datetime) -> None:
        counted = {"total_conversations": 1, "total_messages": 1, "intents": {}, "version": 1}
        for number, user, taste in ((1, "4917012345", "zznuts7"), (2, "bob", "zzplums7")):
            row = {"id": number, "user_id": user, "preferences": {"likes": taste}, "created_at": now, "updated_at": now}
            connection.execute(insert(user_summaries).values(**counted, **row))

    def left(connection: Connection) -> list[str]:
        return list(connection.execute(select(user_summaries.c.user_id).order_by(user_summaries.c.id)).scalars())

    await talk.say("Hello", thread=PHONE, person=WANDA)
    await talk.say("Hello", thread=DIRECT, person=DIRK)
    await talk.say("Hello", thread=HALL, person=BOB)
    await talk.echo.store.change(put)
    assert "zznuts7" not in await _handed_over(talk, _SUMMARIES, DIRECT, DIRK)
    assert "zzplums7" in await _handed_over(talk, _SUMMARIES, HALL, BOB)
    await talk.command("forget-me confirm", thread=DIRECT, person=DIRK)
    await talk.command("forget-me confirm", thread=HALL, person=BOB)
    after_dirk = await talk.echo.store.read(left)
    await talk.command("forget-me confirm", thread=PHONE, person=WANDA)
    assert (after_dirk, await talk.echo.store.read(left)) == (["4917012345"], [])
