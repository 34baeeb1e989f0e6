"""What was said in a conversation, page by page."""

from dataclasses import replace

import pytest

from source.adapters.storage.message_pages import MessageTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.conversation_head import ConversationHead
from source.domain.message import Message, MessageType, Standing
from source.domain.outcome import Outcome
from source.domain.turn import TurnRecord
from tests.fakes.store_samples import ANN, head, said


@pytest.fixture
def pages(sql_store: SqlStore) -> MessageTable:
    return MessageTable(sql_store)


async def kept(store: SqlStore, *messages: Message) -> ConversationHead:
    conversation = head(is_active=False)
    await store.commit_turn(
        TurnRecord(conversation.conversation_id, messages=messages, heads=(conversation,), people=(ANN,))
    )
    return conversation


async def test_everything_that_was_said_comes_in_order(sql_store: SqlStore, pages: MessageTable) -> None:
    asked = replace(said("Hello", event_id="e1"), pii=("email", "ip"))
    answered = replace(said("Good", by=None), interrupted=True, delivery=Outcome.READ)
    conversation = await kept(sql_store, asked, answered)
    lines = await pages.said_in(conversation.conversation_id, limit=10)
    assert list(lines or ()) == [
        (asked.message_id, "ann", "Ann", "Hello", asked.created_at, None, False, ["email", "ip"], None, None),
        (answered.message_id, None, None, "Good", answered.created_at, None, True, (), "read", None),
    ]


async def test_what_does_not_count_is_left_out(sql_store: SqlStore, pages: MessageTable) -> None:
    asked, gone, edited = said("Hello"), said("Take this back"), said("Frist")
    thought = replace(said("Hm.", by=None), message_type=MessageType.THINKING)
    conversation = await kept(sql_store, asked, thought, gone, edited)
    number = conversation.conversation_id
    await sql_store.correct(number, replace(gone, message_content="", standing=Standing.DELETED))
    await sql_store.correct(number, replace(edited, message_content="First", edited_at=asked.created_at))
    lines = await pages.said_in(number, limit=10) or ()
    assert [(line.content, line.edited_at) for line in lines] == [("Hello", None), ("First", asked.created_at)]


async def test_a_page_begins_behind_the_last_of_the_page_before(sql_store: SqlStore, pages: MessageTable) -> None:
    number = (await kept(sql_store, *(said(str(number)) for number in range(5)))).conversation_id
    first = await pages.said_in(number, limit=2) or ()
    second = await pages.said_in(number, after=first[-1].message_id, limit=2) or ()
    last = await pages.said_in(number, after=second[-1].message_id, limit=2) or ()
    assert [line.content for line in (*first, *second, *last)] == list("01234")
    assert await pages.said_in(number, after=last[-1].message_id, limit=2) == []


async def test_a_conversation_that_is_not_there_is_told_from_an_empty_one(
    sql_store: SqlStore, pages: MessageTable
) -> None:
    empty = await kept(sql_store)
    await kept(sql_store, said("Somebody else's"))
    assert await pages.said_in(empty.conversation_id, limit=10) == []
    assert await pages.said_in(10**15, limit=10) is None
