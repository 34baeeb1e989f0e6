"""Figures for the people who run Echo, on every database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, insert

from source.adapters.storage.metadata_table import MetadataTable
from source.adapters.storage.operation_tables import archives, conversation_memories, conversation_metadata
from source.adapters.storage.operations_reading import OperationsReading
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead
from source.domain.memory import MemorySource
from source.domain.message import Message, MessageType, Standing
from source.domain.metadata import Category, Sentiment
from source.domain.turn import Feedback, ModelUsage, TurnRecord
from source.ports.metadata import MetadataChange
from source.ports.operations import Activity, SessionFigures, Span, SpanFigures
from source.ports.store import UsageTotals
from tests.fakes.store_samples import ANN, BEN, CLOSED, GUILD, MAIN, NOW, TEAM, call, head, inbound, said

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
DAY = timedelta(days=1)
TODAY = Span(MIDNIGHT, MIDNIGHT + DAY)
YESTERDAY = Span(MIDNIGHT - DAY, MIDNIGHT)


class Filled:
    """A store, and what is put into it."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.figures = OperationsReading(store)

    async def put(self, conversation: ConversationHead, *messages: Message, usage: Sequence[ModelUsage] = ()) -> int:
        record = TurnRecord(conversation.conversation_id, messages, (conversation,), usage=tuple(usage))
        await self.store.commit_turn(record)
        return conversation.conversation_id

    async def archive(self, conversation_id: int) -> None:
        row = {
            "conversation_id": conversation_id,
            "location": "x",
            "is_compressed": True,
            "sha256": "",
            "size_bytes": 1,
            "stored_bytes": 1,
            "message_count": 99,
            "reason": "",
            "archived_by": "",
            "archived_at": NOW,
        }
        await self.store.change(lambda connection, _now: connection.execute(insert(archives).values(row)))

    async def remember(self, conversation_id: int, **data: object) -> None:
        row = {
            "id": conversation_id,
            "conversation_id": conversation_id,
            "memory_data": data,
            "covers_to": 0,
            "source": MemorySource.MODEL.value,
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
        }
        await self.store.change(lambda connection, _now: connection.execute(insert(conversation_memories).values(row)))


@pytest.fixture
def filled(sql_store: SqlStore) -> Filled:
    return Filled(sql_store)


async def test_an_empty_store_has_nothing_but_its_size(filled: Filled) -> None:
    found = await filled.figures.figures()
    assert found.database_bytes > 10_000
    assert (found.chats, found.messages, found.archived_messages, found.memories, found.people) == (0, 0, 0, 0, 0)
    assert (found.oldest_message, found.newest_message) == (None, None)
    activity = await filled.figures.activity([YESTERDAY, TODAY])
    nothing = UsageTotals(0, 0, 0, 0, None)
    assert activity == Activity([SpanFigures(0, 0)] * 2, 0, SessionFigures(), {}, nothing, 0, 0, 0)


async def test_what_there_is_is_counted(filled: Filled) -> None:
    tool = Message(NOW, MessageType.TOOL_CALL, "x", message_id=900_001)
    gone = replace(said("", after=-9_999_999), standing=Standing.DELETED)
    first = await filled.put(head(is_active=False), said(after=-5_000), said(by=None), tool, gone)
    second = await filled.put(head(thread=GUILD, is_active=False), said(after=70))
    third = await filled.put(head(thread=GUILD), said(after=30))
    await filled.put(head(thread=CLOSED), said(after=40))
    await filled.store.accept(inbound(person=BEN))
    for number in (first, second):
        await filled.archive(number)
    await filled.remember(third)
    found = await filled.figures.figures()
    assert (found.chats, found.conversations, found.messages) == (3, 4, 5)
    assert (found.archived_chats, found.archived_conversations, found.archived_messages) == (2, 2, 3)
    assert (found.memories, found.people) == (1, 1)
    assert found.oldest_message == NOW - timedelta(seconds=5_000)
    assert found.newest_message == NOW + timedelta(seconds=70)


async def test_each_day_has_what_began_and_what_was_said_in_it(filled: Filled) -> None:
    await filled.put(head(at=MIDNIGHT - DAY, is_active=False), said(after=-86_400), said())
    await filled.put(head(at=MIDNIGHT), said(after=10), said(by=BEN), said(by=TEAM), said(by=None))
    await filled.put(head(thread=GUILD, at=NOW), said(by=BEN))
    await filled.put(head(thread=CLOSED, at=NOW - 3 * DAY), said(after=-3 * 86_400))
    activity = await filled.figures.activity([YESTERDAY, TODAY])
    assert activity.parts == [SpanFigures(1, 1), SpanFigures(2, 6)]
    assert activity.people_in_last == 3, "Ann and Ben here, and whoever is called ben elsewhere"
    assert activity.sessions.sessions == 3


async def test_sessions_are_counted_by_what_is_known_of_them(filled: Filled) -> None:
    minute = timedelta(minutes=1)
    first = await filled.put(head(at=NOW - minute, is_active=False), said(), said(by=None, after=60))
    second = await filled.put(head(thread=GUILD), said(), said())
    third = await filled.put(head(at=NOW + minute), said(after=60))
    metadata = MetadataTable(filled.store)
    change = MetadataChange(sentiment=Sentiment.NEGATIVE, category=Category.COMPLAINT)
    await metadata.set_conversations([first, second], change)
    await _set(filled.store, first, language="de", intents={"primary": "order", "confidence": 0.9})
    await filled.remember(first, language="en", intents=[{"name": "ignored", "confidence": 1.0}])
    intents = [{"name": "ask", "confidence": 0.2}, {"name": "book", "confidence": 0.7}, {"text": "nameless"}]
    await filled.remember(second, language="es", intents=intents)
    await filled.remember(third, language=None, intents=[])
    sessions = (await filled.figures.activity([TODAY])).sessions
    assert sessions == SessionFigures(
        sessions=3,
        messages=5,
        seconds=120.0,
        by_platform={"terminal": 2, "discord": 1},
        by_language={"de": 1, "es": 1, "unknown": 1},
        by_intent={"order": 1, "book": 1, "unknown": 1},
        by_sentiment={"negative": 2, "unknown": 1},
        by_category={"complaint": 2, "unknown": 1},
    )


async def test_what_was_said_in_a_session_counts_whenever_it_was(filled: Filled) -> None:
    await filled.put(head(at=NOW), said(), said(after=3 * 86_400))
    await filled.put(head(thread=GUILD, at=NOW - 3 * DAY), said())
    assert (await filled.figures.activity([TODAY])).sessions.messages == 2


async def test_model_calls_are_summed_by_model_and_for_the_last_part(filled: Filled) -> None:
    calls = (
        call(1_000, after=-2 * 86_400),
        call(100, after=-86_400, cost=7),
        call(10, model="other"),
        call(20, cost=5),
    )
    await filled.put(head(), usage=calls)
    activity = await filled.figures.activity([YESTERDAY, TODAY])
    assert activity.usage == {"model": UsageTotals(2, 120, 60, 20, 12), "other": UsageTotals(1, 10, 5, 10, None)}
    assert activity.usage_in_last == UsageTotals(2, 30, 15, 20, 5)


async def test_a_call_that_was_stored_before_an_older_one_is_counted(filled: Filled) -> None:
    early = (MIDNIGHT - NOW).total_seconds()
    await filled.put(head(), usage=(call(10, after=early + 60), call(10, after=early - 1_800), call(10)))
    assert (await filled.figures.activity([TODAY])).usage["model"].calls == 2


async def test_opinions_and_what_waits_for_an_answer_are_counted(filled: Filled) -> None:
    events = [await filled.store.accept(inbound(str(number))) for number in range(3)]
    answered = next(event for event in events if event)
    conversation = head()
    record = TurnRecord(conversation.conversation_id, (said(by=None),), (conversation,), answered=(answered.key,))
    await filled.store.commit_turn(record)
    for person, value, at in ((ANN, 1, NOW), (BEN, -1, NOW), (replace(BEN, external_id="cy"), 1, NOW - 9 * DAY)):
        await filled.store.put_feedback(Feedback(answered.key, person, value, at))
    activity = await filled.figures.activity([TODAY])
    assert (activity.feedback_up, activity.feedback_down, activity.unanswered) == (1, 1, 2)


async def test_the_indexes_are_used(filled: Filled) -> None:
    await filled.put(head(), *(said(str(number)) for number in range(50)))
    plans = await filled.store.read(_plans)
    if plans:  # PostgreSQL reads small tables whole
        assert "ix_messages_said" in plans[0]
        assert "ix_messages_said" in plans[1]
        assert "ix_conversations_created_at" in plans[2]


def _plans(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    statements = (
        "SELECT count(*) FROM messages WHERE message_type = 'chat' AND standing = 'kept'",
        "SELECT count(*) FROM messages WHERE message_type = 'chat' AND standing = 'kept' AND created_at >= '2026'",
        "SELECT count(*) FROM conversations WHERE created_at >= '2026' AND created_at < '2027'",
    )
    plans = (connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}") for statement in statements)
    return [" ".join(str(row[3]) for row in plan) for plan in plans]


async def _set(store: SqlStore, conversation_id: int, **known: object) -> None:
    change = conversation_metadata.update().where(conversation_metadata.c.conversation_id == conversation_id)
    await store.change(lambda connection, _now: connection.execute(change.values(**known)))


def test_the_samples_are_of_one_day() -> None:
    assert TODAY.start <= NOW < TODAY.end
    assert datetime(2026, 3, 2, tzinfo=UTC) == MIDNIGHT
    assert MAIN.platform is not GUILD.platform
