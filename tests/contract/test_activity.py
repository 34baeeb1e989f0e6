"""What happens, counted from mark to mark, on each database."""

import asyncio

from source.adapters.storage.activity_table import ActivityTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.thread import Platform
from source.domain.turn import Purpose, TurnRecord
from source.ports.readings import ActivityMark, Backlog, CallTotals
from source.services.readings import ActivityReadings
from tests.fakes.store_samples import GUILD, TEAM, call, head, inbound, said


async def talk(store: SqlStore) -> None:
    """Have one turn in the terminal and one on Discord, with two calls of the model."""
    here, there = head(is_active=False), head(thread=GUILD, is_active=False)
    usage = (call(100, cost=7), call(30, cost=2), call(8, purpose=Purpose.SUMMARY))
    await store.commit_turn(TurnRecord(here.conversation_id, (said(), said(by=None)), (here,), usage=usage))
    await store.commit_turn(TurnRecord(there.conversation_id, (said(),), (there,)))


async def test_nothing_has_happened_in_an_empty_store(sql_store: SqlStore) -> None:
    table = ActivityTable(sql_store)
    assert await table.present_mark() == ActivityMark()
    activity = await table.activity(ActivityMark())
    assert (activity.messages, activity.calls) == ({}, [])
    assert await table.backlog() == Backlog(0, 0, {})


async def test_what_came_after_a_mark_is_counted_and_nothing_before(sql_store: SqlStore) -> None:
    table = ActivityTable(sql_store)
    await talk(sql_store)
    mark = await table.present_mark()
    await talk(sql_store)
    activity = await table.activity(mark)
    assert activity.messages == {("terminal", "person"): 1, ("terminal", "echo"): 1, ("discord", "person"): 1}
    assert sorted(activity.calls, key=lambda each: each.purpose) == [
        CallTotals("model", "reply", 2, 130, 65, 20, 9),
        CallTotals("model", "summary", 1, 8, 4, 10, 0),
    ]
    assert (await table.activity(activity.mark)).messages == {}


async def test_what_the_business_says_is_counted_as_that(sql_store: SqlStore) -> None:
    here = head()
    await sql_store.commit_turn(TurnRecord(here.conversation_id, (said(), said(by=TEAM)), (here,)))
    activity = await ActivityTable(sql_store).activity(ActivityMark())
    assert activity.messages == {("terminal", "person"): 1, ("terminal", "business"): 1}


async def test_what_waits_for_an_answer_is_counted(sql_store: SqlStore) -> None:
    await sql_store.accept(inbound())
    assert (await ActivityTable(sql_store).backlog()).unanswered == 1


async def test_figures_of_activity_begin_with_the_process_and_add_up(sql_store: SqlStore) -> None:
    await talk(sql_store)
    readings = ActivityReadings(ActivityTable(sql_store))
    await readings.begin()
    for times in (1, 2):
        await talk(sql_store)
        found = {(each.name, *each.labels.values()): each.value for each in await readings.read()}
        assert found["echo_messages", Platform.TERMINAL, "person"] == times
        assert found["echo_model_tokens", "cached", "model", "reply"] == 65 * times
        assert found["echo_model_tokens", "input", "model", "reply"] == 65 * times
        assert found["echo_model_cost_dollars", "model", "reply"] == 9 * times / 1_000_000
    assert found["echo_tasks", "pending"] == 0


async def test_two_monitors_at_once_count_nothing_twice(sql_store: SqlStore) -> None:
    readings = ActivityReadings(ActivityTable(sql_store))
    await readings.begin()
    await talk(sql_store)
    await asyncio.gather(readings.read(), readings.read())
    found = {(each.name, *each.labels.values()): each.value for each in await readings.read()}
    assert found["echo_messages", Platform.TERMINAL, "person"] == 1
