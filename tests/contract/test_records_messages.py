"""Messages as programs keep them, on every kind of database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationState
from source.domain.message import OF_BUSINESS, Message, MessageType
from source.domain.turn import TurnRecord
from source.ports.records import Refusal
from tests.fakes.clock import FakeClock
from tests.fakes.records_desk import RecordsDesk
from tests.fakes.store_samples import head, inbound, said


@pytest.fixture
async def desk(sql_store: SqlStore, clock: FakeClock) -> AsyncIterator[RecordsDesk]:
    made = RecordsDesk(sql_store, clock)
    yield made
    await made.manager.shutdown()


async def test_nothing_began_or_was_said_in_the_future(desk: RecordsDesk) -> None:
    began, later = desk.clock.now() - timedelta(days=2), desk.clock.now() + timedelta(days=2)
    old, new = await desk.make("sessions", start_time=began), await desk.make("sessions", start_time=later)
    assert (old["start_time"], new["start_time"]) == (began, desk.clock.now())
    said = [
        {"session_id": old["session_id"], "role": "assistant", "content": "x", "timestamp": at} for at in (began, later)
    ]
    outcomes = await desk.records.create("messages", said)
    times = [(await desk.record("messages", outcome))["timestamp"] for outcome in outcomes]
    assert times == [began, desk.clock.now()]


async def test_a_person_says_something_only_under_a_name(desk: RecordsDesk) -> None:
    key = (await desk.make("sessions"))["session_id"]
    [written] = await desk.records.create("messages", [{"session_id": key, "role": "user", "content": "x"}])
    assert written.refusal is Refusal.CONFLICT
    assert "say in user_id who said it" in written.sentence
    assert (await desk.make("messages", session_id=key, role="user", content="x", user_id="bob"))["user_id"] == "bob"


async def test_messages_are_appended_as_turns_are(desk: RecordsDesk) -> None:
    key = await desk.session()
    first = await desk.message(key, "We need 400 boxes", intent="order", confidence=0.95, tags=["Boxes"])
    desk.clock.advance(seconds=5)
    second = await desk.message(key, "For when?", role="assistant")
    assert first < second
    records = await desk.found("messages", filter={"session_id": str(key)}, order_by=["timestamp"])
    assert [record["id"] for record in records] == [first, second]
    assert {name: records[0][name] for name in ("role", "user_id", "intent", "confidence", "tags", "is_read")} == {
        "role": "user",
        "user_id": "ann",
        "intent": "order",
        "confidence": 0.95,
        "tags": ["boxes"],
        "is_read": False,
    }
    assert (records[1]["role"], records[1]["user_id"]) == ("assistant", None)
    assert await desk.contents(key) == ["We need 400 boxes", "For when?"]
    assert await desk.searched("boxes") == ["We need 400 boxes"]
    session = await desk.records.read("sessions", key)
    assert session is not None
    assert (session["message_count"], session["last_message_at"]) == (2, desk.clock.now())


async def test_what_the_business_said_answers_as_echos_own_messages_do(desk: RecordsDesk) -> None:
    key = await desk.session()
    ours = await desk.message(key, "It is on its way", user_id=OF_BUSINESS)
    record = await desk.records.read("messages", ours)
    assert record is not None
    assert (record["role"], record["user_id"]) == ("assistant", OF_BUSINESS)


async def test_messages_are_appended_to_a_session_that_rests(desk: RecordsDesk) -> None:
    old = head(is_active=False)
    await desk.put(old, said("Hello"))
    await desk.message(old.conversation_id, "Later")
    assert await desk.contents(old.conversation_id) == ["Hello", "Later"]


async def test_nothing_is_appended_to_what_is_archived(desk: RecordsDesk) -> None:
    key = await desk.session()
    stored = await desk.store.load(key)
    assert stored is not None
    await desk.put(replace(stored.head, state=ConversationState.ARCHIVED))
    [written] = await desk.records.create("messages", [{"session_id": key, "role": "user", "content": "x"}])
    assert (written.refusal, written.sentence) == (
        Refusal.CONFLICT,
        f"Session {key} is archived: unarchive it first.",
    )


@pytest.mark.parametrize("is_running", [True, False])
async def test_another_content_is_an_edit_everywhere(desk: RecordsDesk, is_running: bool) -> None:
    key, message = await conversation_with(desk, "We need pizza boxes", is_running=is_running)
    desk.clock.advance(seconds=5)
    record = await desk.change("messages", message, content="We need cake boxes", is_read=True)
    assert (record["content"], record["edited_at"]) == ("We need cake boxes", desk.clock.now())
    assert record["is_read"] is True
    assert await desk.contents(key) == ["We need cake boxes"]
    assert await desk.searched("pizza") == []
    assert await desk.searched("cake") == ["We need cake boxes"]


@pytest.mark.parametrize("is_running", [True, False])
async def test_a_deleted_message_leaves_its_place_and_nothing_else(desk: RecordsDesk, is_running: bool) -> None:
    key, message = await conversation_with(desk, "Secret", is_running=is_running)
    await desk.change("messages", message, intent="x", tags=["y"])
    assert (await desk.delete("messages", message)).key == message
    assert await desk.records.read("messages", message) is None
    assert await desk.contents(key) == [""]
    assert await desk.searched("secret") == []
    assert await desk.records.count("messages", filter={"intent": "x"}) == 0
    assert (await desk.delete("messages", message)).refusal is Refusal.MISSING


async def test_the_same_content_is_no_edit(desk: RecordsDesk) -> None:
    message = await desk.message(await desk.session(), "Hello")
    assert (await desk.change("messages", message, content="Hello"))["edited_at"] is None


async def test_a_deleted_reply_is_not_delivered_any_more(desk: RecordsDesk) -> None:
    event = await desk.store.accept(inbound("Hi"))
    assert event is not None
    old = head()
    reply = said("Answer", by=None)
    await desk.store.commit_turn(TurnRecord(old.conversation_id, (reply,), (old,), answered=(event.key,)))
    assert len(await desk.store.undelivered()) == 1
    await desk.delete("messages", reply.message_id)
    assert await desk.store.undelivered() == []


async def test_what_tools_did_stays(desk: RecordsDesk) -> None:
    old = head()
    call = Message(desk.clock.now(), MessageType.TOOL_CALL, "", tools=[{"name": "x", "params": {}}], message_id=9)
    await desk.put(old, call)
    [changed] = await desk.records.change("messages", [9], {"content": "x"})
    assert changed.refusal is (await desk.delete("messages", 9)).refusal is Refusal.INVALID
    assert (await desk.change("messages", 9, is_processed=True))["is_processed"] is True


async def test_facts_of_a_message_are_set_and_taken_away(desk: RecordsDesk) -> None:
    message = await desk.message(await desk.session())
    record = await desk.change("messages", message, sentiment="mixed", category="inquiry", is_processed=True)
    assert (record["sentiment"], record["category"], record["is_processed"]) == ("mixed", "inquiry", True)
    record = await desk.change("messages", message, sentiment=None, language="en")
    assert (record["sentiment"], record["category"], record["language"]) == (None, "inquiry", "en")
    assert await desk.records.count("messages", filter={"category": "inquiry", "is_processed": True}) == 1


async def conversation_with(desk: RecordsDesk, text: str, *, is_running: bool) -> tuple[int, int]:
    """Return the ids of a conversation and of its message."""
    if is_running:
        key = await desk.session()
        return key, await desk.message(key, text)
    old, message = head(is_active=False), said(text)
    await desk.put(old, message)
    return old.conversation_id, message.message_id
