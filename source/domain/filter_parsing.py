"""Reads MongoDB-style filters, checked against the fields that there are."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.filters import (
    EVERYTHING,
    All,
    AnyOf,
    Compared,
    Comparison,
    Condition,
    Exists,
    Not,
    OneOf,
    Place,
    Texted,
    TextTest,
    is_textual,
)
from source.domain.record_field import MOST_TEXT_CHARS, Field, Kind, Scalar, json_scalar_of, nearest, scalar_of

MOST_LEVELS: Final = 8
MOST_CONDITIONS: Final = 100
MOST_VALUES: Final = 500
MOST_VALUES_IN_ALL: Final = 1_000
MOST_KEYS: Final = 6
# Every database reads such a key of JSON alike, however the JSON was written.
_KEY: Final = re.compile(r"[A-Za-z0-9_ -]{1,64}")
_LOGICAL: Final = ("$and", "$or", "$nor", "$not")
_OPERATORS: Final = (
    "$eq",
    "$ne",
    "$in",
    "$nin",
    "$exists",
    "$not",
    *(each.value for each in Comparison),
    *(each.value for each in TextTest),
)
_NO_PATTERNS: Final = "patterns are not offered, as some take for ever; use $contains or $startswith."


def parse_filter(given: object, fields: Mapping[str, Field]) -> Condition:
    """Return the filter as a tree; null is one that matches everything.

    Raises: RefusedInputError: it names the place in the filter and says what to write instead.
    """
    return EVERYTHING if given is None else _Parser(fields).whole(given)


class _Parser:
    """Counts what it reads, so that no filter takes long."""

    def __init__(self, fields: Mapping[str, Field]) -> None:
        self._fields = fields
        self._conditions = 0
        self._values = 0

    def whole(self, given: object) -> Condition:
        return self._filter(given, "filter", 1)

    def _filter(self, given: object, where: str, level: int) -> Condition:
        if not isinstance(given, Mapping):
            raise RefusedInputError(f"{where}: an object of fields and conditions is expected.")
        if level > MOST_LEVELS:
            raise RefusedInputError(f"{where}: a filter may have {MOST_LEVELS} levels at most.")
        return _all(
            [
                self._logical(key, value, f"{where}.{key}", level)
                if str(key).startswith("$")
                else self._on_field(self._place(str(key), where), value, f"{where}.{key}", level)
                for key, value in given.items()
            ]
        )

    def _logical(self, operator: str, given: object, where: str, level: int) -> Condition:
        if operator not in _LOGICAL:
            raise RefusedInputError(f"{where}: no such operator here; {nearest(operator, list(_LOGICAL))}")
        if operator == "$not":
            return Not(self._filter(given, where, level + 1))
        if not isinstance(given, Sequence) or isinstance(given, str) or not given:
            raise RefusedInputError(f"{where}: a list of filters is expected, with at least one.")
        self._count(len(given), where)
        parts = tuple(self._filter(part, f"{where}[{number}]", level + 1) for number, part in enumerate(given))
        match operator:
            case "$and":
                return All(parts)
            case "$or":
                return AnyOf(parts)
        return Not(AnyOf(parts))

    def _place(self, path: str, where: str) -> Place:
        name, *keys = path.split(".")
        field = self._fields.get(name)
        if field is None:
            raise RefusedInputError(f"{where}: there is no field {name!r}; {nearest(name, self._searchable())}")
        if not field.searchable:
            raise RefusedInputError(f"{where}: {name} cannot be searched for; it is only shown.")
        if keys and field.kind is not Kind.JSON:
            raise RefusedInputError(f"{where}: {name} has nothing in it that {path!r} could mean.")
        if len(keys) > MOST_KEYS or not all(_KEY.fullmatch(key) for key in keys):
            raise RefusedInputError(
                f"{where}: {path!r} may name {MOST_KEYS} keys at most, of letters (A to Z), digits, spaces, _ and -."
            )
        return Place(field, tuple(keys))

    def _searchable(self) -> list[str]:
        return [name for name, field in self._fields.items() if field.searchable]

    def _on_field(self, place: Place, given: object, where: str, level: int) -> Condition:
        self._count(1, where)
        if not isinstance(given, Mapping):
            return self._equal(place, given, where)
        if place.field.kind is Kind.JSON and given and not any(str(key).startswith("$") for key in given):
            raise RefusedInputError(f"{where}: name one value in it, such as {_path(place)}.{next(iter(given))}.")
        if not given:
            raise RefusedInputError(f"{where}: a value or an operator is expected, such as $eq.")
        if level > MOST_LEVELS:
            raise RefusedInputError(f"{where}: a filter may have {MOST_LEVELS} levels at most.")
        return _all([self._operator(place, str(key), value, f"{where}.{key}", level) for key, value in given.items()])

    def _operator(self, place: Place, operator: str, given: object, where: str, level: int) -> Condition:
        if operator == "$regex":
            raise RefusedInputError(f"{where}: {_NO_PATTERNS}")
        if operator not in _OPERATORS:
            raise RefusedInputError(f"{where}: no such operator; {nearest(operator, list(_OPERATORS))}")
        match operator:
            case "$eq":
                return self._equal(place, given, where)
            case "$ne":
                return Not(self._equal(place, given, where))
            case "$in":
                return self._among(place, given, where)
            case "$nin":
                return Not(self._among(place, given, where))
            case "$exists":
                return _existing(place, given, where)
            case "$not":
                if not isinstance(given, Mapping):
                    raise RefusedInputError(f"{where}: an operator is expected, such as $contains.")
                return Not(self._on_field(place, given, where, level + 1))
        return self._measured(place, operator, given, where)

    def _measured(self, place: Place, operator: str, given: object, where: str) -> Condition:
        if operator in set(TextTest):
            if not is_textual(place) or _is_bare_json(place) or not isinstance(given, str):
                raise RefusedInputError(f"{where}: {operator} looks for text in a text.")
            return Texted(place, TextTest(operator), str(_value(place, given, where)))
        if place.field.kind in {Kind.BOOLEAN, Kind.TEXTS} or isinstance(given, bool):
            raise RefusedInputError(f"{where}: {operator} needs something that has an order.")
        return Compared(place, Comparison(operator), _value(place, given, where))

    def _equal(self, place: Place, given: object, where: str) -> Condition:
        return Not(Exists(place)) if given is None else OneOf(place, (_value(place, given, where),))

    def _among(self, place: Place, given: object, where: str) -> Condition:
        if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MOST_VALUES:
            raise RefusedInputError(f"{where}: a list of at most {MOST_VALUES} values is expected.")
        self._values += len(given)
        if self._values > MOST_VALUES_IN_ALL:
            raise RefusedInputError(f"{where}: the lists of a filter may have {MOST_VALUES_IN_ALL} values in all.")
        values = tuple(
            _value(place, value, f"{where}[{number}]") for number, value in enumerate(given) if value is not None
        )
        found = OneOf(place, values)
        return AnyOf((found, Not(Exists(place)))) if None in given else found

    def _count(self, more: int, where: str) -> None:
        self._conditions += more
        if self._conditions > MOST_CONDITIONS:
            raise RefusedInputError(f"{where}: a filter may have {MOST_CONDITIONS} conditions at most.")


def _value(place: Place, given: object, where: str) -> Scalar:
    if _is_bare_json(place):
        raise RefusedInputError(f"{where}: name one value in it, such as {place.field.name}.name.")
    value = json_scalar_of(given, where) if place.keys else scalar_of(place.field.kind, given, where)
    if isinstance(value, str) and len(value) > MOST_TEXT_CHARS:
        raise RefusedInputError(f"{where}: text of at most {MOST_TEXT_CHARS} characters is expected.")
    return value


def _existing(place: Place, given: object, where: str) -> Condition:
    if not isinstance(given, bool):
        raise RefusedInputError(f"{where}: true or false is expected.")
    return Exists(place) if given else Not(Exists(place))


def _is_bare_json(place: Place) -> bool:
    return place.field.kind is Kind.JSON and not place.keys


def _path(place: Place) -> str:
    return ".".join((place.field.name, *place.keys))


def _all(parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else All(tuple(parts))
