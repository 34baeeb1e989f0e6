"""When recurring work is due."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from source.domain.schedule import Cron, Every, Timetable
from source.services.schedule_jobs import ScheduleSettings, jobs_of

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [BERLIN, ZoneInfo("UTC"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/St_Johns")]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _ticks(timetable: Timetable, after: str, count: int) -> list[str]:
    moment, found = _utc(after), []
    for _ in range(count):
        moment = timetable.next_after(moment)
        found.append(f"{moment.astimezone(BERLIN):%m-%d %H:%M%z}")
    return found


def test_an_interval_ticks_at_multiples_since_1970() -> None:
    every = Every(timedelta(minutes=30))
    assert every.next_after(_utc("2026-03-02 09:00")) == _utc("2026-03-02 09:30")
    assert every.last_until(_utc("2026-03-02 09:00")) == _utc("2026-03-02 09:00")
    assert every.last_until(datetime(2026, 3, 2, 10, 29, 59, tzinfo=BERLIN)) == _utc("2026-03-02 09:00")


def test_a_cron_line_is_read_on_the_clocks_of_its_zone() -> None:
    daily = Cron("0 3 * * *", BERLIN)
    assert daily.next_after(_utc("2026-03-02 02:00")) == _utc("2026-03-03 02:00")
    assert daily.last_until(_utc("2026-03-02 02:00")) == _utc("2026-03-02 02:00")
    assert daily.last_until(_utc("2026-07-02 00:59")) == _utc("2026-07-01 01:00")


def test_a_time_that_is_left_out_comes_once_after_the_gap() -> None:
    assert _ticks(Cron("30 2 * * *", BERLIN), "2026-03-28 12:00", 2) == ["03-29 03:00+0200", "03-30 02:30+0200"]
    assert _ticks(Cron("*/30 * * * *", BERLIN), "2026-03-29 00:00", 3) == [
        "03-29 01:30+0100",
        "03-29 03:00+0200",
        "03-29 03:30+0200",
    ]


def test_a_time_that_comes_twice_counts_once() -> None:
    assert _ticks(Cron("30 2 * * *", BERLIN), "2026-10-24 12:00", 2) == ["10-25 02:30+0200", "10-26 02:30+0100"]
    assert _ticks(Cron("*/30 * * * *", BERLIN), "2026-10-25 00:00", 3) == [
        "10-25 02:30+0200",
        "10-25 03:00+0100",
        "10-25 03:30+0100",
    ]


@given(
    some.sampled_from(["0 3 * * *", "30 2 * * *", "45 1 * * *", "*/20 * * * *", "0 4 * * sun"]),
    some.sampled_from(ZONES),
    some.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
)
def test_ticks_are_the_same_from_both_sides(line: str, zone: ZoneInfo, moment: datetime) -> None:
    cron, moment = Cron(line, zone), moment.replace(tzinfo=UTC)
    last, following = cron.last_until(moment), cron.next_after(moment)
    assert last <= moment < following
    assert cron.next_after(last) == following
    assert cron.last_until(following) == following
    assert cron.last_until(following - timedelta(microseconds=1)) == last


def test_jobs_have_the_times_that_were_set() -> None:
    settings = ScheduleSettings(
        zone=BERLIN,
        sync_every=timedelta(minutes=10),
        full_sync_every=timedelta(hours=6),
        cleanup_at=time(1, 15),
        memories_every=None,
        metadata_is_enabled=False,
    )
    now = _utc("2026-03-02 09:01")
    jobs = {job.id: job for job in jobs_of(settings)}
    assert {name: job.timetable.next_after(now) for name, job in jobs.items() if name != "memory_generation"} == {
        "auto_archive": _utc("2026-03-03 02:00"),
        "auto_sync": _utc("2026-03-02 09:10"),
        "full_sync": _utc("2026-03-02 12:00"),
        "database_cleanup": _utc("2026-03-03 00:15"),
        "retention": _utc("2026-03-03 00:15"),
        "metadata_update": _utc("2026-03-08 03:00"),
    }
    assert [name for name, job in jobs.items() if not job.is_enabled] == ["metadata_update", "memory_generation"]


@pytest.mark.parametrize(
    ("off", "silent"),
    [
        ("archive_is_enabled", {"auto_archive"}),
        ("sync_is_enabled", {"auto_sync", "full_sync"}),
        ("cleanup_is_enabled", {"database_cleanup"}),
        ("metadata_is_enabled", {"metadata_update"}),
    ],
)
def test_each_switch_turns_off_its_jobs(off: str, silent: set[str]) -> None:
    settings = ScheduleSettings(zone=BERLIN, **{off: False})  # type: ignore[arg-type]
    assert {job.id for job in jobs_of(settings) if not job.is_enabled} == silent
