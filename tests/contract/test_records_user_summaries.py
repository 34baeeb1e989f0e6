"""User summaries, on every kind of database."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.ports.records import Refusal
from tests.fakes.clock import FakeClock
from tests.fakes.records_desk import RecordsDesk


@pytest.fixture
async def desk(sql_store: SqlStore, clock: FakeClock) -> AsyncIterator[RecordsDesk]:
    made = RecordsDesk(sql_store, clock)
    yield made
    await made.manager.shutdown()


async def test_a_summary_counts_what_its_user_did(desk: RecordsDesk) -> None:
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


async def test_a_summary_is_counted_anew_when_asked_and_when_changed(desk: RecordsDesk) -> None:
    record = await desk.make("user_summaries", user_id="ann")
    key = int(str(record["id"]))
    assert (record["total_messages"], record["first_interaction"], record["intents"]) == (0, None, {})
    session = await desk.session()
    await desk.message(session)
    [written] = await desk.records.recount([key])
    assert (await desk.record("user_summaries", written))["total_messages"] == 1
    await desk.message(session)
    assert (await desk.change("user_summaries", key, language="en"))["total_messages"] == 2


async def test_a_user_has_one_summary(desk: RecordsDesk) -> None:
    await desk.make("user_summaries", user_id="ann")
    outcomes = await desk.records.create(
        "user_summaries", [{"user_id": "ann"}, {"user_id": "bob"}, {"user_id": "bob"}], partial=True
    )
    assert [outcome.refusal for outcome in outcomes] == [Refusal.CONFLICT, None, Refusal.CONFLICT]
    assert await desk.records.count("user_summaries") == 2
