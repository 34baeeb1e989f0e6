"""When people are there, by the clock on the wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.business_hours import BusinessHours, hours_in
from source.domain.out_of_hours import Hours, OutOfHours, spoken

BERLIN = ZoneInfo("Europe/Berlin")
SHOP = hours_in("mon-fri 09:00-18:00, sat 10:00-14:00", BERLIN)


def at(written: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-20 08:59:59", False),  # a Friday
        ("2026-11-20 09:00", True),
        ("2026-11-20 17:59:59", True),
        ("2026-11-20 18:00", False),
        ("2026-11-21 10:00", True),
        ("2026-11-21 14:00", False),
        ("2026-11-22 12:00", False),
    ],
)
def test_somebody_is_there_from_the_beginning_up_to_the_end(moment: str, is_open: bool) -> None:
    assert SHOP.is_open(at(moment)) is is_open
    assert SHOP.is_open(at(moment).astimezone(UTC)) is is_open


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-20 07:00", "2026-11-20 09:00"),
        ("2026-11-20 18:00", "2026-11-21 10:00"),
        ("2026-11-21 15:00", "2026-11-23 09:00"),
        ("2026-11-22 23:59", "2026-11-23 09:00"),
    ],
)
def test_the_next_opening_is_the_first_that_comes(moment: str, opens: str) -> None:
    assert SHOP.opens_after(at(moment)) == at(opens)


def test_one_opening_a_week_is_found_a_week_ahead() -> None:
    monday = hours_in("mon 09:00-10:00", BERLIN)
    assert monday.opens_after(at("2026-11-23 10:00")) == at("2026-11-30 09:00")


def test_the_same_hours_are_other_moments_in_summer_and_in_winter() -> None:
    assert SHOP.opens_after(at("2026-03-27 20:00")).astimezone(UTC).hour == 9  # Saturday 10:00 in winter
    assert SHOP.opens_after(at("2026-03-29 12:00")).astimezone(UTC).hour == 7  # Monday 09:00 in summer


def test_hours_that_the_clock_jumps_over_begin_with_the_jump() -> None:
    night = hours_in("sun 02:30-05:00", BERLIN)  # 2026-03-29 has no time between 02:00 and 03:00
    opens = night.opens_after(at("2026-03-29 01:00"))
    assert opens.astimezone(UTC) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert night.is_open(opens)
    assert not night.is_open(opens.astimezone(UTC) - timedelta(minutes=1))


def test_hours_that_are_on_the_clock_twice_begin_twice() -> None:
    night = hours_in("sun 02:30-02:40", BERLIN)  # 2026-10-25 has the time from 02:00 to 03:00 twice
    between = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
    assert between.astimezone(BERLIN).strftime("%H:%M") == "02:50"
    assert night.opens_after(between.astimezone(BERLIN)).astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_hours_up_to_midnight_go_on_the_next_day_where_that_is_written() -> None:
    bar = hours_in("fri 20:00-24:00, sat 00:00-02:00", BERLIN)
    assert bar.is_open(at("2026-11-20 23:59:59"))
    assert bar.is_open(at("2026-11-21 00:00"))
    assert not bar.is_open(at("2026-11-21 02:00"))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("monday 09:00-18:00", "is not understood"),
        ("mon 9:00-18:00", "is not understood"),
        ("mon-fri 09:00-18:00,", "is not understood"),
        ("moo 09:00-18:00", "'moo' is no day"),
        ("mon 09:00-25:00", "'25:00' is no time"),
        ("mon 09:60-18:00", "'09:60' is no time"),
        ("mon 24:30-24:40", "'24:30' is no time"),
        ("fri-mon 09:00-18:00", "ends before it begins: a week"),
        ("fri 22:00-02:00", "ends before it begins: hours over midnight"),
        ("mon 09:00-09:00", "ends before it begins"),
        ("mon-fri 09:00-13:00, tue 12:00-18:00", "the times of tue overlap"),
    ],
)
def test_what_is_wrong_with_hours_is_said(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        hours_in(written, BERLIN)


def test_two_openings_of_a_day_may_touch_and_stand_in_any_order() -> None:
    day = hours_in("mon 13:00-18:00, mon 09:00-13:00", BERLIN)
    assert day.is_open(at("2026-11-23 13:00"))
    assert day.opens_after(at("2026-11-22 12:00")) == at("2026-11-23 09:00")


_zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
_hours = st.sampled_from(["mon-fri 09:00-18:00", "sun 02:15-02:45", "sat 00:00-24:00", "mon-sun 01:30-03:00"])
_moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda each: each.replace(tzinfo=UTC))


@given(moment=_moments, zone=_zones, written=_hours)
def test_the_next_opening_is_open_and_nothing_before_it_is(moment: datetime, zone: str, written: str) -> None:
    hours = hours_in(written, ZoneInfo(zone))
    if hours.is_open(moment):
        return
    opens = hours.opens_after(moment).astimezone(UTC)
    assert opens > moment
    assert hours.is_open(opens)
    minutes = int((opens - moment).total_seconds() // 60)
    earlier = range(0, minutes, max(1, minutes // 40))
    assert not any(hours.is_open(moment + timedelta(minutes=each)) for each in earlier)
    assert not hours.is_open(opens - timedelta(seconds=1))


def test_a_moment_is_told_as_people_say_it() -> None:
    now = at("2026-11-20 07:00")
    assert spoken(at("2026-11-20 09:00"), now) == "today at 09:00"
    assert spoken(at("2026-11-23 09:00"), now) == "on Monday at 09:00"
    assert spoken(at("2026-11-27 09:00"), now) == "on Friday, 27 November at 09:00"


def test_when_people_are_there_is_told_only_where_the_operator_wants_that() -> None:
    closed = at("2026-11-22 12:00")
    assert Hours(SHOP, OutOfHours.NOTICE).told_when(closed) == "People are here again on Monday at 09:00."
    assert Hours(SHOP, OutOfHours.NOTICE).told_when(at("2026-11-20 10:00")) == ""
    assert Hours(SHOP, OutOfHours.ANSWER).told_when(closed) == ""
    assert Hours().told_when(closed) == ""
    assert isinstance(SHOP, BusinessHours)
