"""How far something sent has come, whatever order it is told in."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.domain.outcome import Outcome, later, of_part, of_reply

UNTOLD, UNKNOWN, SENT, DELIVERED, READ, FAILED = Outcome
TOLD = st.lists(st.sampled_from([SENT, DELIVERED, READ, FAILED]))


@given(TOLD, st.randoms(), TOLD)
def test_in_any_order_and_with_repeats_it_ends_the_same(
    told: list[Outcome], chance: object, more: list[Outcome]
) -> None:
    again = [*told, *(each for each in more if each in told)]
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert reduce(later, again, UNTOLD) is reduce(later, told, UNTOLD)


@given(TOLD)
def test_nothing_goes_back_and_a_failure_stays(told: list[Outcome]) -> None:
    known = UNTOLD
    for each in told:
        known, before = later(known, each), known
        assert later(before, known) is known
        if before is FAILED:
            assert known is FAILED
    assert known is (FAILED if FAILED in told else max(told, key=list(Outcome).index, default=UNTOLD))


@pytest.mark.parametrize(
    ("tries", "come"),
    [
        ([], UNTOLD),
        ([FAILED], FAILED),
        ([FAILED, UNTOLD], UNTOLD),
        ([UNKNOWN, SENT], SENT),
        ([READ, FAILED, SENT], READ),
    ],
)
def test_a_part_has_come_as_far_as_its_best_try(tries: list[Outcome], come: Outcome) -> None:
    assert of_part(tries) is come


@pytest.mark.parametrize(
    ("parts", "come"),
    [
        ([], UNTOLD),
        ([READ, DELIVERED], DELIVERED),
        ([READ, UNTOLD], UNTOLD),
        ([READ, UNKNOWN], UNKNOWN),
        ([UNKNOWN, FAILED], FAILED),
        ([READ], UNTOLD),
    ],
)
def test_a_reply_has_come_as_far_as_the_least_of_its_two_parts(parts: list[Outcome], come: Outcome) -> None:
    assert of_reply({number: [each] for number, each in enumerate(parts)}, 2) is come
