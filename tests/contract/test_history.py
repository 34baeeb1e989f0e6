"""What a platform tells of the past waits until it is part of conversations, whatever the database."""

from datetime import timedelta

import pytest

from source.adapters.storage.early_table import EarlyTable
from source.adapters.storage.history_table import HistoryTable
from source.adapters.storage.housekeeping_table import HousekeepingTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.thread import Platform
from source.ports.early import EarlyCorrection
from source.ports.history import HistoryNews, PastMessage
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import NOW

WHATSAPP = Platform.WHATSAPP
ADA, BEN = 4711, 4712
LATER = NOW + timedelta(days=400)


@pytest.fixture
def table(sql_store: SqlStore) -> HistoryTable:
    return HistoryTable(sql_store)


def past(key: str, text: str = "Hello", *, after: float = 0, place: int = 0, is_file: bool = False) -> PastMessage:
    return PastMessage(key, NOW + timedelta(seconds=after), text, is_file=is_file, place=place)


async def test_what_waits_is_in_its_order_and_once(table: HistoryTable) -> None:
    later, first, second = past("a", "three", after=9), past("c", "one", place=0), past("b", "two", place=1)
    await table.put_past(WHATSAPP, ADA, [later, second, second])
    await table.put_past(WHATSAPP, ADA, [first, second])
    await table.put_past(WHATSAPP, BEN, [past("d")])
    assert await table.past_of(WHATSAPP, ADA, before=LATER) == [first, second, later]
    assert await table.past_of(WHATSAPP, ADA, before=NOW + timedelta(seconds=5)) == [first, second]


async def test_a_file_takes_the_place_of_its_placeholder_whichever_comes_first(table: HistoryTable) -> None:
    placeholder, file = past("a", "[file]"), past("a", "[image] our boat", is_file=True)
    for order in ([placeholder, file], [file, placeholder]):
        for each in order:
            await table.put_past(WHATSAPP, ADA, [each])
        assert await table.past_of(WHATSAPP, ADA, before=LATER) == [file]
        await table.drop_past(WHATSAPP, ["a"])
    assert await table.past_of(WHATSAPP, ADA, before=LATER) == []


async def test_who_waits_is_told_with_when_the_last_of_it_came(table: HistoryTable, clock: FakeClock) -> None:
    await table.put_past(WHATSAPP, ADA, [past("a")])
    clock.advance(seconds=60)
    await table.put_past(WHATSAPP, ADA, [past("b")])
    assert await table.waiting(WHATSAPP) == {ADA: clock.now()}
    assert await table.waiting(Platform.DISCORD) == {}


async def test_progress_never_becomes_less_and_an_error_stands_until_something_comes(table: HistoryTable) -> None:
    assert await table.states() == []
    await table.note_news(WHATSAPP, HistoryNews(error="It is not shared."))
    await table.note_news(WHATSAPP, HistoryNews(80))
    await table.note_news(WHATSAPP, HistoryNews(30))
    await table.put_past(WHATSAPP, ADA, [past("a"), past("b")])
    (state,) = await table.states()
    assert (state.platform, state.progress, state.messages_waiting, state.error) == (WHATSAPP, 80, 2, None)


async def test_what_changes_a_message_that_has_not_come_is_kept_for_a_while(
    sql_store: SqlStore, clock: FakeClock
) -> None:
    early = EarlyTable(sql_store)
    await early.put_early(WHATSAPP, EarlyCorrection("a", ADA, "Hello", NOW))
    taken_back = EarlyCorrection("a", ADA, None, NOW)
    await early.put_early(WHATSAPP, taken_back)
    assert await early.early(WHATSAPP) == [taken_back]
    await HousekeepingTable(sql_store).delete_deliveries(clock.now() - timedelta(days=1))
    assert await early.early(WHATSAPP) == [taken_back]
    await HousekeepingTable(sql_store).delete_deliveries(clock.now() + timedelta(days=1))
    assert await early.early(WHATSAPP) == []
