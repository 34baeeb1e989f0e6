"""What is done about each error of Meta's table."""

import pytest
from structlog.testing import capture_logs

from source.adapters.whatsapp.troubles import Remedy, delivery_error, remedy_for
from source.domain.errors import UndeliverableError


@pytest.mark.parametrize(
    ("codes", "remedy"),
    [
        ((131047, 131048, 131049, 131050, 131026, 131062), Remedy.NEVER),
        ((190, 0, 10, 200, 299), Remedy.OPERATOR),
        ((131056, 130429, 80007, 4, 131016, 131000, 2, 999_999), Remedy.LATER),
    ],
)
def test_each_error_has_its_remedy(codes: tuple[int, ...], remedy: Remedy) -> None:
    assert {remedy_for(code) for code in codes} == {remedy}


def test_what_can_never_arrive_is_not_tried_again() -> None:
    for code in (131047, 131026, 131050):
        assert isinstance(delivery_error(code, "no"), UndeliverableError)
    for code in (131056, 130429, 131016, 190):
        assert not isinstance(delivery_error(code, "no"), UndeliverableError)


def test_what_the_operator_has_to_mend_is_told_as_an_error() -> None:
    with capture_logs() as logs:
        delivery_error(190, "the token has expired")
        delivery_error(131056, "too fast")
    assert [(each["log_level"], each["code"]) for each in logs] == [("error", 190)]
