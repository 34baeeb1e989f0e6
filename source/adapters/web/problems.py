"""Errors as problem documents (RFC 9457)."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from source.adapters.web.error_statuses import Answer, answer_to
from source.domain.errors import EchoError

log = structlog.get_logger(__name__)

REQUEST_ID: Final = "echo.request_id"
MEDIA_TYPE: Final = "application/problem+json"
_MOST_ERRORS: Final = 20
_LONGEST_PART: Final = 200


class Problem(Exception):  # noqa: N818  (the RFC's word)
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
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.title = title or _phrase(status)
        self.type = type or "about:blank"
        self.errors = errors
        self.headers = headers

    def response(self, request_id: str | None) -> Response:
        """Return the answer, which names the request as the log does."""
        document: dict[str, object] = {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id or "",
        }
        if self.errors is not None:
            document["errors"] = list(self.errors)
        # ASCII only: a location may hold half of a surrogate pair, which UTF-8 cannot say.
        return Response(json.dumps(document), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Have every error answered by a problem document."""
    app.add_exception_handler(Problem, _of_problem)
    app.add_exception_handler(EchoError, _of_echo_error)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)


def unexpected(request_id: str) -> Problem:
    """Return what is said of a fault of Echo's own."""
    return Problem(500, f"Echo made a mistake; its log has the details under the request id {request_id}.")


def request_id_of(request: Request) -> str:
    """Return the name of this request in answers and in the log."""
    return str(request.scope.get(REQUEST_ID, ""))


async def _of_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  (starlette hands over what it was registered for)
    return error.response(request_id_of(request))


async def _of_echo_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EchoError)  # noqa: S101
    answer = answer_to(error, has_condition="if-match" in request.headers)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", error=type(error).__name__, reason=str(error))
    return _problem_of(answer).response(request_id_of(request))


def _problem_of(answer: Answer) -> Problem:
    headers = None if answer.retry_after is None else {"Retry-After": str(answer.retry_after)}
    return Problem(answer.status, answer.detail, headers=headers)


async def _of_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return Problem(400, "The body is not JSON.").response(request_id_of(request))
    errors = [{"location": _location(each["loc"]), "problem": str(each["msg"])} for each in found[:_MOST_ERRORS]]
    detail = "The request is not of the shape that is asked for; `errors` says where."
    return Problem(422, detail, errors=errors).response(request_id_of(request))


def _location(parts: Sequence[str | int]) -> str:
    return ".".join(str(part)[:_LONGEST_PART] for part in parts)


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    detail = _SENTENCES.get(error.status_code, error.detail)
    return Problem(error.status_code, detail, headers=error.headers).response(request_id_of(request))


_SENTENCES: Final = {
    400: "The body cannot be read.",
    404: "There is no such path; `/docs` lists them all.",
    405: "This path does not take that method; the header `Allow` names those that it takes.",
}


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
