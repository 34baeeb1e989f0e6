"""Which days a question speaks of."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.recall.dates import Span, spans_of

_TODAY = date(2023, 9, 20)  # a Wednesday
_YEARS = (2022, 2023)


def _spans(text: str, *, today: date = _TODAY, years: tuple[int, ...] = _YEARS) -> tuple[Span, ...]:
    return spans_of(text, today=today, years=years)


def _prior(text: str, day: date, *, today: date = _TODAY, years: tuple[int, ...] = _YEARS) -> float:
    return max((span.prior(day) for span in _spans(text, today=today, years=years)), default=0.0)


def _days(text: str, *, today: date = _TODAY) -> list[tuple[date, date]]:
    return [(span.first, span.last) for span in _spans(text, today=today)]


def test_a_month_is_that_of_every_year_in_which_something_was_said() -> None:
    assert _days("What did Ana say in June?") == [
        (date(2022, 6, 1), date(2022, 6, 30)),
        (date(2023, 6, 1), date(2023, 6, 30)),
    ]


def test_a_month_with_its_year_is_that_one() -> None:
    assert _days("in February 2024") == [(date(2024, 2, 1), date(2024, 2, 29))]


def test_last_march_is_the_latest_that_is_over() -> None:
    assert _days("last March") == [(date(2023, 3, 1), date(2023, 3, 31))]
    assert _days("last October") == [(date(2022, 10, 1), date(2022, 10, 31))]
    assert _days("last September") == [(date(2022, 9, 1), date(2022, 9, 30))]


@pytest.mark.parametrize(
    "text", ["on 27 June 2023", "on June 27, 2023", "am 27. Juni 2023", "2023-06-27", "June 27th, 2023"]
)
def test_a_day_is_meant_most_and_the_week_before_and_the_month_less(text: str) -> None:
    day = date(2023, 6, 27)
    assert _prior(text, day) == 1.0
    assert 0 < _prior(text, day - timedelta(days=3)) < 1.0
    assert 0 < _prior(text, date(2023, 6, 2)) < 1.0
    assert _prior(text, date(2023, 5, 30)) == 0.0


def test_what_happened_is_told_of_for_a_fortnight() -> None:
    assert 0 < _prior("in June 2023", date(2023, 7, 10)) < _prior("in June 2023", date(2023, 6, 10))
    assert _prior("in June 2023", date(2023, 7, 15)) == 0.0


@pytest.mark.parametrize("text", ["You may ask", "I may march on", "It may be", "the mars bar", "mai"])
def test_words_that_are_also_months_are_none_by_themselves(text: str) -> None:
    assert _spans(text) == ()


@pytest.mark.parametrize("text", ["in May", "on 5 May", "May 2023", "since may", "last May", "im Mai", "en mars"])
def test_beside_a_preposition_a_day_or_a_year_they_are_months(text: str) -> None:
    assert _spans(text)


def test_months_of_other_languages_are_known() -> None:
    for text in ("im März 2023", "en marzo 2023", "em março 2023", "en mars 2023", "in maart 2023"):
        assert (date(2023, 3, 1), date(2023, 3, 31)) in _days(text), text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("two weeks ago", date(2023, 9, 6)),
        ("3 days ago", date(2023, 9, 17)),
        ("a month ago", date(2023, 8, 21)),
        ("one year ago", date(2022, 9, 20)),
        ("yesterday", date(2023, 9, 19)),
        ("today", date(2023, 9, 20)),
        ("gestern", date(2023, 9, 19)),
    ],
)
def test_days_that_are_told_from_today_are_found(text: str, meant: date) -> None:
    assert _prior(f"What did I say {text}?", meant) == 1.0
    assert _prior(f"What did I say {text}?", meant - timedelta(days=200)) == 0.0


@pytest.mark.parametrize(
    ("text", "today", "first", "last"),
    [
        ("last week", _TODAY, date(2023, 9, 11), date(2023, 9, 17)),
        ("last week", date(2023, 9, 18), date(2023, 9, 11), date(2023, 9, 17)),  # a Monday
        ("last week", date(2023, 9, 17), date(2023, 9, 4), date(2023, 9, 10)),  # a Sunday
        ("last week", date(2024, 1, 3), date(2023, 12, 25), date(2023, 12, 31)),
        ("last month", _TODAY, date(2023, 8, 1), date(2023, 8, 31)),
        ("last month", date(2024, 3, 31), date(2024, 2, 1), date(2024, 2, 29)),
        ("last month", date(2024, 1, 1), date(2023, 12, 1), date(2023, 12, 31)),
        ("last year", _TODAY, date(2022, 1, 1), date(2022, 12, 31)),
        ("last year in the office", date(2024, 2, 29), date(2023, 1, 1), date(2023, 12, 31)),
    ],
)
def test_the_last_week_month_or_year_is_the_one_that_is_over(text: str, today: date, first: date, last: date) -> None:
    assert _days(f"What did I say {text}?", today=today) == [(first, last)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("in the past week", date(2023, 9, 13)),
        ("over the last month", date(2023, 8, 21)),
        ("the past year", date(2022, 9, 20)),
        ("the last weeks", date(2023, 8, 30)),
        ("the last days", date(2023, 9, 17)),
        ("last months", date(2023, 6, 22)),
    ],
)
def test_a_time_up_to_now_ends_today(text: str, first: date) -> None:
    assert _days(text) == [(first, _TODAY)]


def test_a_season_is_that_of_every_year_and_the_last_one_is_over() -> None:
    assert _prior("in summer", date(2022, 7, 1)) == _prior("in summer", date(2023, 7, 1)) > 0
    assert _prior("last winter", date(2023, 1, 15)) > 0
    assert _prior("last winter", date(2022, 1, 15)) == 0.0
    assert _prior("last summer", date(2023, 7, 1)) > 0
    assert _prior("last autumn", date(2022, 10, 1)) > 0


def test_a_year_alone_weighs_little() -> None:
    assert 0 < _prior("What happened in 2022?", date(2022, 5, 5)) < 0.5
    assert _prior("What happened in 2022?", date(2023, 1, 2)) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        *("31 February 2023", "2023-02-31", "0 May 2023", "May 0000", "2023-13-01"),
        *("99999999999 years ago", "0 days ago", "² weeks ago"),
        *("in May ²", "² May", f"May {'1' * 5_000}", "\u2460 june"),
    ],
)
def test_days_that_do_not_exist_do_no_harm(text: str) -> None:
    assert all(span.first <= span.last for span in _spans(text))


def test_what_is_said_again_and_again_is_meant_once() -> None:
    for text in ("may 2001 ", "two weeks ago ", "2023-06-27 ", "in summer ", "last March ", "yesterday ", "in 2019 "):
        assert _spans(text * 500) == _spans(text), text


def test_of_many_days_those_that_are_named_first_are_meant() -> None:
    months = "january february march april may june july august september october november december"
    found = _days(" ".join(f"{month} 2022" for month in months.split()))
    assert [first.month for first, _ in found] == [1, 2, 3, 4, 5, 6, 7, 8]
    years = " ".join(f"in may {year}" for year in range(1990, 2020))
    assert [first.year for first, _ in _days(years)] == list(range(1990, 1998))
    assert len(_spans(f"{months} 3 {years}")) == 24


def test_of_a_history_of_many_years_the_latest_are_meant() -> None:
    spans = _spans("in June", years=tuple(range(2000, 2024)))
    assert [span.first.year for span in spans] == list(range(2016, 2024))


@pytest.mark.parametrize("text", ["0001-01-03", "0000-05-05", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_not_meant(text: str) -> None:
    assert _spans(text) == ()


_PIECES = (
    "last in on may march june winter summer ago two 3 31 29 30 2023 1999 0 week weeks years a of the 9999 days month "
    "february 2023-02-29 1900-01-01 0001-01-01 9999-12-31 yesterday today fall 999 500 ² \u0663"
)
_WORDS = st.sampled_from(_PIECES.split())


@given(
    st.one_of(st.text(), st.lists(_WORDS, max_size=12).map(" ".join)),
    st.dates(date(1970, 1, 1), date(2200, 12, 31)),
    st.frozensets(st.integers(1970, 2200), max_size=4),
)
def test_no_text_on_any_day_does_harm(text: str, today: date, years: frozenset[int]) -> None:
    for span in spans_of(text, today=today, years=years):
        assert span.first <= span.last
        assert 0.0 <= span.prior(today) <= 1.0
