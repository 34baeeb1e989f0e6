"""Which methods a path takes."""

from starlette.routing import Route
from starlette.types import Scope


def allowed_methods(scope: Scope) -> str | None:
    """Return the value of `Allow` for the request's path; None when no route fits it.

    The router looks no further than the first route whose path fits, though others may take other methods.
    """
    fitting = [route for route in scope["app"].routes if isinstance(route, Route) and _fits(route, scope["path"])]
    if not fitting:
        return None
    closest = min((route.path_format for route in fitting), key=lambda path: path.count("{"))
    return ", ".join(
        sorted({method for route in fitting if route.path_format == closest for method in route.methods or ()})
    )


def _fits(route: Route, path: str) -> bool:
    return route.path_regex.match(path) is not None
