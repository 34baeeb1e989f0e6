"""Filters over records: a small tree, and whether a record matches it.

A field that is null counts as missing, everywhere. What is missing equals nothing and compares with nothing; every
condition is true or false, never unknown, so that `Not` matches exactly what its inside does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from source.domain.record_field import Field, Kind, Scalar

Record: TypeAlias = Mapping[str, object]


class Comparison(StrEnum):
    """How a value stands to another of its type; text by code points."""

    GT = "$gt"
    GTE = "$gte"
    LT = "$lt"
    LTE = "$lte"


class TextTest(StrEnum):
    """What a text has in it; case counts."""

    CONTAINS = "$contains"
    STARTS_WITH = "$startswith"


@dataclass(frozen=True, slots=True)
class Place:
    """A field, or with `keys` a value inside its JSON."""

    field: Field
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exists:
    """The place holds something."""

    place: Place


@dataclass(frozen=True, slots=True)
class OneOf:
    """The place holds one of these; a list of texts does when any of its entries is one."""

    place: Place
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """The place holds something of the value's type that stands so to it."""

    place: Place
    comparison: Comparison
    value: Scalar


@dataclass(frozen=True, slots=True)
class Texted:
    """The place holds a text that has this in it."""

    place: Place
    test: TextTest
    value: str


@dataclass(frozen=True, slots=True)
class All:
    """Every part matches; without parts everything does."""

    parts: "tuple[Condition, ...]" = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A part matches."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """What its inside does not match."""

    part: "Condition"


Condition: TypeAlias = Exists | OneOf | Compared | Texted | All | AnyOf | Not

EVERYTHING = All()


def matches(record: Record, condition: Condition) -> bool:
    """Whether the record matches."""
    match condition:
        case All(parts):
            return all(matches(record, part) for part in parts)
        case AnyOf(parts):
            return any(matches(record, part) for part in parts)
        case Not(part):
            return not matches(record, part)
        case Exists(place):
            return _held(record, place) is not None
        case OneOf(place, values):
            held = _held(record, place)
            if place.field.kind is Kind.TEXTS:
                return isinstance(held, list | tuple) and any(_is_one_of(entry, values) for entry in held)
            return _is_one_of(held, values)
        case Compared(place, comparison, value):
            return _compares(_held(record, place), comparison, value)
        case Texted(place, test, text):
            return _has(_held(record, place), test, text)


def fields_in(condition: Condition) -> frozenset[str]:
    """Return the names of the fields that decide whether a record matches."""
    match condition:
        case All(parts) | AnyOf(parts):
            return frozenset().union(*map(fields_in, parts))
        case Not(part):
            return fields_in(part)
    return frozenset({condition.place.field.name})


def _held(record: Record, place: Place) -> object:
    held = record.get(place.field.name)
    for key in place.keys:
        held = held.get(key) if isinstance(held, Mapping) else None
    return held


def _is_one_of(held: object, values: tuple[Scalar, ...]) -> bool:
    return any(_are_alike(held, value) and held == value for value in values)


def _compares(held: object, comparison: Comparison, value: Scalar) -> bool:
    if not _are_alike(held, value):
        return False
    # Alike values of these types are ordered; the type checker cannot see that both are of the same.
    smaller, equal = held < value, held == value  # type: ignore[operator]
    match comparison:
        case Comparison.GT:
            return not smaller and not equal
        case Comparison.GTE:
            return not smaller
        case Comparison.LT:
            return bool(smaller)
        case Comparison.LTE:
            return bool(smaller or equal)


def _has(held: object, test: TextTest, text: str) -> bool:
    if not isinstance(held, str):
        return False
    return text in held if test is TextTest.CONTAINS else held.startswith(text)


def _are_alike(held: object, value: Scalar) -> bool:
    """Whether two values are of one type; a truth value is no number."""
    if isinstance(held, bool) or isinstance(value, bool):
        return isinstance(held, bool) and isinstance(value, bool)
    return any(isinstance(held, kind) and isinstance(value, kind) for kind in (str, int | float, datetime))


def is_textual(place: Place) -> bool:
    """Whether the place can hold text."""
    return place.field.kind in {Kind.TEXT, Kind.JSON}
