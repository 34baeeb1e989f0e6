"""Which methods a path takes."""

from collections.abc import Iterable

from starlette.routing import Route
from starlette.types import Scope


def allowed_methods(scope: Scope) -> str | None:
    """Return the value of `Allow` for the request's path; None when no route fits it.

    The router looks no further than the first route whose path fits, though others may take other methods.
    """
    fitting = _fitting(scope)
    closest = _closest(fitting)
    if closest is None:
        return None
    return ", ".join(
        sorted({method for route in fitting if route.path_format == closest for method in route.methods or ()})
    )


def path_of(scope: Scope) -> str | None:
    """Return the request's path as it was declared, also before a route was looked for; None: no route fits it."""
    return _closest(_fitting(scope))


def _fitting(scope: Scope) -> list[Route]:
    routes = scope["app"].routes
    return [each for each in routes if isinstance(each, Route) and each.path_regex.match(scope["path"])]


def _closest(fitting: Iterable[Route]) -> str | None:
    return min((route.path_format for route in fitting), key=lambda path: path.count("{"), default=None)
