"""Who is still there."""

from datetime import UTC, datetime, timedelta

from source.adapters.tasks.vigil import Vigil
from tests.fakes.clock import FakeClock

SAID = datetime(2020, 1, 1, tzinfo=UTC)
LATER = SAID + timedelta(seconds=1)


class Watch:
    """A vigil of 30 seconds that looks every 5."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.vigil = Vigil(self.clock, timedelta(seconds=30))

    def look_for(self, seconds: int, heard: dict[str, datetime]) -> set[str]:
        for _ in range(seconds // 5):
            self.clock.advance(seconds=5)
            present = self.vigil.present(heard)
        return present


def test_one_whose_mark_stands_still_is_gone_after_the_silence() -> None:
    watch = Watch()
    assert watch.look_for(30, {"a": SAID}) == {"a"}
    assert watch.look_for(5, {"a": SAID}) == set()


def test_a_mark_that_moves_either_way_is_a_sign_of_life() -> None:
    watch = Watch()
    watch.look_for(30, {"a": LATER})
    assert watch.look_for(5, {"a": SAID}) == {"a"}
    assert watch.look_for(25, {"a": SAID}) == {"a"}
    assert watch.look_for(5, {"a": SAID}) == set()


def test_one_that_was_forgotten_and_comes_back_is_there_again() -> None:
    watch = Watch()
    watch.look_for(35, {"a": SAID})
    assert watch.look_for(5, {}) == set()
    assert watch.look_for(5, {"a": SAID}) == {"a"}


def test_who_has_not_looked_for_long_judges_nobody() -> None:
    watch = Watch()
    watch.look_for(25, {"a": SAID, "b": SAID})
    watch.clock.advance(seconds=60)
    assert watch.vigil.present({"a": SAID, "b": LATER}) == {"a", "b"}
    assert watch.look_for(25, {"a": SAID, "b": LATER}) == {"a", "b"}
    assert watch.look_for(5, {"a": SAID, "b": LATER}) == set()


def test_the_clock_on_the_wall_does_not_matter() -> None:
    watch = Watch()
    watch.look_for(5, {"a": SAID})
    watch.clock.jump(days=400)
    assert watch.look_for(5, {"a": SAID}) == {"a"}
