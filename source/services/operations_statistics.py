"""What the people who run Echo want to see at a glance."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from source.ports.clock import Clock
from source.ports.operations import Activity, OperationsStore, Span, StoreFigures
from source.ports.store import UsageTotals

_DAYS: Final = 30
_FRESH: Final = timedelta(seconds=10)
_DOLLAR: Final = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stats:
    """What there is; the field names are those of the API."""

    total_chats: int
    total_messages: int
    archived_chats: int
    archived_messages: int
    database_size_mb: float
    oldest_message: datetime | None
    newest_message: datetime | None
    total_conversations: int
    archived_conversations: int
    memories: int
    people: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """What model calls took; `cost_usd` is None where no call had a price."""

    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day in the operator's time zone."""

    day: date
    sessions: int
    messages: int


@dataclass(frozen=True, slots=True)
class Analytics:
    """What goes on, today and in the last days, in the operator's time zone; the field names are those of the API.

    What is counted `by_…` are the sessions that began in these days.
    """

    time_zone: str
    days: int
    sessions_today: int
    messages_today: int
    active_people_today: int
    open_unanswered: int
    sessions: int
    messages: int
    average_messages_per_session: float
    average_session_minutes: float
    by_platform: Mapping[str, int]
    by_language: Mapping[str, int]
    by_intent: Mapping[str, int]
    by_sentiment: Mapping[str, int]
    by_category: Mapping[str, int]
    per_day: Sequence[DayFigures]
    tokens_today: Tokens
    tokens: Tokens
    tokens_by_model: Mapping[str, Tokens]
    feedback_up: int
    feedback_down: int


class _Kept(Generic[T]):
    """A figure that is counted once in a while, however many ask for it at the same time."""

    def __init__(self, count: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._count = count
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: tuple[float, T] | None = None

    async def value(self) -> T:
        async with self._lock:
            now = self._clock.monotonic()
            if self._value is None or now - self._value[0] >= _FRESH.total_seconds():
                self._value = (now, await self._count())
            return self._value[1]


class OperationsStatistics:
    """Figures that are at most a few seconds old; every method may raise a StoreError."""

    def __init__(self, store: OperationsStore, clock: Clock, zone: ZoneInfo) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self._stats = _Kept(self._counted_stats, clock)
        self._analytics = _Kept(self._counted_analytics, clock)

    async def stats(self) -> Stats:
        """Return what there is."""
        return await self._stats.value()

    async def analytics(self) -> Analytics:
        """Return what goes on."""
        return await self._analytics.value()

    async def _counted_stats(self) -> Stats:
        return _stats(await self._store.figures())

    async def _counted_analytics(self) -> Analytics:
        today = self._clock.now().astimezone(self._zone).date()
        days = [today - timedelta(days=ago) for ago in reversed(range(_DAYS))]
        activity = await self._store.activity([self._span(day) for day in days])
        return _analytics(self._zone.key, days, activity)

    def _span(self, day: date) -> Span:
        """Return a day from midnight to midnight: where clocks are changed, it has 23 or 25 hours."""
        return Span(self._midnight(day), self._midnight(day + timedelta(days=1)))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone).astimezone(UTC)


def _stats(found: StoreFigures) -> Stats:
    return Stats(
        total_chats=found.chats,
        total_messages=found.messages,
        archived_chats=found.archived_chats,
        archived_messages=found.archived_messages,
        database_size_mb=round(found.database_bytes / 1_000_000, 2),
        oldest_message=found.oldest_message,
        newest_message=found.newest_message,
        total_conversations=found.conversations,
        archived_conversations=found.archived_conversations,
        memories=found.memories,
        people=found.people,
    )


def _analytics(zone: str, days: Sequence[date], found: Activity) -> Analytics:
    sessions = found.sessions
    per_day = [DayFigures(day, part.sessions, part.messages) for day, part in zip(days, found.parts, strict=True)]
    return Analytics(
        time_zone=zone,
        days=len(days),
        sessions_today=per_day[-1].sessions,
        messages_today=per_day[-1].messages,
        active_people_today=found.people_in_last,
        open_unanswered=found.unanswered,
        sessions=sessions.sessions,
        messages=sum(day.messages for day in per_day),
        average_messages_per_session=_mean(sessions.messages, sessions.sessions),
        average_session_minutes=_mean(sessions.seconds / 60, sessions.sessions),
        by_platform=sessions.by_platform,
        by_language=sessions.by_language,
        by_intent=sessions.by_intent,
        by_sentiment=sessions.by_sentiment,
        by_category=sessions.by_category,
        per_day=per_day,
        tokens_today=_tokens(found.usage_in_last),
        tokens=_tokens(_added(list(found.usage.values()))),
        tokens_by_model={model: _tokens(totals) for model, totals in sorted(found.usage.items())},
        feedback_up=found.feedback_up,
        feedback_down=found.feedback_down,
    )


def _mean(total: float, count: int) -> float:
    return round(total / count, 2) if count else 0.0


def _added(all_totals: Sequence[UsageTotals]) -> UsageTotals:
    priced = [totals.cost for totals in all_totals if totals.cost is not None]
    return UsageTotals(
        calls=sum(totals.calls for totals in all_totals),
        input_tokens=sum(totals.input_tokens for totals in all_totals),
        cached_tokens=sum(totals.cached_tokens for totals in all_totals),
        output_tokens=sum(totals.output_tokens for totals in all_totals),
        cost=sum(priced) if priced else None,
    )


def _tokens(totals: UsageTotals) -> Tokens:
    cost = None if totals.cost is None else totals.cost / _DOLLAR
    return Tokens(totals.calls, totals.input_tokens, totals.cached_tokens, totals.output_tokens, cost)
