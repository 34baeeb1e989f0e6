"""Query parameters that a path does not take are refused: one that is misspelt must not widen what is asked for."""

from collections.abc import Iterable, Iterator

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params, get_parameterless_sub_dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from source.adapters.web.problems import Problem
from source.domain.record_field import nearest


def refuse_unknown_queries(routes: Iterable[BaseRoute]) -> None:
    """Have each route refuse what it does not take, once it is clear that the caller may call it."""
    for route in routes:
        if isinstance(route, APIRoute):
            flat = get_flat_params(
                Dependant(query_params=[field for each in _all_of(route.dependant) for field in each.query_params])
            )
            known = [each.alias for each in flat]
            checked = get_parameterless_sub_dependant(depends=Depends(_Known(known)), path=route.path_format)
            route.dependant.dependencies.append(checked)


class _Known:
    """A dependency that lets requests in whose query has only these names."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    async def __call__(self, request: Request) -> None:
        if not request.scope["query_string"]:
            return
        unknown = sorted(set(request.query_params).difference(self._names))
        if unknown:
            errors = [{"location": f"query.{name[:100]}", "problem": self._problem_of(name)} for name in unknown[:20]]
            raise Problem(422, f"Query parameter {unknown[0][:100]!r}: {errors[0]['problem']}", errors=errors)

    def _problem_of(self, name: str) -> str:
        return f"it is not known here; {nearest(name, self._names)}" if self._names else "this path takes none."


def _all_of(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for each in dependant.dependencies:
        yield from _all_of(each)
