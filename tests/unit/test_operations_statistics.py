"""What the people who run Echo see at a glance."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from source.domain.errors import StoreUnavailableError
from source.ports.operations import Activity, SessionFigures, Span, SpanFigures, StoreFigures
from source.ports.store import UsageTotals
from source.services.operations_statistics import DayFigures, OperationsStatistics, Stats, Tokens
from tests.fakes.clock import FakeClock

FIRST, LAST = datetime(2024, 1, 15, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


class Counted:
    """Implements OperationsStore with figures that a test can check."""

    def __init__(self) -> None:
        self.counts = 0
        self.spans: Sequence[Span] = ()
        self.failing = False

    async def figures(self) -> StoreFigures:
        await asyncio.sleep(0)
        self.counts += 1
        if self.failing:
            raise StoreUnavailableError("away")
        return StoreFigures(150, 400, 5_243, 23, 60, 892, 7, 12, 7_861_234, FIRST, LAST)

    async def activity(self, parts: Sequence[Span]) -> Activity:
        await asyncio.sleep(0)
        self.counts += 1
        self.spans = parts
        days = [SpanFigures(number, 10 * number) for number in range(len(parts))]
        sessions = SessionFigures(8, 100, 7_200.0, {"web": 8}, {"en": 8}, {"ask": 8}, {"neutral": 8}, {"general": 8})
        usage = {"b": UsageTotals(1, 10, 5, 2, None), "a": UsageTotals(2, 100, 50, 20, 1_500_000)}
        return Activity(days, 4, sessions, usage, UsageTotals(1, 1, 0, 1, None), 5, 2, 3)


def _statistics(zone: str = "UTC", now: datetime = LAST) -> tuple[OperationsStatistics, Counted, FakeClock]:
    store, clock = Counted(), FakeClock(now)
    return OperationsStatistics(store, clock, ZoneInfo(zone)), store, clock


async def test_what_there_is_has_the_names_of_the_api() -> None:
    statistics, _, _ = _statistics()
    assert await statistics.stats() == Stats(
        total_chats=150,
        total_messages=5_243,
        archived_chats=23,
        archived_messages=892,
        database_size_mb=7.86,
        oldest_message=FIRST,
        newest_message=LAST,
        total_conversations=400,
        archived_conversations=60,
        memories=7,
        people=12,
    )


async def test_what_goes_on_is_summed_up() -> None:
    statistics, _, _ = _statistics()
    found = await statistics.analytics()
    assert (found.sessions_today, found.messages_today, found.active_people_today) == (29, 290, 4)
    assert (found.days, found.messages, found.sessions) == (30, 10 * sum(range(30)), 8)
    assert (found.average_messages_per_session, found.average_session_minutes) == (12.5, 15.0)
    assert found.per_day[0] == DayFigures(date(2026, 2, 1), 0, 0)
    assert found.per_day[-1] == DayFigures(date(2026, 3, 2), 29, 290)
    assert found.tokens == Tokens(3, 110, 55, 22, 1.5)
    assert found.tokens_today == Tokens(1, 1, 0, 1, None)
    assert list(found.tokens_by_model) == ["a", "b"]
    assert found.tokens_by_model["b"].cost_usd is None
    assert (found.feedback_up, found.feedback_down, found.open_unanswered) == (5, 2, 3)
    assert (found.by_platform, found.by_category) == ({"web": 8}, {"general": 8})


async def test_days_are_those_of_the_operators_time_zone() -> None:
    # Berlin: clocks go forward on 29 March 2026 at 02:00, and it is already the 31st there.
    statistics, store, _ = _statistics("Europe/Berlin", datetime(2026, 3, 30, 22, 30, tzinfo=UTC))
    found = await statistics.analytics()
    assert found.time_zone == "Europe/Berlin"
    assert found.per_day[-1].day == date(2026, 3, 31)
    hours = {day.day: span.end - span.start for day, span in zip(found.per_day, store.spans, strict=True)}
    assert hours[date(2026, 3, 29)] == timedelta(hours=23)
    assert hours[date(2026, 3, 30)] == timedelta(hours=24)
    assert store.spans[-1].start == datetime(2026, 3, 30, 22, tzinfo=UTC)
    assert all(one.end == other.start for one, other in zip(store.spans, store.spans[1:], strict=False))


async def test_however_many_ask_it_is_counted_once_in_a_while() -> None:
    statistics, store, clock = _statistics()
    await asyncio.gather(*(statistics.stats() for _ in range(50)), *(statistics.analytics() for _ in range(50)))
    assert store.counts == 2
    clock.advance(seconds=9)
    await statistics.stats()
    assert store.counts == 2
    clock.advance(seconds=1)
    await statistics.stats()
    assert store.counts == 3


async def test_a_failure_is_not_kept() -> None:
    statistics, store, _ = _statistics()
    store.failing = True
    with pytest.raises(StoreUnavailableError):
        await statistics.stats()
    store.failing = False
    assert (await statistics.stats()).total_chats == 150


async def test_without_sessions_means_are_nought() -> None:
    statistics, store, _ = _statistics()
    whole = store.activity

    async def empty(parts: Sequence[Span]) -> Activity:
        found = await whole(parts)
        return Activity(found.parts, 0, SessionFigures(), {}, found.usage_in_last, 0, 0, 0)

    store.activity = empty  # type: ignore[method-assign]  # a fake's
    found = await statistics.analytics()
    assert (found.average_messages_per_session, found.average_session_minutes) == (0.0, 0.0)
    assert found.tokens == Tokens(0, 0, 0, 0, None)
