"""What people think of single messages is kept, one of each person, the newest by its own time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from source.adapters.storage.conversation_deletion import deletion_of
from source.adapters.storage.operations_reading import OperationsReading
from source.adapters.storage.person_deletion import PersonDeletion
from source.adapters.storage.reaction_table import ReactionTable
from source.adapters.storage.reaction_tables import reactions
from source.adapters.storage.sql_store import SqlStore
from source.adapters.whatsapp.handlers.reacted import ReactedHandler
from source.adapters.whatsapp.items import Kept
from source.domain.conversation_head import ConversationHead, CreatedReason
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import Feedback, InboundMessage, SentPart, TurnRecord
from source.ports.operations import Span
from source.ports.people import Alias
from source.ports.privacy import Who
from source.ports.reactions import ReactedReply, Reaction

ADA, BEN = PersonRef("1", "Ada"), PersonRef("2", "Ben")
THREAD = ThreadRef(Platform.WHATSAPP, "1")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ON_REPLY = Reaction(Platform.WHATSAPP, "reply-part-0", ADA, "👍", NOON)
ON_SAID = Reaction(Platform.WHATSAPP, "said", BEN, "🎉", NOON)


@pytest.fixture
def table(sql_store: SqlStore) -> ReactionTable:
    return ReactionTable(sql_store)


@pytest.fixture
async def key(sql_store: SqlStore) -> int:
    """Something that Ada said, and the reply to it, of two parts; the key of its event."""
    event = await sql_store.accept(InboundMessage("said", THREAD, ADA, "Hello", NOON))
    assert event is not None
    head = ConversationHead(7, THREAD, "1", NOON, NOON, CreatedReason.FIRST_MESSAGE, "x.json")
    said = Message(NOON, MessageType.CHAT, "Hello", requester="1", message_id=8, event_id="said")
    reply = Message(NOON, MessageType.CHAT, "Hi", message_id=9)
    record = TurnRecord(7, (said, reply), heads=(head,), people=(ADA,), answered=(event.key,))
    await sql_store.commit_turn(record)
    for part in range(2):
        sql_store.note_sent(Platform.WHATSAPP, SentPart(event.key, part, f"reply-part-{part}"))
    await sql_store.mark_delivered([event.key])  # writes after what was noted
    return event.key


async def _kept(sql_store: SqlStore) -> list[tuple[str, str, str]]:
    """Of each reaction that stands its message, its person and its emoji."""

    def rows(connection: Connection) -> list[tuple[str, str, str]]:
        query = select(reactions.c.message_id, reactions.c.external_id, reactions.c.emoji)
        found = connection.execute(query.where(reactions.c.emoji != ""))
        return sorted((row.message_id, row.external_id, row.emoji) for row in found)

    return await sql_store.read(rows)


async def test_the_newest_by_its_own_time_stands(table: ReactionTable, sql_store: SqlStore, key: int) -> None:
    later, earlier = NOON + timedelta(seconds=9), NOON - timedelta(seconds=9)
    assert await table.put(ON_REPLY)
    assert await table.put(replace(ON_REPLY, emoji="👎", at=later))
    assert not await table.put(replace(ON_REPLY, emoji="🙈", at=earlier))
    assert await _kept(sql_store) == [("reply-part-0", "1", "👎")]


async def test_what_was_taken_back_does_not_return_with_what_is_older(
    table: ReactionTable, sql_store: SqlStore, key: int
) -> None:
    await table.put(replace(ON_REPLY, emoji="", at=NOON + timedelta(seconds=9)))
    assert not await table.put(ON_REPLY)
    assert await _kept(sql_store) == []


async def test_each_person_has_one_on_each_message(table: ReactionTable, sql_store: SqlStore, key: int) -> None:
    await table.put(ON_REPLY)
    await table.put(replace(ON_REPLY, person=BEN, emoji="❤️"))
    await table.put(ON_SAID)
    assert await _kept(sql_store) == [("reply-part-0", "1", "👍"), ("reply-part-0", "2", "❤️"), ("said", "2", "🎉")]


async def test_a_message_that_nobody_knows_gets_none(table: ReactionTable, key: int) -> None:
    assert not await table.put(replace(ON_REPLY, external_id="unknown"))
    assert not await table.put(replace(ON_REPLY, platform=Platform.WEB))


async def test_a_reply_is_told_by_whichever_of_its_parts(table: ReactionTable, key: int) -> None:
    await table.put(ON_REPLY)
    await table.put(replace(ON_REPLY, external_id="reply-part-1", emoji="👎", at=NOON + timedelta(seconds=1)))
    await table.put(replace(ON_REPLY, person=BEN, emoji="🎉"))
    for part in ("reply-part-0", "reply-part-1"):
        reply = await table.reply_of(replace(ON_REPLY, external_id=part))
        assert reply == ReactedReply(key, ("👎", "👍"))
    assert await table.reply_of(ON_SAID) is None


async def test_a_reaction_to_a_reply_is_an_opinion_of_it(table: ReactionTable, sql_store: SqlStore, key: int) -> None:
    handler = ReactedHandler(table, sql_store)

    async def reacted(emoji: str, *, to: str = "reply-part-0", seconds: int = 0) -> tuple[int, int]:
        at = NOON + timedelta(seconds=seconds)
        await handler.see_to(Kept(1, "reacted", f"{to}{emoji}", 1, "Ada", at, {"to": to, "emoji": emoji}))
        activity = await OperationsReading(sql_store).activity(
            [Span(NOON - timedelta(days=1), NOON + timedelta(days=1))]
        )
        return activity.feedback_up, activity.feedback_down

    assert await reacted("👍🏽") == (1, 0)
    assert await reacted("👍🏽") == (1, 0)
    assert await reacted("👎", to="reply-part-1", seconds=2) == (0, 1)
    assert await reacted("👍", seconds=1) == (0, 1)
    assert await reacted("", to="reply-part-1", seconds=3) == (1, 0)
    assert await reacted("🚢", seconds=4) == (0, 0)
    assert await reacted("👍", to="said") == (0, 0)
    assert await reacted("👍", to="unknown") == (0, 0)


async def test_deleting_the_conversation_deletes_them(table: ReactionTable, sql_store: SqlStore, key: int) -> None:
    await table.put(ON_REPLY)
    await table.put(ON_SAID)
    await sql_store.put_feedback(Feedback(key, ADA, 1, NOON))
    assert await sql_store.change(deletion_of(7)) == 1
    assert await _kept(sql_store) == []


async def test_whoever_is_forgotten_takes_theirs_along(table: ReactionTable, sql_store: SqlStore, key: int) -> None:
    await table.put(ON_REPLY)
    await table.put(ON_SAID)
    who = Who(77, (Alias(Platform.WHATSAPP, ADA.external_id, ADA.display_name),))
    await PersonDeletion(sql_store).forget_rows(who, None, key)
    assert await _kept(sql_store) == [("said", "2", "🎉")]
