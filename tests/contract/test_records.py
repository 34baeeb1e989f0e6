"""What programs do with records, on every kind of database: the store, memory and transcripts say the same."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from source.adapters.storage.archive_table import ArchiveTable
from source.adapters.storage.record_table import RecordTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead, ConversationState
from source.domain.errors import RefusedInputError
from source.domain.filters import Record
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform
from source.domain.turn import TurnRecord
from source.ports.records import Refusal, Written
from source.services.conversation_manager import InMemoryConversationManager
from source.services.records import MOST_IN_BULK, RecordParts, RecordService
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import ANN, GUILD, head, inbound, said
from tests.fakes.transcripts import InMemoryTranscripts

WHATSAPP = {"user_id": "6591234567", "platform": "whatsapp", "thread_id": "6591234567@c.us"}


class StoreDeletion:
    """Deletes from the store alone."""

    def __init__(self, store: SqlStore) -> None:
        self._table = ArchiveTable(store)

    async def delete(self, conversation_id: int) -> bool:
        return await self._table.delete_conversations([conversation_id]) == 1


class Desk:
    """A program that works with records, and somebody who looks at what came of it."""

    def __init__(self, store: SqlStore, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.files = InMemoryTranscripts()
        self.manager = InMemoryConversationManager(self.files, store=store, clock=clock, ids=store.ids)
        parts = RecordParts(RecordTable(store), store, self.manager, StoreDeletion(store), clock)
        self.records = RecordService(parts)

    async def make(self, collection: str, **values: object) -> Record:
        [written] = await self.records.create(collection, [values])
        return await self.record(collection, written)

    async def session(self, **values: object) -> int:
        key = (await self.make("sessions", **{"user_id": "ann", **values}))["session_id"]
        assert isinstance(key, int)
        return key

    async def message(self, session_id: int, content: str = "Hello", **values: object) -> int:
        made = {"session_id": session_id, "role": "user", "content": content, **values}
        key = (await self.make("messages", **made))["id"]
        assert isinstance(key, int)
        return key

    async def change(self, collection: str, key: int, **changes: object) -> Record:
        [written] = await self.records.change(collection, [key], changes)
        return await self.record(collection, written)

    async def delete(self, collection: str, key: int) -> Written:
        [written] = await self.records.delete(collection, [key])
        return written

    async def record(self, collection: str, written: Written) -> Record:
        assert written.key is not None, written
        record = await self.records.read(collection, written.key)
        assert record is not None
        return record

    async def found(self, collection: str, **asked: Any) -> list[Record]:
        return list((await self.records.list(collection, **asked)).records)

    async def put(self, conversation: ConversationHead, *messages: Message) -> None:
        """Have a conversation as channels leave it."""
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), (ANN,)))

    async def contents(self, session_id: int) -> list[str]:
        """Return what was said, by the store, by the transcript and by memory, which must agree."""
        stored = await self.store.load(session_id)
        assert stored is not None
        await self.manager.write_transcripts()
        transcript = json.loads(self.files.files[stored.head.filename])
        texts = [message.message_content for message in stored.messages]
        assert [entry["message_content"] for entry in transcript["history"]] == texts
        running = self.manager.get_conversation(stored.head.thread.thread_id, platform=stored.head.thread.platform)
        if running is not None and running.conversation_id == session_id:
            assert tuple(running.history) == stored.messages
            assert running.head == stored.head
        return texts

    async def searched(self, words: str) -> list[str]:
        return [hit.message.message_content for hit in await self.store.search(words)]


@pytest.fixture
async def desk(sql_store: SqlStore, clock: FakeClock) -> AsyncIterator[Desk]:
    made = Desk(sql_store, clock)
    yield made
    await made.manager.shutdown()


async def test_a_session_is_a_conversation(desk: Desk) -> None:
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


async def test_a_session_without_a_thread_has_its_own(desk: Desk) -> None:
    first, second = await desk.make("sessions"), await desk.make("sessions")
    assert first["platform"] == "web"
    assert first["thread_id"] != second["thread_id"]
    assert first["user_id"] is None


async def test_nothing_began_or_was_said_in_the_future(desk: Desk) -> None:
    began, later = desk.clock.now() - timedelta(days=2), desk.clock.now() + timedelta(days=2)
    old, new = await desk.make("sessions", start_time=began), await desk.make("sessions", start_time=later)
    assert (old["start_time"], new["start_time"]) == (began, desk.clock.now())
    said = [
        {"session_id": old["session_id"], "role": "assistant", "content": "x", "timestamp": at} for at in (began, later)
    ]
    outcomes = await desk.records.create("messages", said)
    times = [(await desk.record("messages", outcome))["timestamp"] for outcome in outcomes]
    assert times == [began, desk.clock.now()]


async def test_a_person_says_something_only_under_a_name(desk: Desk) -> None:
    key = (await desk.make("sessions"))["session_id"]
    [written] = await desk.records.create("messages", [{"session_id": key, "role": "user", "content": "x"}])
    assert written.refusal is Refusal.CONFLICT
    assert "say in user_id who said it" in written.sentence
    assert (await desk.make("messages", session_id=key, role="user", content="x", user_id="bob"))["user_id"] == "bob"


async def test_a_field_named_twice_in_an_order_counts_once(desk: Desk) -> None:
    for title in ("a", "b"):
        await desk.session(title=title)
    found = await desk.found("sessions", order_by=["-title", "title"])
    assert [record["title"] for record in found] == ["b", "a"]


async def test_a_session_in_a_known_thread_is_where_that_is(desk: Desk) -> None:
    await desk.put(head(thread=GUILD, is_active=False))
    record = await desk.make("sessions", platform="discord", thread_id=GUILD.thread_id)
    assert record["guild_id"] == GUILD.guild_id
    stored = await desk.store.active(GUILD.key)
    assert stored is not None
    assert stored.head.thread == GUILD


async def test_no_session_takes_a_thread_from_one_that_runs(desk: Desk) -> None:
    key = await desk.session(**WHATSAPP)
    [written] = await desk.records.create("sessions", [WHATSAPP])
    assert written.refusal is Refusal.CONFLICT
    assert "has an active session: end it first" in written.sentence
    outcomes = await desk.records.create("sessions", [{"thread_id": "x"}, {"thread_id": "x"}], partial=True)
    assert [outcome.refusal for outcome in outcomes] == [None, Refusal.CONFLICT]
    assert len(await desk.found("sessions", filter={"session_id": key})) == 1
    assert await desk.records.count("sessions") == 2


async def test_a_name_that_a_platform_told_stays(desk: Desk) -> None:
    await desk.store.accept(inbound(person=PersonRef("ann", "Ann Lee"), thread=GUILD))
    key = await desk.session(user_id="ann", platform="discord")
    await desk.message(key, user_id="bob")
    stored = await desk.store.load(key)
    assert stored is not None
    assert stored.people == {"ann": "Ann Lee", "bob": "bob"}


async def test_what_a_session_is_changed_to_is_in_store_memory_and_transcript(desk: Desk) -> None:
    key = await desk.session()
    desk.clock.advance(minutes=1)
    record = await desk.change("sessions", key, title="Boxes", language="de", intents={"primary": "x"})
    assert (record["title"], record["language"], record["intents"]) == ("Boxes", "de", {"primary": "x"})
    assert record["updated_at"] == desk.clock.now()
    assert await desk.contents(key) == []
    assert b'"title": "Boxes"' in next(iter(desk.files.files.values()))
    record = await desk.change("sessions", key, language=None, summary="Done")
    assert (record["language"], record["intents"], record["summary"]) == (None, {"primary": "x"}, "Done")


async def test_a_session_that_rests_is_changed_in_its_transcript_too(desk: Desk) -> None:
    old = head(is_active=False)
    await desk.put(old, said("Hello"))
    await desk.change("sessions", old.conversation_id, title="Old")
    assert await desk.contents(old.conversation_id) == ["Hello"]
    assert b'"title": "Old"' in desk.files.files[old.filename]


async def test_what_only_memory_had_is_not_lost_by_a_change(desk: Desk) -> None:
    key = await desk.session(thread_id="5")
    message = Message(desk.clock.now(), MessageType.CHAT, "Unsaved", requester="ann")
    desk.manager.add_message_to_conversation("5", message, platform=Platform.WEB)
    desk.manager.remove_conversation("5", platform=Platform.WEB)
    desk.manager.create_conversation("5", None, None, "ann", platform=Platform.WEB)
    await desk.change("sessions", key, title="Boxes")
    assert await desk.contents(key) == ["Unsaved"]


async def test_every_change_of_a_session_is_another_version(desk: Desk) -> None:
    key = await desk.session()
    changes: list[dict[str, object]] = [{"title": "a"}, {"title": "b"}, {"language": "en"}, {"language": "en"}]
    records = [(await desk.records.read_all("sessions", [key]))[key]]
    records += [await desk.change("sessions", key, **each) for each in changes]
    versions = [record["version"] for record in records]
    assert len(set(versions)) == len(versions)
    assert all(0 <= int(str(version)) < 10**15 for version in versions)


@pytest.mark.parametrize(
    ("collection", "changes"),
    [
        ("sessions", {"title": "x"}),
        ("sessions", {"language": "en"}),
        ("messages", {"content": "x"}),
        ("messages", {"is_read": True}),
        ("user_summaries", {"language": "en"}),
    ],
)
async def test_a_change_of_another_version_than_the_one_seen_is_refused(
    desk: Desk, collection: str, changes: dict[str, object]
) -> None:
    key = await record_in(desk, collection)
    seen = (await desk.records.read_all(collection, [key]))[key]
    desk.clock.advance(seconds=1)
    changed = await desk.change(collection, key, **changes)
    [late] = await desk.records.change(collection, [key], changes, version=int(str(seen["version"])))
    assert late.refusal is Refusal.CONFLICT
    assert f"version {changed['version']} now" in late.sentence
    [removed] = await desk.records.delete(collection, [key], version=int(str(seen["version"])))
    assert removed.refusal is Refusal.CONFLICT
    assert await desk.records.read(collection, key) == changed
    [in_time] = await desk.records.delete(collection, [key], version=int(str(changed["version"])))
    assert in_time.key == key


@pytest.mark.parametrize("collection", ["sessions", "messages", "user_summaries"])
async def test_what_is_not_there_is_said(desk: Desk, collection: str) -> None:
    await record_in(desk, collection)
    both: list[dict[str, object]] = [{"language": "en"}, {"content" if collection == "messages" else "language": "x"}]
    for changes in both:
        [changed] = await desk.records.change(collection, [7], changes)
        assert (changed.key, changed.refusal) == (None, Refusal.MISSING)
        assert changed.sentence.startswith("There is no ")
        assert changed.sentence.endswith(" 7.")
    assert (await desk.delete(collection, 7)).refusal is Refusal.MISSING
    assert await desk.records.read(collection, 7) is None


async def test_a_deleted_session_is_gone(desk: Desk) -> None:
    key = await desk.session()
    await desk.message(key, "Hello")
    assert (await desk.delete("sessions", key)).key == key
    assert await desk.records.read("sessions", key) is None
    assert await desk.records.count("messages") == 0


async def test_messages_are_appended_as_turns_are(desk: Desk) -> None:
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


async def test_messages_are_appended_to_a_session_that_rests(desk: Desk) -> None:
    old = head(is_active=False)
    await desk.put(old, said("Hello"))
    await desk.message(old.conversation_id, "Later")
    assert await desk.contents(old.conversation_id) == ["Hello", "Later"]


async def test_nothing_is_appended_to_what_is_archived(desk: Desk) -> None:
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
async def test_another_content_is_an_edit_everywhere(desk: Desk, is_running: bool) -> None:
    key, message = await conversation_with(desk, "We need pizza boxes", is_running=is_running)
    desk.clock.advance(seconds=5)
    record = await desk.change("messages", message, content="We need cake boxes", is_read=True)
    assert (record["content"], record["edited_at"]) == ("We need cake boxes", desk.clock.now())
    assert record["is_read"] is True
    assert await desk.contents(key) == ["We need cake boxes"]
    assert await desk.searched("pizza") == []
    assert await desk.searched("cake") == ["We need cake boxes"]


@pytest.mark.parametrize("is_running", [True, False])
async def test_a_deleted_message_leaves_its_place_and_nothing_else(desk: Desk, is_running: bool) -> None:
    key, message = await conversation_with(desk, "Secret", is_running=is_running)
    await desk.change("messages", message, intent="x", tags=["y"])
    assert (await desk.delete("messages", message)).key == message
    assert await desk.records.read("messages", message) is None
    assert await desk.contents(key) == [""]
    assert await desk.searched("secret") == []
    assert await desk.records.count("messages", filter={"intent": "x"}) == 0
    assert (await desk.delete("messages", message)).refusal is Refusal.MISSING


async def test_the_same_content_is_no_edit(desk: Desk) -> None:
    message = await desk.message(await desk.session(), "Hello")
    assert (await desk.change("messages", message, content="Hello"))["edited_at"] is None


async def test_a_deleted_reply_is_not_delivered_any_more(desk: Desk) -> None:
    event = await desk.store.accept(inbound("Hi"))
    assert event is not None
    old = head()
    reply = said("Answer", by=None)
    await desk.store.commit_turn(TurnRecord(old.conversation_id, (reply,), (old,), answered=(event.key,)))
    assert len(await desk.store.undelivered()) == 1
    await desk.delete("messages", reply.message_id)
    assert await desk.store.undelivered() == []


async def test_what_tools_did_stays(desk: Desk) -> None:
    old = head()
    call = Message(desk.clock.now(), MessageType.TOOL_CALL, "", tools=[{"name": "x", "params": {}}], message_id=9)
    await desk.put(old, call)
    [changed] = await desk.records.change("messages", [9], {"content": "x"})
    assert changed.refusal is (await desk.delete("messages", 9)).refusal is Refusal.INVALID
    assert (await desk.change("messages", 9, is_processed=True))["is_processed"] is True


async def test_facts_of_a_message_are_set_and_taken_away(desk: Desk) -> None:
    message = await desk.message(await desk.session())
    record = await desk.change("messages", message, sentiment="mixed", category="inquiry", is_processed=True)
    assert (record["sentiment"], record["category"], record["is_processed"]) == ("mixed", "inquiry", True)
    record = await desk.change("messages", message, sentiment=None, language="en")
    assert (record["sentiment"], record["category"], record["language"]) == (None, "inquiry", "en")
    assert await desk.records.count("messages", filter={"category": "inquiry", "is_processed": True}) == 1


async def test_a_summary_counts_what_its_user_did(desk: Desk) -> None:
    first, second = await desk.session(intents={"primary": "order"}), await desk.session()
    began = desk.clock.now()
    await desk.message(first, intent="order")
    await desk.message(second, intent="complaint")
    desk.clock.advance(hours=1)
    await desk.message(second, intent="order")
    await desk.message(second, "Answer", role="assistant", intent="answer")
    await desk.message(second, "Not me", user_id="bob", intent="other")
    await desk.delete("messages", await desk.message(second, "Gone", intent="gone"))
    record = await desk.make("user_summaries", user_id="ann", outlet_id=3, preferences={"delivery": "morning"})
    assert (record["total_conversations"], record["total_messages"]) == (2, 3)
    assert record["intents"] == {"complaint": 1, "order": 2}
    assert (record["first_interaction"], record["last_interaction"]) == (began, began + timedelta(hours=1))
    assert (record["outlet_id"], record["preferences"]) == (3, {"delivery": "morning"})


async def test_a_summary_is_counted_anew_when_asked_and_when_changed(desk: Desk) -> None:
    record = await desk.make("user_summaries", user_id="ann")
    key = int(str(record["id"]))
    assert (record["total_messages"], record["first_interaction"], record["intents"]) == (0, None, {})
    session = await desk.session()
    await desk.message(session)
    [written] = await desk.records.recount([key])
    assert (await desk.record("user_summaries", written))["total_messages"] == 1
    await desk.message(session)
    assert (await desk.change("user_summaries", key, language="en"))["total_messages"] == 2


async def test_a_user_has_one_summary(desk: Desk) -> None:
    await desk.make("user_summaries", user_id="ann")
    outcomes = await desk.records.create(
        "user_summaries", [{"user_id": "ann"}, {"user_id": "bob"}, {"user_id": "bob"}], partial=True
    )
    assert [outcome.refusal for outcome in outcomes] == [Refusal.CONFLICT, None, Refusal.CONFLICT]
    assert await desk.records.count("user_summaries") == 2


async def test_a_bulk_is_written_whole_or_not_at_all(desk: Desk) -> None:
    key = await desk.session()
    good = {"session_id": str(key), "role": "user", "content": "x"}
    items = [good, {**good, "session_id": "7"}, {**good, "user_id": "ann", "role": "assistant"}]
    outcomes = await desk.records.create("messages", items)
    assert [outcome.key for outcome in outcomes] == [None] * 3
    assert await desk.records.count("messages") == 0
    outcomes = await desk.records.create("messages", items, partial=True)
    assert [outcome.refusal for outcome in outcomes] == [None, Refusal.MISSING, Refusal.INVALID]
    assert "what the assistant says has none" in outcomes[2].sentence
    assert await desk.contents(key) == ["x"]


async def test_a_bulk_with_something_of_a_wrong_shape_is_refused_as_a_whole(desk: Desk) -> None:
    for partial in (False, True):
        outcomes = await desk.records.create("sessions", [{}, {"titel": "x"}, {"title": 1}], partial=partial)
        assert [outcome.refusal for outcome in outcomes] == [None, Refusal.INVALID, Refusal.INVALID]
        assert "did you mean title?" in outcomes[1].sentence
    assert await desk.records.count("sessions") == 0


async def test_a_bulk_of_changes_is_made_whole_or_not_at_all(desk: Desk) -> None:
    first, second = await desk.session(), await desk.session()
    for changes in ({"title": "x"}, {"language": "en"}):
        outcomes = await desk.records.change("sessions", [first, 7, second], changes)
        assert [outcome.refusal for outcome in outcomes] == [None, Refusal.MISSING, None]
        assert [outcome.key for outcome in outcomes] == [None, None, None]
    assert await desk.records.count("sessions", filter={"$or": [{"title": "x"}, {"language": "en"}]}) == 0
    outcomes = await desk.records.change("sessions", [first, 7, second, first], {"title": "x"}, partial=True)
    assert [outcome.key for outcome in outcomes] == [first, None, second]
    assert await desk.records.count("sessions", filter={"title": "x"}) == 2


async def test_a_bulk_of_deletions_is_done_whole_or_not_at_all(desk: Desk) -> None:
    keys = [await desk.session(), await desk.session()]
    assert not any(outcome.key for outcome in await desk.records.delete("sessions", [*keys, 7]))
    assert await desk.records.count("sessions") == 2
    assert [outcome.key for outcome in await desk.records.delete("sessions", [*keys, 7], partial=True)] == [*keys, None]
    assert await desk.records.count("sessions") == 0


async def test_a_bulk_across_sessions_keeps_every_memory_right(desk: Desk) -> None:
    running, resting = await desk.session(), head(is_active=False)
    await desk.put(resting, said("Old"))
    sessions = [running, resting.conversation_id] * 3
    items = [{"session_id": key, "role": "user", "content": str(n)} for n, key in enumerate(sessions)]
    outcomes = await desk.records.create("messages", items)
    assert await desk.contents(running) == ["0", "2", "4"]
    assert await desk.contents(resting.conversation_id) == ["Old", "1", "3", "5"]
    keys = [outcome.key for outcome in outcomes if outcome.key is not None]
    await desk.records.change("messages", keys, {"content": "same"})
    assert await desk.contents(running) == ["same"] * 3
    assert await desk.contents(resting.conversation_id) == ["Old", "same", "same", "same"]


async def test_pages_follow_each_other(desk: Desk) -> None:
    for number in range(5):
        await desk.session(title=str(number))
        desk.clock.advance(seconds=1)
    page = await desk.records.list("sessions", limit=2)
    titles = [record["title"] for record in page.records]
    while page.next is not None:
        page = await desk.records.list("sessions", limit=2, after=page.next)
        titles += [record["title"] for record in page.records]
    assert titles == ["4", "3", "2", "1", "0"]
    assert [record["title"] for record in await desk.found("sessions", offset=3)] == ["1", "0"]
    assert [record["title"] for record in await desk.found("sessions", order_by=["title"], limit=1)] == ["0"]


async def test_the_history_of_a_user_is_what_the_seeds_ask_for(desk: Desk) -> None:
    for day in range(3):
        await desk.session(user_id="ann" if day != 1 else "bob")
        desk.clock.advance(days=1)
    found = await desk.found("sessions", filter={"user_id": "ann"}, order_by=["-start_time"], limit=50)
    began = [record["start_time"] for record in found]
    assert began == [datetime.fromisoformat("2026-03-04T09:00:00+00:00"), began[1]]
    today = {"created_at": {"$gte": "2026-03-03T00:00:00"}}
    assert await desk.records.count("sessions", filter=today) == 2


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"collection": "session"}, "did you mean sessions?"),
        ({"collection": "sessions", "limit": 0}, "limit: 1 to 500"),
        ({"collection": "sessions", "limit": 501}, "limit: 1 to 500"),
        ({"collection": "sessions", "order_by": ["intents"]}, "no field to order by"),
        ({"collection": "sessions", "order_by": ["title"] * 6}, "at most 5 fields"),
        ({"collection": "sessions", "after": "x"}, "not a `next` of this list"),
        ({"collection": "sessions", "after": "bnVsbA"}, "not a `next` of this list"),
        ({"collection": "sessions", "filter": {"x": 1}}, "there is no field 'x'"),
    ],
)
async def test_what_is_wrong_with_a_list_is_said(desk: Desk, asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RefusedInputError, match=sentence):
        await desk.records.list(**asked)


async def test_a_page_follows_only_in_the_order_that_it_was_made_for(desk: Desk) -> None:
    await desk.session()
    await desk.session()
    page = await desk.records.list("sessions", limit=1)
    with pytest.raises(RefusedInputError, match="not a `next` of this list"):
        await desk.records.list("sessions", limit=1, order_by=["start_time"], after=page.next)


async def test_a_bulk_is_bounded(desk: Desk) -> None:
    with pytest.raises(RefusedInputError, match="at most 500"):
        await desk.records.create("sessions", [{}] * (MOST_IN_BULK + 1))
    with pytest.raises(RefusedInputError, match="at most 500"):
        await desk.records.change("sessions", range(MOST_IN_BULK + 1), {"title": "x"})
    await desk.records.create("user_summaries", [{"user_id": str(n)} for n in range(MOST_IN_BULK)])
    assert len(await desk.records.keys("user_summaries", filter={})) == MOST_IN_BULK
    await desk.make("user_summaries", user_id="more")
    with pytest.raises(RefusedInputError, match="matches more than 500"):
        await desk.records.keys("user_summaries", filter={})


async def record_in(desk: Desk, collection: str) -> int:
    if collection == "user_summaries":
        return int(str((await desk.make(collection, user_id="ann"))["id"]))
    session = await desk.session()
    return session if collection == "sessions" else await desk.message(session)


async def conversation_with(desk: Desk, text: str, *, is_running: bool) -> tuple[int, int]:
    """Return the ids of a conversation and of its message."""
    if is_running:
        key = await desk.session()
        return key, await desk.message(key, text)
    old, message = head(is_active=False), said(text)
    await desk.put(old, message)
    return old.conversation_id, message.message_id
