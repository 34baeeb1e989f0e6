"""Fields that a body does not have are told with the nearest that it has."""

from collections.abc import Sequence
from typing import Annotated, get_args, get_origin

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Scope

from source.domain.record_field import nearest

_UNKNOWN = "It is not known here"


def unknown_field(location: Sequence[str | int], scope: Scope) -> str:
    """Return what is said of an unknown field of the body that the request's route takes."""
    *places, name = location
    known = sorted({field for shape in _shapes_at(places[1:], scope) for field in shape.model_fields})
    return f"{_UNKNOWN}; {nearest(str(name), known)}" if known else f"{_UNKNOWN}."


def _shapes_at(places: Sequence[str | int], scope: Scope) -> list[type[BaseModel]]:
    route = scope.get("route")
    if not isinstance(route, APIRoute) or route.body_field is None:
        return []
    shapes = _shapes_in(route.body_field.field_info.annotation)
    for place in places:
        # Numbers are places in lists: the shape of what is in them is found with the list.
        if isinstance(place, str):
            fields = [shape.model_fields[place] for shape in shapes if place in shape.model_fields]
            shapes = [inner for field in fields for inner in _shapes_in(field.annotation)]
    return shapes


def _shapes_in(annotation: object) -> list[type[BaseModel]]:
    """Return the shapes that a type has or is made of: those of a union, of a list."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return [annotation] if issubclass(annotation, BaseModel) else []
    parts = get_args(annotation)[:1] if get_origin(annotation) is Annotated else get_args(annotation)
    return [shape for part in parts for shape in _shapes_in(part)]
