"""Errors as problem documents (RFC 9457)."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from source.adapters.web.error_statuses import answer_to
from source.adapters.web.known_fields import unknown_field
from source.adapters.web.methods import allowed_methods
from source.adapters.web.pages import PATTERNS_IN_WORDS
from source.domain.errors import EchoError

log = structlog.get_logger(__name__)

REQUEST_ID: Final = "echo.request_id"
MEDIA_TYPE: Final = "application/problem+json"
_MOST_ERRORS: Final = 20
_LONGEST_LOCATION: Final = 200
_BODY: Final = ("body",)
_UNKNOWN_FIELD: Final = "extra_forbidden"
_NO_OBJECT: Final = frozenset({"missing", "dict_type", "model_type", "model_attributes_type"})
_WRONG_SHAPE: Final = "The request is not of the shape that is asked for; `errors` says where."
_UNTYPED: Final = "Send the body as JSON, with the header `Content-Type: application/json`."
# RFC 9110's own names; the library's differ between versions of Python.
_PHRASES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}
_SENTENCES: Final = {
    400: "The body cannot be read.",
    404: "There is no such path; `/docs` lists them all.",
    405: "This path does not take that method; the header `Allow` names those that it takes.",
}


class Problem(HTTPException):
    """An answer that says what is wrong and what to do; `errors` lists `{"location", "problem"}`."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str | None = None,
        type: str | None = None,  # noqa: A002  (the RFC's word)
        errors: Sequence[Mapping[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.title = title or _PHRASES.get(status) or HTTPStatus(status).phrase
        self.type = type or "about:blank"
        self.errors = errors

    def response(self, request_id: str) -> Response:
        """Return the answer, which names the request as the log does."""
        document: dict[str, object] = {
            "type": self.type,
            "title": self.title,
            "status": self.status_code,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.errors is not None:
            document["errors"] = list(self.errors)
        # ASCII only: a location may hold half of a surrogate pair, which UTF-8 cannot say.
        return Response(json.dumps(document), self.status_code, headers=self.headers, media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Have every error of a route answered by a problem document."""
    app.add_exception_handler(HTTPException, _answered)
    app.add_exception_handler(EchoError, _answered)
    app.add_exception_handler(RequestValidationError, _answered)


def problem_of(error: Exception, scope: Scope) -> Problem:
    """Return what is said of an error, which is logged when it is Echo's own."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, EchoError):
        return _of_echo_error(error, scope)
    if isinstance(error, RequestValidationError):
        return _of_validation(error, scope)
    if isinstance(error, HTTPException):
        return _of_http(error, scope)
    log.error("request_broke", method=scope["method"], exc_info=error)
    return Problem(
        500, f"Echo made a mistake; its log has the details under the request id {scope.get(REQUEST_ID, '')}."
    )


async def _answered(request: Request, error: Exception) -> Response:
    return problem_of(error, request.scope).response(request.scope.get(REQUEST_ID, ""))


def _of_echo_error(error: EchoError, scope: Scope) -> Problem:
    answer = answer_to(error, has_condition=any(name == b"if-match" for name, _ in scope["headers"]))
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", error=type(error).__name__, reason=str(error))
    headers = None if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
    return Problem(answer.status, answer.detail, headers=headers)


def _of_http(error: HTTPException, scope: Scope) -> Problem:
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := allowed_methods(scope)):
        headers["Allow"] = methods
    return Problem(error.status_code, _SENTENCES.get(error.status_code) or error.detail, headers=headers)


def _of_validation(error: RequestValidationError, scope: Scope) -> Problem:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return Problem(400, "The body is not JSON.")
    errors = [{"location": _location(each["loc"]), "problem": _in_words(each, scope)} for each in found[:_MOST_ERRORS]]
    sentence = _UNTYPED if any(map(_is_untyped, found)) else _WRONG_SHAPE
    return Problem(422, sentence, errors=errors)


def _is_untyped(error: Mapping[str, Any]) -> bool:
    """Whether it is about a body that was not read as JSON, because nothing says that it is."""
    return tuple(error["loc"]) == _BODY and isinstance(error.get("input"), bytes)


def _in_words(error: Mapping[str, Any], scope: Scope) -> str:
    if error["type"] == _UNKNOWN_FIELD:
        return unknown_field(error["loc"], scope)
    if tuple(error["loc"]) == _BODY and error["type"] in _NO_OBJECT:
        return "A JSON object is expected."
    return PATTERNS_IN_WORDS.get(error.get("ctx", {}).get("pattern", ""), str(error["msg"]))


def _location(parts: Sequence[str | int]) -> str:
    return ".".join(map(str, parts))[:_LONGEST_LOCATION]
