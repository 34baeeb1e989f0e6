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
    methods = {method.upper() for path, operations in paths.items() if _fits(path, scope) for method in operations}
    return ", ".join(sorted(methods)) or None


def _fits(path: str, scope: Scope) -> bool:
    return re.fullmatch(_PARAMETER.sub("[^/]+", re.escape(path)), scope["path"]) is not None
