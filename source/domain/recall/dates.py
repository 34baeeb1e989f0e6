"""Which days a question speaks of: `in June`, `on 27 June 2023`, `last March`, `two weeks ago`."""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from typing import Final

from source.domain.recall.terms import folded

# What happened is told of for about so long afterwards.
_TOLD_WITHIN: Final = timedelta(days=14)
_WEEK: Final = timedelta(days=7)
# As much as a question speaks of that is meant: every day of a history is compared with every span.
_MOST_MONTHS: Final = 8
_MOST_YEARS: Final = 8
_MOST_SPANS: Final = 24
# Nobody speaks of days at the ends of the calendar, past which there is nothing to reckon with.
_MEANT_YEARS: Final = range(1000, 3000)

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier janv enero gennaio janeiro januari",
            "february feb februar fevrier fevr febrero febbraio fevereiro februari",
            "march marz maerz mars marzo marco maart",
            "april apr avril abril aprile",
            "may mai mayo maggio maio mei",
            "june jun juni juin junio giugno junho",
            "july jul juli juillet julio luglio julho",
            "august aug aout agosto augustus",
            "september sept sep septembre septiembre settembre setembro",
            "october oct oktober octobre octubre ottobre outubro okt",
            "november nov novembre noviembre novembro",
            "december dec dezember decembre diciembre dicembre dezembro",
        ),
        1,
    )
    for name in names.split()
}
# Also common words: they are months only next to a preposition, a day or a year.
_DOUBTFUL: Final = frozenset({"may", "march", "mars", "mai", "mei", "sep", "dec", "jun", "jan", "nov"})
_BEFORE_A_MONTH: Final = frozenset(
    "in last this next of early late mid since until by during on im letzten seit en de du a in nel di em desde".split()  # noqa: SIM905
)
_SEASONS: Final = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 2)}
_LAST: Final = frozenset({"last", "past", "letzten", "letzte", "letztes", "dernier", "pasado", "scorso", "passado"})
_COUNTS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "few": 3}
_UNITS: Final = {"day": 1, "days": 1, "week": 7, "weeks": 7, "month": 30, "months": 30, "year": 365, "years": 365}
_ISO: Final = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_TOKEN: Final = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Span:
    """Days that are meant, with how much that weighs, and what is left of it for the fortnight afterwards."""

    first: date
    last: date
    weight: float = 1.0
    afterwards: float = 0.5

    def prior(self, day: date) -> float:
        """Return how much more likely it is, from 0 to 1, that what was said on a day is meant."""
        if self.first <= day <= self.last:
            return self.weight
        return self.weight * self.afterwards if self.last < day <= self.last + _TOLD_WITHIN else 0.0


def spans_of(text: str, *, today: date, years: Iterable[int]) -> tuple[Span, ...]:
    """Return the days that a text speaks of, each once; a month without a year is that of each of `years`.

    Of too many those that are named first are meant, and of `years` the latest.
    """
    words = _TOKEN.findall(folded(text))
    told = (int(word) for word in words if len(word) == 4 and word[:2] in {"19", "20"})
    named_years = list(dict.fromkeys(told))[:_MOST_YEARS]
    meant_years = named_years or sorted(set(years))[-_MOST_YEARS:]
    months = _in_months(words, meant_years, today)
    for found in (chain(_iso_days(text), _relative(words, today), months), _seasons(words, meant_years, today)):
        if spans := tuple(islice(dict.fromkeys(found), _MOST_SPANS)):
            return spans
    return tuple(Span(date(year, 1, 1), date(year, 12, 31), weight=0.3, afterwards=0.0) for year in named_years)


def _iso_days(text: str) -> Iterator[Span]:
    for year, month, day in _ISO.findall(text):
        yield from _around(int(year), int(month), int(day))


def _around(year: int, month: int, day: int) -> Iterator[Span]:
    """Yield a day, the week before it, in which it was planned, and the rest of its month."""
    if not (year in _MEANT_YEARS and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return
    meant = date(year, month, day)
    yield Span(meant, meant, afterwards=0.8)
    yield Span(meant - _WEEK, meant, weight=0.4, afterwards=0.0)
    yield Span(meant.replace(day=1), meant.replace(day=monthrange(year, month)[1]), weight=0.4, afterwards=0.0)


def _in_months(words: list[str], years: Iterable[int], today: date) -> Iterator[Span]:
    named = dict.fromkeys(_months(words))
    for month, day, is_last in islice(named, _MOST_MONTHS):
        for year in [_last_of(month, today)] if is_last else years:
            if day:
                yield from _around(year, month, day)
            else:
                yield Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def _months(words: list[str]) -> Iterator[tuple[int, int, bool]]:
    """Yield each month that is named, with its day or 0, and whether it is the last such month."""
    for at, word in enumerate(words):
        month = _MONTHS.get(word)
        if month is None:
            continue
        before = words[at - 1] if at else ""
        after = words[at + 1] if at + 1 < len(words) else ""
        if word not in _DOUBTFUL or before in _BEFORE_A_MONTH or before.isdecimal() or after.isdecimal():
            days = (number for number in map(_number, (before, after)) if 1 <= number <= 31)
            yield month, next(days, 0), before in _LAST


def _number(word: str) -> int:
    """Return a number of up to three digits; 0 for any other word, as `²` and a thousand digits are."""
    return int(word) if len(word) < 4 and word.isdecimal() else 0


def _last_of(month: int, today: date) -> int:
    return today.year if month < today.month else today.year - 1


def _seasons(words: list[str], years: Iterable[int], today: date) -> Iterator[Span]:
    for at, word in enumerate(words):
        if word not in _SEASONS:
            continue
        first, last = _SEASONS[word]
        ends = _ends(years, first, last)
        if at > 0 and words[at - 1] in _LAST:
            recent = _ends(range(today.year - 2, today.year + 1), first, last)
            ends = dict([max((year, end) for year, end in recent.items() if end < today)])
        for year, end in ends.items():
            yield Span(date(year, first, 1), end, weight=0.7, afterwards=0.4)


def _ends(years: Iterable[int], first: int, last: int) -> dict[int, date]:
    return {year: date(year + (last < first), last, 28) for year in years}


def _relative(words: list[str], today: date) -> Iterator[Span]:
    if "yesterday" in words or "gestern" in words or "ayer" in words or "hier" in words or "ieri" in words:
        yield Span(today - timedelta(days=1), today - timedelta(days=1))
    if "today" in words or "heute" in words or "hoy" in words or "oggi" in words:
        yield Span(today, today)
    for at, word in enumerate(words):
        unit = _UNITS.get(word)
        if unit is None or at == 0:
            continue
        before = words[at - 1]
        if before in _LAST:
            is_whole = before != "past" and words[max(0, at - 2)] != "the"
            yield (_last_whole(word, today) if is_whole else None) or _up_to(today, word, unit)
        elif at + 1 < len(words) and words[at + 1] == "ago":
            count = _number(before) or _COUNTS.get(before, 0)
            if 0 < count * unit < 40_000:
                meant = today - timedelta(days=count * unit)
                slack = timedelta(days=max(1, count * unit // 5))
                yield Span(meant - slack, meant + slack)


def _last_whole(unit: str, today: date) -> Span | None:
    """Return the week, month or year of the calendar that is over; None for other words."""
    match unit:
        case "week":
            monday = today - timedelta(days=today.weekday()) - _WEEK
            return Span(monday, monday + timedelta(days=6))
        case "month":
            end = today.replace(day=1) - timedelta(days=1)
            return Span(end.replace(day=1), end)
        case "year":
            return Span(date(today.year - 1, 1, 1), date(today.year - 1, 12, 31))
    return None


def _up_to(today: date, unit: str, days: int) -> Span:
    """Return so many days up to today, of several units some."""
    return Span(today - timedelta(days=days * (_COUNTS["few"] if unit.endswith("s") else 1)), today)
