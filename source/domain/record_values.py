"""What programs write into records, checked before anything is kept."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.metadata import checked_tags
from source.domain.record_field import Field, Given, Kind, json_scalar_of, nearest, scalar_of
from source.domain.records import Collection

MOST_JSON_LEVELS: Final = 8
MOST_JSON_CHARS: Final = 20_000
LONGEST_KEY_CHARS: Final = 200
# A number is written in so many characters at most, true and false and the signs around them in fewer.
_CHARS_FOR_EACH_VALUE: Final = 24


def values_to_create(collection: Collection, given: object, where: str = "record") -> dict[str, object]:
    """Return what a new record is given.

    Raises: RefusedInputError: it names the field and says what to write instead.
    """
    values = _checked(collection, given, where, frozenset({Given.ONCE, Given.ALWAYS}))
    for field in collection.fields.values():
        if field.required and field.name not in values:
            raise RefusedInputError(f"{where}.{field.name}: every {collection.one} needs one.")
    return values


def values_to_change(collection: Collection, given: object, where: str = "changes") -> dict[str, object]:
    """Return what a record is changed to; null takes away what may be missing.

    Raises: RefusedInputError: it names the field and says what to write instead.
    """
    values = _checked(collection, given, where, frozenset({Given.ALWAYS}))
    if not values:
        raise RefusedInputError(f"{where}: at least one field to change is expected.")
    return values


def _checked(collection: Collection, given: object, where: str, allowed: frozenset[Given]) -> dict[str, object]:
    if not isinstance(given, Mapping):
        raise RefusedInputError(f"{where}: an object of fields and values is expected.")
    known = [field.name for field in collection.fields.values() if field.given in allowed]
    values: dict[str, object] = {}
    for name, value in given.items():
        if name not in collection.fields:
            raise RefusedInputError(f"{where}: there is no field {str(name)!r}; {nearest(str(name), known)}")
        if name not in known:
            raise RefusedInputError(f"{where}.{name}: it cannot be set here; {nearest('', known)}")
        values[name] = _value(collection.fields[name], value, f"{where}.{name}")
    return values


def _value(field: Field, given: object, where: str) -> object:
    if given is None:
        if not field.nullable:
            raise RefusedInputError(f"{where}: it cannot be null.")
        return None
    match field.kind:
        case Kind.TEXTS:
            return _tags(given, where)
        case Kind.JSON:
            return _json(given, where)
    value = scalar_of(field.kind, given, where)
    if isinstance(value, str):
        return _text(field, value, where)
    if isinstance(value, int | float) and not isinstance(value, bool) and field.kind is not Kind.KEY:
        return _number(field, value, where)
    return value


def _text(field: Field, value: str, where: str) -> str:
    if field.choices and value not in field.choices:
        raise RefusedInputError(f"{where}: one of {', '.join(field.choices)} is expected.")
    if not field.min_chars <= len(value) <= field.max_chars:
        raise RefusedInputError(f"{where}: {field.min_chars} to {field.max_chars} characters are expected.")
    return value


def _number(field: Field, value: int | float, where: str) -> int | float:
    if not field.least <= value <= field.most:
        raise RefusedInputError(f"{where}: a number from {field.least} to {field.most} is expected.")
    if field.kind is Kind.NUMBER:
        return value
    if value != int(value):
        raise RefusedInputError(f"{where}: a whole number is expected.")
    return int(value)


def _tags(given: object, where: str) -> tuple[str, ...]:
    if not isinstance(given, Sequence) or not all(isinstance(tag, str) for tag in given) or isinstance(given, str):
        raise RefusedInputError(f"{where}: a list of words is expected.")
    try:
        return checked_tags(given)
    except RefusedInputError as error:
        raise RefusedInputError(f"{where}: {error}") from None


def _json(given: object, where: str) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        raise RefusedInputError(f"{where}: an object is expected.")
    if sum(_sizes(given, where, 1)) > MOST_JSON_CHARS:
        raise RefusedInputError(f"{where}: an object of at most {MOST_JSON_CHARS} characters is expected.")
    return given


def _sizes(value: object, where: str, level: int) -> Iterator[int]:
    """Yield how much each part takes, about; every part is one that stores and filters keep exactly."""
    if level > MOST_JSON_LEVELS:
        raise RefusedInputError(f"{where}: an object of at most {MOST_JSON_LEVELS} levels is expected.")
    yield _CHARS_FOR_EACH_VALUE
    if isinstance(value, Mapping):
        for key, part in value.items():
            if len(str(scalar_of(Kind.TEXT, key, where))) > LONGEST_KEY_CHARS:
                raise RefusedInputError(f"{where}: keys of at most {LONGEST_KEY_CHARS} characters are expected.")
            yield len(key)
            yield from _sizes(part, where, level + 1)
    elif isinstance(value, str):
        yield len(str(json_scalar_of(value, where)))
    elif isinstance(value, Sequence):
        for part in value:
            yield from _sizes(part, where, level + 1)
    elif value is not None:
        json_scalar_of(value, where)
