"""Fields and values of profiles: what they are called, which form they have, and which of them holds."""

from datetime import timedelta

import pytest

from source.domain.errors import RefusedInputError
from source.domain.profile import Profile, ProfilePlace, ProfileSource, ProfileValue
from source.domain.profile_fields import (
    ProfileRules,
    checked_field,
    checked_value,
    field_name,
    settable_field,
    valid_value,
)
from tests.fakes.store_samples import NOW

_RULES = ProfileRules(is_phone={"+4930901820", "030901820"}.__contains__, is_time_zone={"Europe/Berlin"}.__contains__)


def _value(number: int, field: str, value: str, *, after: float = 0) -> ProfileValue:
    said_at = NOW + timedelta(seconds=after)
    return ProfileValue(number, field, value, ProfileSource.PERSON, ProfilePlace(), said_at)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("E-Mail", "email"),
        (" Time  zone ", "time_zone"),
        ("Timezone", "time_zone"),
        ("employer", "company"),
        ("Birthday", "birthday"),
        ("Größe", "größe"),
        ("", None),
        ("1st", None),
        ("a" * 41, None),
        ("a/b", None),
    ],
)
def test_fields_have_one_name_however_they_are_written(given: str, name: str | None) -> None:
    assert field_name(given) == name


@pytest.mark.parametrize(
    ("field", "given", "value"),
    [
        ("email", " ann@example.org ", "ann@example.org"),
        ("email", "ann@example", None),
        ("email", "ann example.org", None),
        ("phone", "+49 30 901820", "+49 30 901820"),
        ("phone", "0049 30 901820", "0049 30 901820"),
        ("phone", "030 901820", "030 901820"),
        ("phone", "030 901821", None),
        ("phone", "1234", None),
        ("language", "Deutsch", "de"),
        ("language", "EN", "en"),
        ("language", "Klingon", None),
        ("time_zone", "Europe/Berlin", "Europe/Berlin"),
        ("time_zone", "Mars/Base", None),
        ("name", "Ann\nLee", "Ann Lee"),
        ("name", "123", None),
        ("birthday", "1 May", "1 May"),
        ("birthday", "…", None),
        ("address", "x" * 401, None),
    ],
)
def test_a_value_has_the_form_of_its_field(field: str, given: str, value: str | None) -> None:
    assert valid_value(field, given, _RULES) == value


@pytest.mark.parametrize(
    ("field", "told"),
    [("email", "ann@example.org"), ("phone", "country's code"), ("language", "German"), ("time_zone", "Europe/Berlin")],
)
def test_a_refusal_says_what_the_value_looks_like(field: str, told: str) -> None:
    with pytest.raises(RefusedInputError, match=told):
        checked_value(field, "nothing", _RULES)


def test_a_refusal_of_a_field_names_the_fields() -> None:
    with pytest.raises(RefusedInputError, match="name, email"):
        checked_field("!")


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("emial", "email"), ("adress", "address"), ("Compny", "company"), ("mobil", "phone"), ("langauge", "language")],
)
def test_a_slip_in_a_fields_name_is_refused_with_the_one_that_is_meant(slip: str, meant: str) -> None:
    with pytest.raises(RefusedInputError, match=f"did you mean {meant}\\?"):
        settable_field(slip)
    assert checked_field(slip) == slip.lower()  # what was set before can be forgotten


@pytest.mark.parametrize("own", ["nickname", "email2", "work_email", "hobby", "pet", "home_address", "team"])
def test_a_field_of_ones_own_is_no_slip(own: str) -> None:
    assert settable_field(own) == own


def test_of_each_field_the_newest_value_holds() -> None:
    profile = Profile.of(
        [_value(1, "email", "old@x.org"), _value(2, "email", "new@x.org", after=5), _value(3, "name", "Ann", after=1)]
    )
    assert profile.fields(("name", "email")) == ["name", "email"]
    current = profile.current("email")
    assert current is not None
    assert current.value == "new@x.org"
    assert [value.value for value in profile.earlier("email")] == ["old@x.org"]
    assert profile.missing(("name", "email", "phone")) == ("phone",)
    assert not profile.found_all_info(("name", "phone"))
    assert profile.found_all_info(("name", "email"))


def test_what_is_said_twice_is_told_once_as_earlier() -> None:
    values = [
        _value(n, "email", value, after=n) for n, value in enumerate(["a@x.org", "b@x.org", "A@x.org", "c@x.org"])
    ]
    assert [value.value for value in Profile.of(values).earlier("email")] == ["A@x.org", "b@x.org"]
