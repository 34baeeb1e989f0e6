"""When recurring work is due."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from source.domain.task import Task

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Clocks are put forward and back by less: ticks of so long before and after are looked at as well.
_LONGEST_SHIFT: Final = timedelta(hours=3)


class Timetable(Protocol):
    """Ticks, each an instant; all times are aware."""

    def next_after(self, moment: datetime) -> datetime:
        """Return the first tick that is later, in UTC."""
        ...

    def last_until(self, moment: datetime) -> datetime:
        """Return the last tick that is not later, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """The multiples of an interval since 1970: the same ticks in every process and after every start."""

    interval: timedelta

    def next_after(self, moment: datetime) -> datetime:
        return self.last_until(moment) + self.interval

    def last_until(self, moment: datetime) -> datetime:
        return moment.astimezone(UTC) - (moment - _EPOCH) % self.interval


@dataclass(frozen=True, slots=True)
class Cron:
    """The times of a cron line on the clocks of a zone.

    When the clocks go forward, times that are left out become one tick, at the end of the gap; when they go back,
    times that come twice count the first time.
    """

    line: str
    zone: ZoneInfo

    def next_after(self, moment: datetime) -> datetime:
        from croniter import croniter

        times = croniter(self.line, self._on_the_clock(moment) - _LONGEST_SHIFT)
        tick = self._instant(times.get_next(datetime))
        while tick <= moment:
            tick = self._instant(times.get_next(datetime))
        return tick

    def last_until(self, moment: datetime) -> datetime:
        from croniter import croniter

        times = croniter(self.line, self._on_the_clock(moment) + _LONGEST_SHIFT)
        tick = self._instant(times.get_prev(datetime))
        while tick > moment:
            tick = self._instant(times.get_prev(datetime))
        return tick

    def _on_the_clock(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _instant(self, time: datetime) -> datetime:
        first = time.replace(tzinfo=self.zone).astimezone(UTC)
        if self._on_the_clock(first) == time:
            return first
        # In a gap the offset from before it gives an instant as far behind the gap's end as the time is in the gap.
        return self._end_of_gap(first)

    def _end_of_gap(self, behind: datetime) -> datetime:
        earlier, later = behind - _LONGEST_SHIFT, behind
        offset = later.astimezone(self.zone).utcoffset()
        while later - earlier > timedelta(seconds=1):
            middle = earlier + (later - earlier) / 2
            if middle.astimezone(self.zone).utcoffset() == offset:
                later = middle
            else:
                earlier = middle
        return later.replace(microsecond=0)


@dataclass(frozen=True, slots=True)
class Job:
    """A type of task that recurs."""

    id: str
    name: str
    type: str
    timetable: Timetable
    input: Mapping[str, object] = field(default_factory=dict)
    is_enabled: bool = True


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job, when it is due next, and what came of it last; `next_run` is None for one that is switched off."""

    job: Job
    next_run: datetime | None
    last_run: datetime | None
    last_task: Task | None
