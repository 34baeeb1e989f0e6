"""The fields of a profile, and which form the values of each have."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.language_names import LANGUAGE_CODES, language_code
from source.domain.summary_text import one_line, size_of

MOST_VALUE_BYTES: Final = 400
_LEAST_DIGITS, _MOST_DIGITS = 6, 15


class ProfileField(StrEnum):
    """The fields that have a meaning; any other name is a free field."""

    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    COMPANY = "company"
    ADDRESS = "address"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"


KNOWN_FIELDS: Final = tuple(field.value for field in ProfileField)
EMAIL: Final = re.compile(r"[^\W_][\w.+'-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}[^\W\d_]{2,24}")
PHONE: Final = re.compile(r"\+?\(?\d[\d\s().\-/–]{4,24}\d")
_NOT_DIGITS: Final = re.compile(r"\D+")
_FREE_FIELD: Final = re.compile(r"[^\W\d_][\w-]{0,39}")
_DIGIT: Final = re.compile(r"\d")
_SLIP: Final = 0.8  # how alike, of 1
_HAS_WORD: Final = re.compile(r"\w")
_HAS_LETTER: Final = re.compile(r"[^\W\d_]")
_ALSO: Final[Mapping[str, ProfileField]] = {
    "e-mail": ProfileField.EMAIL,
    "e_mail": ProfileField.EMAIL,
    "mail": ProfileField.EMAIL,
    "email_address": ProfileField.EMAIL,
    "telephone": ProfileField.PHONE,
    "mobile": ProfileField.PHONE,
    "phone_number": ProfileField.PHONE,
    "employer": ProfileField.COMPANY,
    "lang": ProfileField.LANGUAGE,
    "timezone": ProfileField.TIME_ZONE,
    "time-zone": ProfileField.TIME_ZONE,
}


def _any(_value: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class ProfileRules:
    """What has to be looked up to tell a value from a slip: numbering plans and the time zones there are.

    `is_phone` takes the digits, after a + where the country's code is among them.
    """

    is_phone: Callable[[str], bool] = _any
    is_time_zone: Callable[[str], bool] = _any


FORMS_ALONE: Final = ProfileRules()


def field_name(given: str) -> str | None:
    """Return how a field is stored; None: that is no name."""
    name = re.sub(r"\s+", "_", one_line(given).lower())
    known = _ALSO.get(name, name)
    return str(known) if _FREE_FIELD.fullmatch(known) else None


def checked_field(given: str) -> str:
    """Return how a field is stored.

    Raises: RefusedInputError.
    """
    name = field_name(given)
    if name is None:
        known = ", ".join(KNOWN_FIELDS)
        raise RefusedInputError(f"A field is one word of letters: {known}, or one of your own.")
    return name


def settable_field(given: str) -> str:
    """As `checked_field`, for a field that is to have a value: what is nearly one that is known is a slip.

    Raises: RefusedInputError: it says which is meant.
    """
    import difflib  # a chat that begins does without

    name = checked_field(given)
    names = {**{field: field for field in KNOWN_FIELDS}, **_ALSO}
    if name not in KNOWN_FIELDS and not _DIGIT.search(name):  # a second of its kind has a number
        for near in difflib.get_close_matches(name, names, 1, _SLIP):
            raise RefusedInputError(f"I know no field {name}: did you mean {names[near]}?")
    return name


def checked_value(field: str, given: str, rules: ProfileRules) -> str:
    """Return a value as it is stored.

    Raises: RefusedInputError: it has not the form of the field; the text says which that is.
    """
    value = valid_value(field, given, rules)
    if value is not None:
        return value
    match field:
        case ProfileField.EMAIL:
            raise RefusedInputError("That is no e-mail address: one looks like ann@example.org.")
        case ProfileField.PHONE:
            raise RefusedInputError("That is no phone number: write it with its country's code, like +49 30 901820.")
        case ProfileField.LANGUAGE:
            raise RefusedInputError("Which language is that? Write its name or its code, like German or de.")
        case ProfileField.TIME_ZONE:
            raise RefusedInputError("There is no such time zone: one looks like Europe/Berlin.")
    raise RefusedInputError(f"A value is a few words, {MOST_VALUE_BYTES} bytes at most.")


def valid_value(field: str, given: str, rules: ProfileRules = FORMS_ALONE) -> str | None:
    """Return a value as it is stored; None: it has not the form of the field."""
    value = one_line(given)
    if not _HAS_WORD.search(value) or size_of(value) > MOST_VALUE_BYTES:
        return None
    match field:
        case ProfileField.EMAIL:
            return value if EMAIL.fullmatch(value) else None
        case ProfileField.PHONE:
            return value if PHONE.fullmatch(value) and _is_phone(value, rules) else None
        case ProfileField.LANGUAGE:
            return value.lower() if value.lower() in LANGUAGE_CODES else language_code(value)
        case ProfileField.TIME_ZONE:
            return value if rules.is_time_zone(value) else None
        case ProfileField.NAME | ProfileField.COMPANY:
            return value if _HAS_LETTER.search(value) else None
    return value


def digits_of(phone: str) -> str:
    """Return the digits of a number alone."""
    return _NOT_DIGITS.sub("", phone)


def _is_phone(value: str, rules: ProfileRules) -> bool:
    digits = digits_of(value)
    if not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS:
        return False
    if digits.startswith("00"):
        return rules.is_phone(f"+{digits[2:]}")
    return rules.is_phone(f"+{digits}" if value.lstrip("(").startswith("+") else digits)
