"""The API's description: what FastAPI finds, and what the frame adds to every operation."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from source.adapters.web.documented import ProblemShown
from source.adapters.web.problems import MEDIA_TYPE

# Any: the description is JSON whose shape is OpenAPI's.
_Json = dict[str, Any]

_ABOUT: Final = (
    "What Echo keeps and does, over HTTP. Until an API key exists, programs on Echo's own machine need none; then "
    "every caller does: `python bot.py keys create NAME --scope SCOPE`. Errors are `application/problem+json` "
    "(RFC 9457) with the request's id. Writes take an `Idempotency-Key`: repeated within 24 hours they are done once. "
    "docs/api.md tells the rest."
)
_TAGS: Final = {
    "chat": "Talking with Echo, and its commands.",
    "conversations": "What was said.",
    "attendance": "Who answers in a chat: Echo, or a person.",
    "archives": "Conversations that were put away.",
    "tasks": "Work that runs by itself.",
    "memories": "What is remembered of conversations.",
    "records": "Sessions, messages and summaries of people, by filters.",
    "people": "Who talks with Echo.",
    "statistics": "What is counted.",
    "keys": "API keys, for administrators.",
    "operation": "For monitors.",
}
_SCHEMES: Final = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key. Scopes: read, write, chat, tasks, metrics, admin (everything).",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key in its own header."},
}
_IDEMPOTENCY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names this write, such as a UUID: repeated with the same key within a day it is done once. What "
    "people said is not kept for the answer to the repeat.",
    "schema": {"type": "string", "pattern": "^[!#-~]{1,200}$"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
_PROBLEM: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemShown"}}}
_ANY_PROBLEM: Final = {"description": "Whatever else is wrong, and what to do.", "content": _PROBLEM}
_WRITES: Final = frozenset({"post", "put", "patch", "delete"})
_FIRST_ERROR: Final = 400


def describe(app: FastAPI) -> None:
    """Have the app describe itself so, once it is asked to."""

    def openapi() -> _Json:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def operations_of(description: _Json) -> Iterator[tuple[str, str, _Json]]:
    """Yield path, method and operation of each."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _description(app: FastAPI) -> _Json:
    found = get_openapi(title=app.title, version=app.version, description=_ABOUT, routes=app.routes)
    components = found.setdefault("components", {})
    components["securitySchemes"] = _SCHEMES
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = ProblemShown.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}), ProblemShown=problem)
    used: set[str] = set()
    for _, method, operation in operations_of(found):
        used.update(operation.get("tags", ()))
        _complete(operation, is_write=method in _WRITES)
    known = [name for name in _TAGS if name in used]
    tags = [*known, *sorted(used.difference(known))]
    found["tags"] = [{"name": name, "description": _TAGS.get(name, "")} for name in tags]
    return found


def _complete(operation: _Json, *, is_write: bool) -> None:
    responses = operation["responses"]
    for status, response in responses.items():
        if status.isdigit() and int(status) >= _FIRST_ERROR and _is_problem(response):
            response["content"] = _PROBLEM
    responses.setdefault("default", _ANY_PROBLEM)
    if "security" in operation:
        scopes = sorted({scope for each in operation["security"] for names in each.values() for scope in names})
        operation["security"] = [{"bearer": scopes}, {"apiKey": scopes}]
        if is_write:
            operation.setdefault("parameters", []).append(_IDEMPOTENCY)


def _is_problem(response: _Json) -> bool:
    """Whether it is the usual kind of error: `/health` answers 503 with its parts instead."""
    content = response.get("content", {})
    names = {each.get("schema", {}).get("$ref", "").rpartition("/")[2] for each in content.values()}
    return not content or bool(names & {"ProblemShown", "HTTPValidationError"})
