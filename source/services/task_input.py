"""What a task was given, read from JSON."""

from collections.abc import Collection
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.message_text import is_storable
from source.domain.task import Json

MOST_IDS: Final = 10_000
_LONGEST_ID_CHARS: Final = 512
_LARGEST_ID: Final = 2**53


def refuse_unknown_keys(given: Json, known: Collection[str]) -> None:
    """Raises: RefusedInputError: a key is none of those that are known."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise RefusedInputError(f"There is no {unknown[0][:40]!r} here: there are {', '.join(known)}.")


def ids_in(given: Json, key: str) -> list[int] | None:
    """Return a list of ids, which may be written as text; None when it is absent or null.

    Raises: RefusedInputError: it is none.
    """
    listed = _list_in(given, key)
    if listed is None:
        return None
    ids = [_id(each) for each in listed]
    if any(each is None for each in ids):
        raise RefusedInputError(f"{key} must be a list of ids, which are whole numbers.")
    return list(dict.fromkeys(each for each in ids if each is not None))


def names_in(given: Json, key: str) -> list[str] | None:
    """Return a list of texts such as chat ids; None when it is absent or null.

    Raises: RefusedInputError: it is none.
    """
    listed = _list_in(given, key)
    if listed is None:
        return None
    if not all(isinstance(each, str) and 0 < len(each) <= _LONGEST_ID_CHARS and is_storable(each) for each in listed):
        raise RefusedInputError(f"{key} must be a list of texts of 1 to {_LONGEST_ID_CHARS} characters.")
    return list(dict.fromkeys(str(each) for each in listed))


def flag_in(given: Json, key: str) -> bool | None:
    """Return a yes or no; None when it is absent or null.

    Raises: RefusedInputError: it is neither.
    """
    value = given.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise RefusedInputError(f"{key} must be true or false.")


def _list_in(given: Json, key: str) -> list[object] | None:
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, list):
        raise RefusedInputError(f"{key} must be a list.")
    if len(value) > MOST_IDS:
        raise RefusedInputError(f"{key} holds {len(value):,} entries; there may be {MOST_IDS:,} at a time.")
    return value


def _id(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 16:
        value = int(value)
    is_id = isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LARGEST_ID
    return int(value) if is_id and isinstance(value, int) else None
