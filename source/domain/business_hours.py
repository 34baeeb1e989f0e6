"""When there are people at the business, by the clock on its wall."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise, product
from typing import Final
from zoneinfo import ZoneInfo

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART: Final = re.compile(r"([a-z]{3})(?:-([a-z]{3}))?\s+(\d{2}:\d{2})-(\d{2}:\d{2})")
_END_OF_DAY: Final = 24 * 60
_MINUTE: Final = timedelta(minutes=1)
_FORM: Final = "write days and times like mon-fri 09:00-18:00, sat 10:00-14:00"


@dataclass(frozen=True, slots=True)
class Opening:
    """Minutes of a day between which somebody is there: from `begin` up to `end`."""

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """By weekday, Monday first, when somebody is there; a day without hours is closed."""

    week: tuple[tuple[Opening, ...], ...]
    zone: ZoneInfo

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there."""
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(each.begin <= minute < each.end for each in self.week[local.weekday()])

    def opens_after(self, at: datetime) -> datetime:
        """Return when somebody is there again, for a moment at which nobody is; in the zone of the business."""
        at = at.astimezone(_UTC)  # within one zone Python compares what is on the wall
        today = at.astimezone(self.zone).date()
        for days in range(len(_DAYS) + 1):
            begins = [each for each in self._begins_on(today + timedelta(days=days), at) if each > at]
            if begins:
                return min(begins).astimezone(self.zone)
        raise ValueError("hours without any opening")

    def _begins_on(self, day: date, at: datetime) -> Iterator[datetime]:
        """Yield when somebody comes on a day; where the clock is put back, what is on it twice begins twice."""
        for opening, fold in product(self.week[day.weekday()], (0, 1)):
            written = datetime.combine(day, time(*divmod(opening.begin, 60), fold=fold), self.zone)
            begins = written.astimezone(_UTC)
            if not self.is_open(begins):
                continue
            # Where the clock is put forward that time may not be on it: somebody is there from the jump on.
            while begins - _MINUTE > at and self.is_open(begins - _MINUTE):
                begins -= _MINUTE
            yield begins


_UTC: Final = ZoneInfo("UTC")


def hours_in(written: str, zone: ZoneInfo) -> BusinessHours:
    """Read hours such as `mon-fri 09:00-12:30, mon-fri 13:30-18:00, sat 10:00-14:00`.

    Raises: ValueError: it says what is wrong and how it is written.
    """
    week: list[list[Opening]] = [[] for _ in _DAYS]
    for part in written.lower().split(","):
        days, opening = _read(part.strip())
        for day in days:
            week[day].append(opening)
    for name, openings in zip(_DAYS, week, strict=True):
        openings.sort(key=lambda each: each.begin)
        if any(later.begin < earlier.end for earlier, later in pairwise(openings)):
            raise ValueError(f"the times of {name} overlap: {_FORM}")
    return BusinessHours(tuple(map(tuple, week)), zone)


def _read(part: str) -> tuple[range, Opening]:
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} is not understood: {_FORM}")
    first, last, begin, end = match.groups()
    days = range(_day(first), _day(last or first) + 1)
    if not days:
        raise ValueError(f"{part!r} ends before it begins: a week goes from mon to sun")
    opening = Opening(_minutes(begin), _minutes(end))
    if opening.begin >= opening.end:
        raise ValueError(f"{part!r} ends before it begins: hours over midnight are two, up to 24:00 and from 00:00")
    return days, opening


def _day(name: str) -> int:
    if name not in _DAYS:
        raise ValueError(f"{name!r} is no day: {', '.join(_DAYS)}")
    return _DAYS.index(name)


def _minutes(written: str) -> int:
    hour, minute = map(int, written.split(":"))
    if minute > 59 or (minutes := hour * 60 + minute) > _END_OF_DAY:
        raise ValueError(f"{written!r} is no time of day: 00:00 to 24:00")
    return minutes
