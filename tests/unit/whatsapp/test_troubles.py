"""What is done about each error of Meta's table."""

import pytest

from source.adapters.whatsapp.troubles import MetaError, Remedy, advice_for, delivery_error, remedy_for
from source.domain.errors import UndeliverableError
from tests.fakes.graph_errors import ERRORS


@pytest.mark.parametrize(
    ("codes", "remedy"),
    [
        ((131056,), Remedy.PERSON),
        ((130429, 80007, 4), Remedy.NUMBER),
        ((131047,), Remedy.WINDOW),
        ((131026, 131062), Remedy.ELSEWHERE),
        ((131050, 131051, 100), Remedy.NEVER),
        ((131048, 131049), Remedy.ALERT),
        ((190, 0, 10, 200, 299, 131031), Remedy.OPERATOR),
        ((132001, 132015), Remedy.TEMPLATE),
        ((131016, 131000, 2, 500, 502, 503, 999_999), Remedy.LATER),
        ((504,), Remedy.UNKNOWN),
    ],
)
def test_each_error_has_its_remedy(codes: tuple[int, ...], remedy: Remedy) -> None:
    assert {remedy_for(code) for code in codes} == {remedy}


def test_what_can_never_arrive_is_not_tried_again() -> None:
    for code in (131047, 131026, 131050):
        assert isinstance(delivery_error(code, "no"), UndeliverableError)
    for code in (131056, 130429, 131016, 190):
        assert not isinstance(delivery_error(code, "no"), UndeliverableError)


def test_whoever_runs_the_number_is_told_what_to_do() -> None:
    stopping = [code for code in ERRORS if remedy_for(code) in {Remedy.OPERATOR, Remedy.ALERT}]
    assert len(stopping) >= 10
    assert all(advice_for(code).endswith((".", "why.")) for code in stopping)
    assert "WHATSAPP_TOKEN" in advice_for(190)
    assert "whatsapp_business_messaging" in advice_for(10)


def test_a_page_of_html_does_not_fill_the_log() -> None:
    error = MetaError(502, "<html>\n" + "Sorry, something went wrong. " * 100 + "</html>")
    assert len(str(error)) < 250
    assert "\n" not in str(error)
