"""Orders as SQL, and what comes after a record in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, false, func, or_, true

from source.adapters.storage.record_conditions import Column, Columns, bound, ordered
from source.domain.records import MOST_CHARS_IN_ORDER, Order


def order_sql(order: Sequence[Order], columns: Columns, dialect: str) -> list[UnaryExpression[Any]]:
    """Return the terms to order by; what is NULL is the smallest."""
    return [_term(each, _compared(each, columns, dialect)) for each in order]


def _term(order: Order, column: Column) -> UnaryExpression[Any]:
    term = column.desc() if order.descending else column.asc()
    if not order.field.nullable:
        return term  # as plain as the index that serves it
    return term.nulls_last() if order.descending else term.nulls_first()


def _compared(order: Order, columns: Columns, dialect: str) -> Column:
    column = columns[order.field.name]
    return ordered(func.substr(column, 1, MOST_CHARS_IN_ORDER) if order.is_cut else column, order.field.kind, dialect)


def after_sql(order: Sequence[Order], values: Sequence[Any], columns: Columns, dialect: str) -> ColumnElement[bool]:
    """Return whether a row comes after the one that has these values."""
    first, value = order[0], values[0]
    column = _compared(first, columns, dialect)
    rest = after_sql(order[1:], values[1:], columns, dialect) if len(order) > 1 else false()
    if value is None:
        larger = false() if first.descending else column.is_not(None)
        return or_(larger, and_(column.is_(None), rest))
    limit = bound(value)
    beyond: ColumnElement[bool] = column < limit if first.descending else column > limit
    if first.descending and first.field.nullable:
        return or_(beyond, column.is_(None), and_(column == limit, rest))
    # Said twice, so that an index can begin where the page does.
    at_least = column <= limit if first.descending else column >= limit
    return and_(at_least, or_(beyond, and_(true(), column == limit, rest)))
