"""What became of a message that is handed in once more."""

from dataclasses import replace

import pytest

from source.adapters.storage.asked_before_reading import AskedBeforeTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.message import Standing
from source.domain.thread import Platform
from source.domain.turn import TurnRecord
from source.ports.asked_before import AskedBefore
from tests.fakes.store_samples import ANN, MAIN, head, inbound, said


@pytest.fixture
def table(sql_store: SqlStore) -> AskedBeforeTable:
    return AskedBeforeTable(sql_store)


async def test_what_waits_for_its_answer_is_known(sql_store: SqlStore, table: AskedBeforeTable) -> None:
    event = await sql_store.accept(inbound("Hello", event_id="e1"))
    assert event is not None
    assert await table.asked_before(Platform.TERMINAL, "e1") == AskedBefore(
        event.key, MAIN, "ann", "Hello", False, None
    )
    assert await table.asked_before(Platform.WEB, "e1") is None
    assert await table.asked_before(Platform.TERMINAL, "e2") is None


async def test_what_was_answered_is_known_with_its_reply(sql_store: SqlStore, table: AskedBeforeTable) -> None:
    event = await sql_store.accept(inbound("Hello", event_id="e1"))
    assert event is not None
    asked, answered = said("Hello", event_id="e1"), said("Good day", by=None)
    conversation = head()
    number = conversation.conversation_id
    turn = TurnRecord(number, (asked, answered), (conversation,), (ANN,), answered=(event.key,))
    await sql_store.commit_turn(turn)
    before = await table.asked_before(Platform.TERMINAL, "e1")
    assert before is not None
    assert (before.is_over, before.text) == (True, "Hello")
    assert before.reply is not None
    assert (before.reply.conversation_id, before.reply.message.message_content) == (number, "Good day")
    await sql_store.correct(number, replace(asked, message_content="Bye", edited_at=asked.created_at))
    changed = await table.asked_before(Platform.TERMINAL, "e1")
    assert changed is not None
    assert changed.text is None
    await sql_store.correct(number, replace(asked, message_content="", standing=Standing.DELETED))
    gone = await table.asked_before(Platform.TERMINAL, "e1")
    assert gone is not None
    assert gone.text is None


async def test_what_was_taken_back_is_over_without_a_reply(sql_store: SqlStore, table: AskedBeforeTable) -> None:
    await sql_store.accept(inbound("Hello", event_id="e1"))
    await sql_store.amend(Platform.TERMINAL, "e1", None)
    before = await table.asked_before(Platform.TERMINAL, "e1")
    assert before is not None
    assert (before.is_over, before.reply, before.text) == (True, None, None)
