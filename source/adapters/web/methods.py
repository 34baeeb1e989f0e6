"""Which methods a path takes."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.types import Scope

_PARAMETER = re.compile(r"\\\{\w+\\\}")


def allowed_methods(scope: Scope) -> str | None:
    """Return the value of `Allow` for the request's path; None when the description does not know the path.

    The router looks no further than the first route whose path fits, though others may take other methods.
    """
    paths: Mapping[str, Mapping[str, Any]] = scope["app"].openapi()["paths"]  # Any: an operation is JSON
    fitting = [path for path in paths if _fits(path, scope["path"])]
    if not fitting:
        return None
    closest = min(fitting, key=lambda path: path.count("{"))
    return ", ".join(sorted(method.upper() for method in paths[closest]))


def _fits(template: str, path: str) -> bool:
    return re.fullmatch(_PARAMETER.sub("[^/]+", re.escape(template)), path) is not None
