"""Sessions as programs keep them, on every kind of database."""

from collections.abc import AsyncIterator

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform
from source.ports.records import Refusal
from tests.fakes.clock import FakeClock
from tests.fakes.records_desk import RecordsDesk
from tests.fakes.store_samples import GUILD, head, inbound, said

WHATSAPP = {"user_id": "6591234567", "platform": "whatsapp", "thread_id": "6591234567@c.us"}


@pytest.fixture
async def desk(sql_store: SqlStore, clock: FakeClock) -> AsyncIterator[RecordsDesk]:
    made = RecordsDesk(sql_store, clock)
    yield made
    await made.manager.shutdown()


async def test_a_session_is_a_conversation(desk: RecordsDesk) -> None:
    facts = {"language": "en", "outlet_id": 1, "intents": {"primary": "order"}, "context": {"source": "whatsapp"}}
    record = await desk.make("sessions", **WHATSAPP, **facts, title="Boxes", is_starred=True)
    assert {name: record[name] for name in (*WHATSAPP, *facts)} == {**WHATSAPP, **facts}
    assert (record["state"], record["created_reason"], record["message_count"]) == ("active", "api", 0)
    assert (record["is_starred"], record["title"], record["guild_id"]) == (True, "Boxes", None)
    assert record["start_time"] == record["created_at"] == record["updated_at"] == desk.clock.now()
    assert await desk.contents(int(str(record["session_id"]))) == []
    assert list(desk.files.files) == ["2026-03-02_conversation-with-6591234567-in-whatsapp.json"]
    running = desk.manager.get_conversation("6591234567@c.us", platform=Platform.WHATSAPP)
    assert running is not None
    assert running.conversation_id == record["session_id"]


async def test_a_session_without_a_thread_has_its_own(desk: RecordsDesk) -> None:
    first, second = await desk.make("sessions"), await desk.make("sessions")
    assert first["platform"] == "web"
    assert first["thread_id"] != second["thread_id"]
    assert first["user_id"] is None


async def test_a_session_in_a_known_thread_is_where_that_is(desk: RecordsDesk) -> None:
    await desk.put(head(thread=GUILD, is_active=False))
    record = await desk.make("sessions", platform="discord", thread_id=GUILD.thread_id)
    assert record["guild_id"] == GUILD.guild_id
    stored = await desk.store.active(GUILD.key)
    assert stored is not None
    assert stored.head.thread == GUILD


async def test_no_session_takes_a_thread_from_one_that_runs(desk: RecordsDesk) -> None:
    key = await desk.session(**WHATSAPP)
    [written] = await desk.records.create("sessions", [WHATSAPP])
    assert written.refusal is Refusal.CONFLICT
    assert "has an active session: end it first" in written.sentence
    outcomes = await desk.records.create("sessions", [{"thread_id": "x"}, {"thread_id": "x"}], partial=True)
    assert [outcome.refusal for outcome in outcomes] == [None, Refusal.CONFLICT]
    assert len(await desk.found("sessions", filter={"session_id": key})) == 1
    assert await desk.records.count("sessions") == 2


async def test_a_name_that_a_platform_told_stays(desk: RecordsDesk) -> None:
    await desk.store.accept(inbound(person=PersonRef("ann", "Ann Lee"), thread=GUILD))
    key = await desk.session(user_id="ann", platform="discord")
    await desk.message(key, user_id="bob")
    stored = await desk.store.load(key)
    assert stored is not None
    assert stored.people == {"ann": "Ann Lee", "bob": "bob"}


async def test_what_a_session_is_changed_to_is_in_store_memory_and_transcript(desk: RecordsDesk) -> None:
    key = await desk.session()
    desk.clock.advance(minutes=1)
    record = await desk.change("sessions", key, title="Boxes", language="de", intents={"primary": "x"})
    assert (record["title"], record["language"], record["intents"]) == ("Boxes", "de", {"primary": "x"})
    assert record["updated_at"] == desk.clock.now()
    assert await desk.contents(key) == []
    assert b'"title": "Boxes"' in next(iter(desk.files.files.values()))
    record = await desk.change("sessions", key, language=None, summary="Done")
    assert (record["language"], record["intents"], record["summary"]) == (None, {"primary": "x"}, "Done")


async def test_a_session_that_rests_is_changed_in_its_transcript_too(desk: RecordsDesk) -> None:
    old = head(is_active=False)
    await desk.put(old, said("Hello"))
    await desk.change("sessions", old.conversation_id, title="Old")
    assert await desk.contents(old.conversation_id) == ["Hello"]
    assert b'"title": "Old"' in desk.files.files[old.filename]


async def test_what_only_memory_had_is_not_lost_by_a_change(desk: RecordsDesk) -> None:
    key = await desk.session(thread_id="5")
    message = Message(desk.clock.now(), MessageType.CHAT, "Unsaved", requester="ann")
    desk.manager.add_message_to_conversation("5", message, platform=Platform.WEB)
    desk.manager.remove_conversation("5", platform=Platform.WEB)
    desk.manager.create_conversation("5", None, None, "ann", platform=Platform.WEB)
    await desk.change("sessions", key, title="Boxes")
    assert await desk.contents(key) == ["Unsaved"]


async def test_every_change_of_a_session_is_another_version(desk: RecordsDesk) -> None:
    key = await desk.session()
    changes: list[dict[str, object]] = [{"title": "a"}, {"title": "b"}, {"language": "en"}, {"language": "en"}]
    records = [(await desk.records.read_all("sessions", [key]))[key]]
    records += [await desk.change("sessions", key, **each) for each in changes]
    versions = [record["version"] for record in records]
    assert len(set(versions)) == len(versions)
    assert all(0 <= int(str(version)) < 10**15 for version in versions)


async def test_a_deleted_session_is_gone(desk: RecordsDesk) -> None:
    key = await desk.session()
    await desk.message(key, "Hello")
    assert (await desk.delete("sessions", key)).key == key
    assert await desk.records.read("sessions", key) is None
    assert await desk.records.count("messages") == 0
