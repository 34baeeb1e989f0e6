"""What is left in a database of either kind, for the next process and for whoever looks."""

import asyncio
import math
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.tables import (
    aliases,
    conversations,
    events,
    messages,
    participants,
    people,
    threads,
)
from source.domain.errors import StoreUnavailableError
from source.domain.message import Message, MessageType
from source.domain.thread import Platform
from source.domain.turn import Feedback, InboundKind, SentPart, TurnRecord
from source.ports.store import Scope
from tests.fakes.clock import FakeClock
from tests.fakes.databases import KINDS, database_of, rows
from tests.fakes.store_samples import ANN, BEN, CLOSED, GUILD, NOW, call, head, inbound, said, whole

ROOT = Path(__file__).parents[2]
ACCEPT_AND_DIE = """
import asyncio, os, signal, sys
from source.adapters.storage.sql_store import SqlStore
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import inbound

async def main():
    store = await SqlStore.open(sys.argv[1], clock=FakeClock())
    for number in range(10):
        await store.accept(inbound(f"{number}"))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_of(request.param, tmp_path) as url:
        yield url


async def _opened(url: str) -> SqlStore:
    return await SqlStore.open(url, clock=FakeClock(), durability="normal")


async def test_what_was_accepted_survives_a_kill(url: str) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ACCEPT_AND_DIE, url, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    store = await SqlStore.open(url, clock=FakeClock())
    assert [event.inbound.text for event in await store.unanswered()] == [f"{number}" for number in range(10)]
    await store.close()


async def test_a_reader_works_beside_the_writer_and_sees_what_is_committed(url: str) -> None:
    store = await SqlStore.open(url, clock=FakeClock())
    reader = await SqlStore.open(url, clock=FakeClock(), read_only=True)
    conversation = head()
    assert await reader.count() == 0
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said(),), (conversation,)))
    assert await reader.load(conversation.conversation_id) == await store.load(conversation.conversation_id) is not None
    await store.close()
    assert await reader.count() == 1
    await reader.close()


async def test_ids_go_on_above_those_stored_even_when_the_clock_went_back(url: str) -> None:
    clock = FakeClock()
    store = await SqlStore.open(url, clock=clock)
    event = await store.accept(inbound())
    conversation = head()
    message_id = store.ids.next(clock.now())
    await store.restore([whole(conversation, said())])
    await store.close()
    clock.jump(days=-400)
    store = await SqlStore.open(url, clock=clock)
    assert event is not None
    later = await store.accept(inbound())
    assert later is not None
    assert later.key > event.key
    assert await store.unanswered() == [event, later]
    assert message_id > event.key
    await store.close()


async def test_an_answered_event_keeps_no_text_and_without_a_reply_is_finished(url: str) -> None:
    store = await SqlStore.open(url, clock=FakeClock())
    event = await store.accept(inbound("only once"))
    assert event is not None
    conversation = head()
    record = TurnRecord(conversation.conversation_id, (said("only once"),), (conversation,), answered=(event.key,))
    await store.commit_turn(record)
    await store.close()
    assert rows(url, "SELECT text, state FROM events") == [(None, "delivered")]


async def test_notes_that_nobody_waits_for_are_there_after_a_restart(url: str) -> None:
    store = await _opened(url)
    event = await store.accept(inbound(thread=GUILD))
    assert event is not None
    store.note_sent(Platform.DISCORD, SentPart(event.key, 0, "100"))
    store.note_seen(Platform.DISCORD, {"42": "100"})
    await store.close()
    store = await _opened(url)
    assert await store.unfinished_parts(Platform.DISCORD) == [SentPart(event.key, 0, "100")]
    assert await store.seen(Platform.DISCORD) == {"42": "100"}
    await store.close()


async def test_a_reader_keeps_no_notes(url: str) -> None:
    await (await _opened(url)).close()
    reader = await SqlStore.open(url, clock=FakeClock(), read_only=True)
    with pytest.raises(StoreUnavailableError, match="reading only"):
        reader.note_sent(Platform.DISCORD, SentPart(1, 0, "100"))
    with pytest.raises(StoreUnavailableError, match="reading only"):
        reader.note_seen(Platform.DISCORD, {})
    assert await reader.seen(Platform.DISCORD) == {}
    await reader.close()


async def test_of_each_persons_opinions_the_last_is_kept(url: str) -> None:
    store = await _opened(url)
    event = await store.accept(inbound(thread=GUILD))
    assert event is not None
    for number, (who, value) in enumerate(((ANN, 1), (ANN, -1), (BEN, 1), (BEN, 0))):
        await store.put_feedback(Feedback(event.key, who, value, NOW + timedelta(seconds=number)))
    await store.close()
    kept = rows(url, "SELECT key, platform, external_id, value, substr(CAST(given_at AS text), 1, 26) FROM feedback")
    assert kept == [(event.key, "discord", "ann", -1, "2026-03-02 09:00:01.123456")]


async def test_a_message_that_was_taken_back_leaves_no_text(url: str) -> None:
    store = await _opened(url)
    await store.accept(inbound("never mind", event_id="e1"))
    await store.amend(Platform.TERMINAL, "e1", None)
    await store.close()
    assert rows(url, "SELECT text, state, conversation_id FROM events") == [(None, "delivered", None)]


async def test_what_a_retry_asked_leaves_no_message(url: str) -> None:
    store = await _opened(url)
    conversation = head(thread=CLOSED)
    retry = await store.accept(replace(inbound("", thread=CLOSED), kind=InboundKind.RETRY))
    assert retry is not None
    reply = said("again", by=None)
    record = TurnRecord(conversation.conversation_id, (reply,), (conversation,), answered=(retry.key,))
    await store.commit_turn(record)
    stored = await store.load(conversation.conversation_id)
    assert stored is not None
    assert stored.messages == (reply,)
    await store.restore([stored])
    await store.close()
    assert rows(url, "SELECT kind, state, reply_id FROM events") == [("retry", "answered", reply.message_id)]


async def test_usage_says_what_it_cost_and_who_caused_it(url: str) -> None:
    store = await _opened(url)
    conversation = head()
    usage = (call(100, cost=250, person="ann"), call(100))
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,), usage=usage))
    await store.close()
    assert rows(url, "SELECT cost, person FROM usage ORDER BY id") == [(250, "ann"), (None, None)]


async def test_after_a_restart_no_head_opens_a_circle_or_moves_it_and_its_channel_still_does(url: str) -> None:
    store = await _opened(url)
    conversation = head(thread=CLOSED)
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
    for circle in (None, "others"):
        await store.close()
        store = await _opened(url)
        stale = replace(conversation, thread=replace(CLOSED, circle=circle))
        await store.commit_turn(TurnRecord(stale.conversation_id, heads=(stale,)))
        assert await store.latest(CLOSED.key) == conversation
        await store.accept(inbound(thread=replace(CLOSED, circle=circle)))
        latest = await store.latest(CLOSED.key)
        assert latest is not None
        assert latest.thread.circle == circle
        await store.accept(inbound(thread=CLOSED))
    await store.close()


async def test_statistics_of_texts_in_every_script_are_in_bytes(url: str) -> None:
    store = await _opened(url)
    conversation = head()
    messages = (said("aé世🚢" * 3), said("ok", by=None, after=1))
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
    assert (await store.thread_statistics(conversation.thread.key)).forever_input_tokens == 10
    await store.close()


async def test_many_messages_of_any_kind_are_kept_as_they_were_said(url: str) -> None:
    odd = ("a\tb\nc\rd\\e", "\\N", "\\.", '"quoted", {braces}', "世🚢é", " ", "%s $1 :x ?")
    texts = [Message(NOW, MessageType.CHAT, text, requester="ann") for text in odd]
    calls = [
        Message(NOW, MessageType.TOOL_CALL, "", tools=({"name": "find", "params": {"text": text}, "id": "1"},))
        for text in odd
    ]
    store = await _opened(url)
    conversation = head()
    given = tuple(
        replace(message, message_id=number, interrupted=bool(number % 2), edited_at=NOW if number % 3 else None)
        for number, message in enumerate((*texts, *calls), start=1)
    )
    await store.commit_turn(TurnRecord(conversation.conversation_id, given, (conversation,)))
    stored = await store.load(conversation.conversation_id)
    assert stored is not None
    assert [_plain(message) for message in stored.messages] == [_plain(message) for message in given]
    await store.close()


def _plain(message: Message) -> Message:
    return replace(message, tools=None if message.tools is None else [dict(tool) for tool in message.tools])


@pytest.mark.parametrize("count", [1, 20])
async def test_numbers_that_are_none_of_json_spoil_no_message(url: str, count: int) -> None:
    params = {"n": math.nan, "few": [1.5, math.inf, {"deep": -math.inf}], "big": 10**400, "text": "a\x00b \ud83d"}
    message = Message(NOW, MessageType.TOOL_CALL, "", tools=({"name": "find", "params": params, "id": "1"},))
    messages = tuple(replace(message, message_id=number) for number in range(1, count + 1))
    store = await _opened(url)
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
    stored = await store.load(conversation.conversation_id)
    assert stored is not None
    tools = stored.messages[-1].tools
    assert tools is not None
    kept = tools[0]["params"]
    assert isinstance(kept, dict)
    assert (kept["big"], kept["text"], kept["few"][0]) == (10**400, "a\x00b \ud83d", 1.5)
    await store.close()


async def test_what_a_change_deleted_is_written_again(url: str) -> None:
    store = await _opened(url)
    conversation = head()
    record = TurnRecord(conversation.conversation_id, (said("the ship"),), (conversation,))
    await store.accept(inbound())
    await store.commit_turn(record)
    await store.change(_forget_everything)
    await store.accept(inbound())
    await store.commit_turn(replace(record, messages=(said("another ship"),)))
    found = await store.search("ship", scope=Scope(Platform.TERMINAL, "ann", None))
    assert [hit.message.message_content for hit in found] == ["another ship"]
    (waiting,) = await store.unanswered()
    assert waiting.inbound.person == ANN
    await store.close()


def _forget_everything(connection: Connection, _now: datetime) -> None:
    for table in (messages, participants, conversations, events, aliases, people, threads):
        connection.execute(delete(table))
