"""What is done about each error of Meta's table."""

import pytest

from source.adapters.whatsapp.troubles import Remedy, delivery_error, remedy_for
from source.domain.errors import UndeliverableError


@pytest.mark.parametrize(
    ("codes", "remedy"),
    [
        ((131047,), Remedy.WINDOW),
        ((131056,), Remedy.PAIR_RATE),
        ((130429, 80007, 4), Remedy.NUMBER_RATE),
        ((131048, 131049, 131050, 131026, 131062), Remedy.NEVER),
        ((190, 0, 10, 200, 299), Remedy.CREDENTIALS),
        ((131016, 131000, 2, 999_999), Remedy.LATER),
    ],
)
def test_each_error_has_its_remedy(codes: tuple[int, ...], remedy: Remedy) -> None:
    assert {remedy_for(code) for code in codes} == {remedy}


def test_what_can_never_arrive_is_not_tried_again() -> None:
    for code in (131047, 131026, 131050):
        assert isinstance(delivery_error(code, "no"), UndeliverableError)
    for code in (131056, 130429, 131016, 190):
        assert not isinstance(delivery_error(code, "no"), UndeliverableError)
