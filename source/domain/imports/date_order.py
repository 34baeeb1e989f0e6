"""Which part of a written date is the day: one date does not tell, a whole file mostly does."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from source.domain.errors import RefusedInputError

# WhatsApp began in 2009.
_FIRST_YEAR: Final = 2009
_CENTURY: Final = 100
# So many dates of a hundred may be none: somebody pasted a line that looks like the beginning of one.
_BAD_OF_A_HUNDRED: Final = 5


class DateOrder(StrEnum):
    """The orders that phones write."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


class WrittenDate(NamedTuple):
    """The three numbers of a date in the order in which they stand."""

    first: str
    second: str
    third: str
    separator: str


def order_of(written: Sequence[tuple[int, WrittenDate]], *, today: date) -> DateOrder:
    """Return the order that the dates of a file, by line, are written in; they go forward in time.

    Raises: RefusedInputError: several orders fit, or none.
    """
    distinct = [each for each, _ in groupby(each for _, each in written)]
    fitting: dict[DateOrder, list[date | None]] = {}
    for orders in _possible(distinct):
        readings = {order: [read(each, order, today=today) for each in distinct] for order in orders}
        fitting = fitting or {order: dates for order, dates in readings.items() if _fits(dates)}
    if not fitting:
        number, bad = _first_bad(written, today)
        shown = bad.separator.join(bad[:3])
        raise RefusedInputError(
            f"line {number}: no order of day, month and year fits the dates of this file, such as {shown}, up to today."
        )
    least = min((_bad(dates), _steps_back(dates)) for dates in fitting.values())
    best = {order: dates for order, dates in fitting.items() if (_bad(dates), _steps_back(dates)) == least}
    if len({tuple(dates) for dates in best.values()}) > 1:
        raise RefusedInputError(_ambiguous(written[0], list(best)))
    return next(iter(best))


def read(written: WrittenDate, order: DateOrder, *, today: date) -> date | None:
    """Return the date; None: there is no such day, or it is before WhatsApp or after today."""
    first, second, third = (int(part) for part in written[:3])
    day, month, year = {
        DateOrder.DMY: (first, second, third),
        DateOrder.MDY: (second, first, third),
        DateOrder.YMD: (third, second, first),
    }[order]
    year += 2_000 if year < _CENTURY else 0
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    # The clock of a phone may be a day ahead of this machine's.
    return found if date(_FIRST_YEAR, 1, 1) <= found <= today + timedelta(days=1) else None


def _possible(written: Sequence[WrittenDate]) -> list[list[DateOrder]]:
    """Return the orders that the form of the dates leaves open; later ones are tried where none before fits."""
    if sum(len(each.first) == 4 for each in written) * 2 > len(written):
        return [[DateOrder.YMD]]
    # With dots, as far as phones write them, the day stands before the month.
    dotted = all(each.separator == "." for each in written)
    usual = [DateOrder.DMY] if dotted else [DateOrder.DMY, DateOrder.MDY]
    full_year = any(len(each.third) == 4 for each in written)
    return [usual] if full_year else [usual, [DateOrder.YMD]]


def _fits(dates: Sequence[date | None]) -> bool:
    return _bad(dates) * 100 <= len(dates) * _BAD_OF_A_HUNDRED


def _bad(dates: Sequence[date | None]) -> int:
    return sum(each is None for each in dates)


def _steps_back(dates: Sequence[date | None]) -> int:
    known = [each for each in dates if each is not None]
    return sum(after < before for before, after in pairwise(known))


def _first_bad(written: Sequence[tuple[int, WrittenDate]], today: date) -> tuple[int, WrittenDate]:
    for number, each in written:
        if all(read(each, order, today=today) is None for order in DateOrder):
            return number, each
    return written[0]


def _ambiguous(example: tuple[int, WrittenDate], orders: Sequence[DateOrder]) -> str:
    number, written = example
    shown = written.separator.join(written[:3])
    options: Mapping[DateOrder, str] = {
        DateOrder.DMY: "--dates dmy (day first)",
        DateOrder.MDY: "--dates mdy (month first)",
        DateOrder.YMD: "--dates ymd (year first)",
    }
    choice = " or ".join(options[order] for order in orders)
    return f"line {number}: dates such as {shown} can be read in several ways in all of this file; say {choice}."
