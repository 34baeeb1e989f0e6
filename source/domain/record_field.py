"""What a field of a record may hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from math import isfinite
from typing import Final, TypeAlias

from source.domain.errors import RefusedInputError
from source.domain.message_text import is_storable

# What every reader of JSON keeps exactly.
LARGEST_NUMBER: Final = 2**53 - 1
MOST_TEXT_CHARS: Final = 2_000

Scalar: TypeAlias = str | int | float | bool | datetime


class Kind(StrEnum):
    """What a field holds; a `KEY` is a number that JSON shows as text, as not every reader keeps all its digits."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    KEY = "key"
    TEXTS = "texts"
    JSON = "json"


class Given(StrEnum):
    """When whoever writes a record says what a field holds."""

    NEVER = "never"
    ONCE = "once"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Field:
    """A field; one that is not `searchable` takes part in no filter and no order.

    `given` by whoever creates a record, always also by whoever changes it; else Echo says what it holds.
    """

    name: str
    kind: Kind
    about: str
    example: object = None
    nullable: bool = True
    given: Given = Given.NEVER
    required: bool = False
    searchable: bool = True
    choices: tuple[str, ...] = ()
    least: float = -LARGEST_NUMBER
    most: float = LARGEST_NUMBER
    min_chars: int = 0
    max_chars: int = MOST_TEXT_CHARS

    @property
    def is_ordered(self) -> bool:
        return self.searchable and self.kind not in {Kind.JSON, Kind.TEXTS}


def scalar_of(kind: Kind, value: object, where: str) -> Scalar:
    """Return `value` as a record of this kind has it; `where` names its place for people.

    Raises: RefusedInputError.
    """
    match kind:
        case Kind.TEXT | Kind.TEXTS if isinstance(value, str):
            return _text(value, where)
        case Kind.INTEGER | Kind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
            return number_of(value, where)
        case Kind.BOOLEAN if isinstance(value, bool):
            return value
        case Kind.MOMENT if isinstance(value, str | datetime):
            return moment_of(value, where)
        case Kind.KEY if isinstance(value, str | int | float) and not isinstance(value, bool):
            return _key(value, where)
    raise RefusedInputError(f"{where}: {_EXPECTED[kind]} is expected.")


def json_scalar_of(value: object, where: str) -> Scalar:
    """Return text, a number or a truth value that may stand somewhere in JSON."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, where)
    if isinstance(value, int | float):
        return number_of(value, where)
    raise RefusedInputError(f"{where}: text, a number, true, false or null is expected.")


def moment_of(value: str | datetime, where: str) -> datetime:
    """Return an aware UTC time of an ISO 8601 one; without an offset it is UTC, without a time midnight."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RefusedInputError(f"{where}: {_EXPECTED[Kind.MOMENT]} is expected.") from None


def number_of(value: float, where: str) -> int | float:
    """Return a number that every store keeps exactly."""
    if not isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise RefusedInputError(f"{where}: a number of at most 2^53 - 1, either way, is expected.")
    return value


def _text(value: str, where: str) -> str:
    if not is_storable(value):
        raise RefusedInputError(f"{where}: text must have no NUL and no lone surrogate.")
    return value


def _key(value: str | float, where: str) -> int:
    # JSON tells 5.0 from 5 no more than JavaScript does.
    digits = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 16 and int(digits) <= LARGEST_NUMBER):
        raise RefusedInputError(f"{where}: {_EXPECTED[Kind.KEY]} is expected.")
    return int(digits)


_EXPECTED: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "text",
    Kind.TEXTS: "text",
    Kind.INTEGER: "a number",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.MOMENT: "a time such as 2026-03-02T09:00:00Z",
    Kind.KEY: "an id, which is a number of at most 16 digits,",
    Kind.JSON: "an object",
}


# Above it a word is another one misspelt; below, the beginning of one tells more.
_SPELLED_ALIKE: Final = 0.75


def nearest(word: str, known: list[str]) -> str:
    """Return the end of a sentence that names what was probably meant, or all there is."""
    close = get_close_matches(word, known, n=1, cutoff=_SPELLED_ALIKE)
    close = close or [name for name in known if word and (word.startswith(name) or name.startswith(word))]
    close = close or get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}."
