"""What requests for records ask for, read from their queries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query

from source.adapters.web.problems import Problem
from source.adapters.web.record_models import FURTHEST
from source.adapters.web.record_schemas import order_schema
from source.domain.record_cursor import LONGEST_CURSOR_CHARS
from source.domain.record_field import LARGEST_NUMBER
from source.domain.records import Collection
from source.services.records import MOST_IN_A_PAGE, MOST_IN_BULK

# Any: OpenAPI is JSON.
Schema = dict[str, Any]

_LONGEST_FILTER_CHARS: Final = 20_000
# Shown by `filter_parameter`: FastAPI has no words for JSON in a query.
_Filter = Annotated[str | None, Query(max_length=_LONGEST_FILTER_CHARS, include_in_schema=False)]

Key = Annotated[int, Path(ge=1, le=LARGEST_NUMBER, description="Its id.", examples=[6821946150912032])]


@dataclass(frozen=True, slots=True)
class Listed:
    """Which part of a list is asked for, in which order."""

    order_by: tuple[str, ...]
    limit: int
    offset: int
    after: str | None


async def _listed(
    limit: Annotated[int, Query(ge=1, le=MOST_IN_A_PAGE, description="How many at most.")] = 50,
    offset: Annotated[int, Query(ge=0, le=FURTHEST, description="How many of the first are left out.")] = 0,
    after: Annotated[
        str | None,
        Query(max_length=LONGEST_CURSOR_CHARS, description="`next` of the page before, in the same order."),
    ] = None,
    order_by: Annotated[list[str] | None, Query(include_in_schema=False)] = None,
) -> Listed:
    names = tuple(name for given in order_by or () for name in given.split(","))
    return Listed(names, limit, offset, after)


def listed_in(asked: Mapping[str, Any]) -> Listed:
    """Return which part of a list a body asks for."""
    return Listed(tuple(asked.get("order_by", ())), asked.get("limit", 50), asked.get("offset", 0), asked.get("after"))


ListedQuery = Annotated[Listed, Depends(_listed)]
"""A parameter of a route: order, `limit`, `offset` and `after`."""


async def _filter(filter: _Filter = None) -> object:  # noqa: A002  # the seeds' word
    return parsed(filter)


FilterQuery = Annotated[object, Depends(_filter)]
"""A parameter of a route: `filter` as it was sent, null without one."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records a bulk is about: those of `ids`, or those that match a filter."""

    ids: tuple[int, ...] | None
    filter: object


async def _selection(
    ids: Annotated[
        list[Annotated[int, Query(ge=1, le=LARGEST_NUMBER)]] | None,
        Query(max_length=MOST_IN_BULK, description="Which records; or a `filter`."),
    ] = None,
    filter: _Filter = None,  # noqa: A002  # the seeds' word
) -> Selection:
    return selected(ids, parsed(filter))


SelectionQuery = Annotated[Selection, Depends(_selection)]
"""A parameter of a route: `ids` or `filter`, one of both."""


def selected(ids: list[int] | None, filter_: object) -> Selection:
    """Return the selection.

    Raises: Problem: it names no records, or names them twice over.
    """
    if (ids is None) == (filter_ is None):
        raise Problem(422, "Name the records by `ids` or by a `filter`, one of both; a filter {} is every record.")
    return Selection(None if ids is None else tuple(ids), filter_)


def parsed(text: str | None) -> object:
    """Return the JSON of a query.

    Raises: Problem: it is none.
    """
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Problem(422, 'filter: JSON is expected, such as {"language": "en"}.') from None


def filter_parameter(filter_schema: str) -> Schema:
    """Describe `filter`, by the name of its schema."""
    return {
        "name": "filter",
        "in": "query",
        "required": False,
        "description": "Which records, as JSON (docs/filters.md).",
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{filter_schema}"}}},
    }


def order_parameter(collection: Collection) -> Schema:
    """Describe `order_by`."""
    about = f"Fields to order by, `-` for the largest first; else {', '.join(collection.order)}."
    named = {"name": "order_by", "in": "query", "required": False, "description": about}
    return {**named, "schema": order_schema(collection), "example": list(collection.order)}
