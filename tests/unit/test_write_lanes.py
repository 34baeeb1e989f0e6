"""What is written next, and how much of it."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from source.adapters.storage.operation import Barrier, CatchUp, Operation
from source.adapters.storage.write_lanes import Bound, Lanes


@dataclass(frozen=True, slots=True)
class Urgent(Operation[None]):
    is_urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Patient(Operation[None]):
    can_wait: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class UrgentPatient(Urgent):
    can_wait: ClassVar[bool] = True


@dataclass(frozen=True)
class Entry:
    name: str
    operation: Operation[Any]


@pytest.fixture
def lanes() -> Lanes[Entry]:
    return Lanes()


def _added(lanes: Lanes[Entry], names: str) -> None:
    """Add an entry for each letter: capital ones are urgent."""
    lanes.add([Entry(name, Urgent() if name.isupper() else Barrier()) for name in names])


def _taken(lanes: Lanes[Entry], most: int = 99) -> str:
    return "".join(entry.name for entry in lanes.take(most))


def test_what_is_urgent_goes_first(lanes: Lanes[Entry]) -> None:
    _added(lanes, "abCdE")
    assert [_taken(lanes), _taken(lanes), _taken(lanes)] == ["CE", "abd", ""]


def test_all_that_is_urgent_goes_together_and_so_many_others(lanes: Lanes[Entry]) -> None:
    _added(lanes, "abcDEF")
    assert [_taken(lanes, 2), _taken(lanes, 2), _taken(lanes, 2)] == ["DEF", "ab", "c"]


def test_the_others_get_their_turn_however_much_is_urgent(lanes: Lanes[Entry]) -> None:
    _added(lanes, "abcD")
    taken = []
    for urgent in "EFG":
        taken.append(_taken(lanes, 2))
        _added(lanes, urgent)
    assert [*taken, _taken(lanes, 2)] == ["D", "ab", "EF", "c"]


def test_nothing_but_the_urgent_overtakes(lanes: Lanes[Entry]) -> None:
    """Who asks whether everything is written that was handed over before is not told so too early."""
    _added(lanes, "aB")
    assert _taken(lanes) == "B"
    _added(lanes, "Cd")
    assert [_taken(lanes), _taken(lanes), _taken(lanes)] == ["a", "C", "d"]


def test_what_is_apart_ends_what_is_written_together(lanes: Lanes[Entry]) -> None:
    lanes.add([Entry("a", Barrier()), Entry("b", CatchUp()), Entry("c", Barrier())])
    assert [_taken(lanes), _taken(lanes)] == ["ab", "c"]


def test_what_can_wait_presses_nobody(lanes: Lanes[Entry]) -> None:
    pressing = []
    lanes.add([Entry("a", Patient())])
    pressing.append(lanes.is_pressing)
    _added(lanes, "B")
    pressing.append(lanes.is_pressing)
    assert _taken(lanes) == "B"
    pressing.append(lanes.is_pressing)
    assert pressing == [False, True, False]
    assert len(lanes) == 1


def test_what_is_given_up_is_here_no_more(lanes: Lanes[Entry]) -> None:
    _added(lanes, "abC")
    assert {entry.name for entry in lanes.emptied()} == set("abC")
    assert not lanes.is_pressing
    assert len(lanes) == 0


def test_what_is_urgent_and_can_wait_goes_with_the_others_unless_something_cannot(lanes: Lanes[Entry]) -> None:
    lanes.add([Entry("N", UrgentPatient()), Entry("a", Barrier()), Entry("b", Barrier())])
    assert _taken(lanes, 1) == "aN"
    lanes.add([Entry("M", UrgentPatient()), Entry("C", Urgent())])
    assert [_taken(lanes), _taken(lanes)] == ["MC", "b"]


def test_transactions_that_take_long_get_smaller_and_quick_ones_larger() -> None:
    bound = Bound()
    first = bound.most
    bound.least(0.001)
    bound.took(first, 1.0)
    assert bound.most == first // 2
    bound.took(3, 0.001)
    assert bound.most == first // 2  # three say nothing of so many
    bound.took(first // 2, 0.001)
    assert bound.most == first
    for _ in range(20):
        bound.took(bound.most, 1.0)
        bound.least(0.001)
    assert bound.most == 16


def test_a_few_that_take_long_say_nothing_of_many() -> None:
    bound = Bound()
    first = bound.most
    bound.least(0.001)
    bound.took(1, 1.0)
    assert bound.most == first


def test_where_any_commit_takes_long_many_go_together() -> None:
    bound = Bound()
    for _ in range(20):
        bound.took(bound.most, 0.06 + bound.most * 1e-6)
    assert bound.most == 4_096
