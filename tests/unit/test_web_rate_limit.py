"""How many requests one caller may make."""

from source.adapters.web.rate_limit import RateLimit
from tests.fakes.clock import FakeClock


def taken(limit: RateLimit, caller: str, times: int) -> list[bool]:
    return [limit.take(caller).is_allowed for _ in range(times)]


def test_a_caller_may_use_a_minute_at_once_and_then_waits_for_each() -> None:
    clock = FakeClock()
    limit = RateLimit(60, clock)
    assert taken(limit, "a", 61) == [True] * 60 + [False]
    clock.advance(seconds=1)
    assert taken(limit, "a", 2) == [True, False]


def test_callers_do_not_take_from_each_other() -> None:
    limit = RateLimit(1, FakeClock())
    assert taken(limit, "a", 2) == [True, False]
    assert taken(limit, "b", 1) == [True]


def test_silence_saves_up_no_more_than_a_minute() -> None:
    clock = FakeClock()
    limit = RateLimit(10, clock)
    taken(limit, "a", 10)
    clock.advance(hours=1)
    assert taken(limit, "a", 11) == [True] * 10 + [False]


def test_what_is_left_and_how_long_to_wait_is_told() -> None:
    limit = RateLimit(2, FakeClock())
    allowances = [limit.take("a") for _ in range(3)]
    assert [(each.left, each.seconds) for each in allowances] == [(1, 30), (0, 60), (0, 30)]


def test_any_number_of_callers_takes_bounded_room() -> None:
    limit = RateLimit(2, FakeClock())
    taken(limit, "constant", 2)
    for number in range(20_000):
        limit.take(f"address {number}")
        limit.take("constant")
    assert len(limit._buckets) <= 10_000
    assert not limit.take("constant").is_allowed
