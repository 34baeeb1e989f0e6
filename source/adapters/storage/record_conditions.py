"""Filters as SQL: what they say of a row is what `domain.filters.matches` says of its record."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import reduce
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    String,
    and_,
    case,
    cast,
    collate,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from source.adapters.storage.moment import Moment
from source.domain.filters import (
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
)
from source.domain.record_field import Field, Kind, Scalar

# Any: what a column holds is known to its field, not to the type checker.
Column = ColumnElement[Any]
Columns = Mapping[str, Column]


def condition_sql(
    condition: Condition, columns: Columns, dialect: str, *, common: AbstractSet[str] = frozenset()
) -> ColumnElement[bool]:
    """Return the condition over these columns; a row for which it is NULL does not match.

    Conditions on `common` fields are taken for what most rows match.
    """
    return _Compiler(columns, dialect, common).sql(condition)


def valued(column: Column, kind: Kind) -> Column:
    """Return what a record has: a flag without a row of its own is false."""
    return func.coalesce(column, false()) if kind is Kind.BOOLEAN else column


def ordered(column: Column, kind: Kind, dialect: str) -> Column:
    """Return the column as it is compared and ordered by: text by code points in every database."""
    return collate(column, "C") if kind is Kind.TEXT and dialect == "postgresql" else valued(column, kind)


def named(field: Field, value: Scalar) -> Column:
    """Return the value; one of few that there are stands in the statement, so that partial indexes are seen to fit."""
    if isinstance(value, str) and value in field.choices:
        return literal(str(value), String(), literal_execute=True)
    return bound(value)


def bound(value: Scalar | None) -> Column:
    """Return the value as a parameter of its own type, whatever it is compared with."""
    match value:
        case bool():
            return literal(value, Boolean())
        case int():
            return literal(value, BigInteger())
        case float():
            return literal(value, Float())
        case datetime():
            return literal(value, Moment())
    return literal(value, String())


class InJson(Protocol):
    """A value inside JSON: its type, and NULL wherever it is of another type than asked for."""

    kind: Column
    text: Column
    number: Column
    truth: Column


def inside(column: Column, keys: tuple[str, ...], dialect: str) -> InJson:
    """Return what a column of JSON has under these keys."""
    within = _InSqlite if dialect == "sqlite" else _InPostgres
    return within(column, keys)


class _Compiler:
    def __init__(self, columns: Columns, dialect: str, common: AbstractSet[str]) -> None:
        self._columns = columns
        self._dialect = dialect
        self._common = common

    def sql(self, condition: Condition) -> ColumnElement[bool]:
        match condition:
            case All(parts):
                return and_(true(), *map(self.sql, parts))
            case AnyOf(parts):
                return or_(false(), *map(self.sql, parts))
            case Not(part):
                # What is unknown to SQL does not match, so that its opposite does.
                return not_(func.coalesce(self.sql(part), false()))
        test = self._test(condition)
        # SQLite would rather begin with whatever has an index or a table of its own, and sort what it finds.
        is_hinted = self._dialect == "sqlite" and condition.place.field.name in self._common
        return func.likely(test) if is_hinted else test

    def _test(self, condition: Exists | OneOf | Compared | Texted) -> ColumnElement[bool]:
        match condition:
            case Exists(place):
                return self._exists(place)
            case OneOf(place, values):
                return self._is_one_of(place, values)
            case Compared(place, comparison, value):
                return _compared(self._of_type(place, value), comparison, bound(value))
            case Texted(place, test, text):
                return self._has(self._of_type(place, text), test, text)

    def _column(self, place: Place) -> Column:
        return self._columns[place.field.name]

    def _exists(self, place: Place) -> ColumnElement[bool]:
        if place.keys:
            return func.coalesce(self._json(place).kind, "null") != "null"
        return valued(self._column(place), place.field.kind).is_not(None)

    def _is_one_of(self, place: Place, values: tuple[Scalar, ...]) -> ColumnElement[bool]:
        if place.field.kind is Kind.TEXTS:
            return self._holds_one_of(self._column(place), values)
        if len(values) < 2 or place.field.kind is Kind.BOOLEAN:
            return or_(false(), *(self._is(place, value) for value in values))
        if place.keys:
            return self._is_one_in_json(place, values)
        return self._column(place).in_([named(place.field, value) for value in values])

    def _is_one_in_json(self, place: Place, values: tuple[Scalar, ...]) -> ColumnElement[bool]:
        """Look into the JSON once for each type of value: once for each value would take seconds."""
        held = self._json(place)
        texts = [bound(value) for value in values if isinstance(value, str)]
        numbers = [bound(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        truths = {value for value in values if isinstance(value, bool)}
        return or_(
            false(),
            *([held.text.in_(texts)] if texts else []),
            *([held.number.in_(numbers)] if numbers else []),
            *(self._is(place, truth) for truth in truths),
        )

    def _is(self, place: Place, value: Scalar) -> ColumnElement[bool]:
        if isinstance(value, bool):
            return self._is_true(place) if value else self._is_false(place)
        held = self._json_of_type(place, value) if place.keys else self._column(place)
        return held == named(place.field, value)

    def _is_true(self, place: Place) -> ColumnElement[bool]:
        return self._json(place).truth.is_(true()) if place.keys else self._column(place)

    def _is_false(self, place: Place) -> ColumnElement[bool]:
        return self._json(place).truth.is_(false()) if place.keys else not_(func.coalesce(self._column(place), false()))

    def _holds_one_of(self, column: Column, values: tuple[Scalar, ...]) -> ColumnElement[bool]:
        wanted = [bound(value) for value in values]
        if self._dialect == "postgresql":
            entries = func.json_array_elements_text(
                case((func.json_typeof(column) == "array", column), else_=func.json_build_array())
            ).table_valued("value")
        else:
            entries = func.json_each(column).table_valued("value")
        return exists(select(1).select_from(entries).where(entries.c.value.in_(wanted)))

    def _of_type(self, place: Place, value: Scalar) -> Column:
        """Return what is at the place where it is of the value's type, in the form in which it has an order."""
        held = self._json_of_type(place, value) if place.keys else self._column(place)
        return ordered(held, Kind.TEXT if isinstance(value, str) else place.field.kind, self._dialect)

    def _json_of_type(self, place: Place, value: Scalar) -> Column:
        inside = self._json(place)
        return inside.text if isinstance(value, str) else inside.number

    def _json(self, place: Place) -> InJson:
        return inside(self._column(place), place.keys, self._dialect)

    def _has(self, held: Column, test: TextTest, text: str) -> ColumnElement[bool]:
        if test is TextTest.STARTS_WITH:
            return func.substr(held, 1, len(text)) == bound(text)
        where = func.instr(held, bound(text)) if self._dialect == "sqlite" else func.strpos(held, bound(text))
        return where > 0


def _compared(held: Column, comparison: Comparison, value: Column) -> ColumnElement[bool]:
    match comparison:
        case Comparison.GT:
            return held > value
        case Comparison.GTE:
            return held >= value
        case Comparison.LT:
            return held < value
        case Comparison.LTE:
            return held <= value


class _InSqlite:
    def __init__(self, column: Column, keys: tuple[str, ...]) -> None:
        path = "$" + "".join(f'."{key}"' for key in keys)
        held = func.json_extract(column, path)
        self.kind: Column = func.json_type(column, path)
        self.text: Column = case((self.kind == "text", type_coerce(held, String())))
        self.number: Column = case((self.kind.in_(["integer", "real"]), type_coerce(held, Float())))
        self.truth: Column = case((self.kind.in_(["true", "false"]), self.kind == "true"))


class _InPostgres:
    def __init__(self, column: Column, keys: tuple[str, ...]) -> None:
        # Step by step: a path as a whole would take a number for a place in a list.
        held: Column = reduce(_step, keys, column)
        text = reduce(_step, keys[:-1], column).op("->>", return_type=String())(bound(keys[-1]))
        self.kind: Column = func.json_typeof(held)
        self.text: Column = case((self.kind == "string", text))
        self.number: Column = case((self.kind == "number", cast(text, Float)))
        self.truth: Column = case((self.kind == "boolean", text == "true"))


def _step(column: Column, key: str) -> Column:
    return column.op("->")(bound(key))
