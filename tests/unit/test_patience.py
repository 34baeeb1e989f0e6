"""How long a server may be away."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from source.adapters.storage.patience import Patience


class AwayError(Exception):
    """Passes by itself."""


class Moments:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
def patience(moments: Moments) -> Patience:
    return Patience(
        2.0, passes=lambda error: isinstance(error, AwayError), now=lambda: moments.now, pause=moments.pause
    )


def _failing(times: int, error: type[Exception] = AwayError) -> Callable[[], int]:
    tries = 0

    def work() -> int:
        nonlocal tries
        tries += 1
        if tries <= times:
            raise error
        return tries

    return work


def test_what_fails_once_is_tried_again_at_once(patience: Patience, moments: Moments) -> None:
    assert patience.run(_failing(1)) == 2
    assert moments.pauses == [0.0]


def test_pauses_grow_so_that_a_server_can_start(patience: Patience, moments: Moments) -> None:
    assert patience.run(_failing(6)) == 7
    assert moments.pauses == sorted(moments.pauses)
    assert moments.pauses[-1] <= 0.5


def test_patience_ends(patience: Patience, moments: Moments) -> None:
    with pytest.raises(AwayError):
        patience.run(_failing(1_000))
    assert 2.0 <= moments.now < 2.5


def test_during_a_long_outage_everything_is_tried_once(patience: Patience, moments: Moments) -> None:
    with pytest.raises(AwayError):
        patience.run(_failing(1_000))
    before = len(moments.pauses)
    with pytest.raises(AwayError):
        patience.run(_failing(1))
    assert len(moments.pauses) == before


def test_after_an_outage_there_is_patience_again(patience: Patience) -> None:
    with pytest.raises(AwayError):
        patience.run(_failing(1_000))
    assert patience.run(_failing(0)) == 1
    assert patience.run(_failing(3)) == 4


def test_what_does_not_pass_is_raised_at_once(patience: Patience, moments: Moments) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        patience.run(_failing(1, ValueError))
    assert moments.pauses == []


def test_an_outage_is_told_once_when_it_begins_and_when_it_ends(patience: Patience) -> None:
    with capture_logs() as logs:
        patience.run(_failing(5))
        patience.run(_failing(0))
    assert [entry["event"] for entry in logs] == ["store.server_away", "store.server_back"]
