"""What the operator may say of the business, and what is said back when it is wrong."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from source.app.settings import Settings
from source.domain.out_of_hours import OutOfHours
from source.domain.thread import Platform


def _settings(**values: object) -> Settings:
    return Settings.model_validate(values)


def test_without_anything_said_an_ai_says_that_it_is_one_on_whatsapp_and_always_answers() -> None:
    usual = _settings()
    assert usual.ai_disclosure == (Platform.WHATSAPP,)
    assert usual.hours.opens_after(datetime(2026, 11, 22, tzinfo=UTC)) is None
    assert (usual.human_timeout, usual.whatsapp_pause) == (timedelta(hours=12), timedelta(hours=1))


def test_platforms_are_separated_by_commas_and_none_is_none() -> None:
    assert _settings(ai_disclosure="whatsapp, discord").ai_disclosure == (Platform.WHATSAPP, Platform.DISCORD)
    assert _settings(ai_disclosure="").ai_disclosure == ()


def test_hours_are_those_of_their_zone() -> None:
    there = {"business_hours": " Mon-Fri 09:00-18:00 ", "business_timezone": "Europe/Berlin", "out_of_hours": "NOTICE"}
    hours = _settings(**there).hours
    assert hours.out_of_hours is OutOfHours.NOTICE
    assert hours.opens_after(datetime(2026, 11, 20, 16, 59, tzinfo=UTC)) is None
    assert hours.opens_after(datetime(2026, 11, 20, 17, tzinfo=UTC)) == datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"business_hours": "9 to 5"}, "'9 to 5' is not understood: write days and times like"),
        ({"business_hours": "mon 09:00-18:00", "business_timezone": "Berlin"}, "such as Europe/Berlin"),
        ({"out_of_hours": "silent_notice"}, "OUT_OF_HOURS needs BUSINESS_HOURS"),
        ({"out_of_hours": "sleep"}, "silent_notice"),
        ({"ai_disclosure": "whatsap"}, "whatsapp"),
        ({"business_name": "two\nlines"}, "pattern"),
        ({"human_timeout_hours": 0}, "greater than 0"),
    ],
)
def test_what_is_wrong_is_said(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        _settings(**wrong)
