"""What the API's description says of answers that a route's model does not show."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from source.adapters.web.pages import Shown
from source.adapters.web.problems import MEDIA_TYPE

# Any: FastAPI's own type for this.
Responses = dict[int | str, dict[str, Any]]

_WHEN: Final[Mapping[int, str]] = {
    400: "The request cannot be read.",
    401: "No API key, or one that opens nothing.",
    403: "The key lacks the scope.",
    404: "There is nothing with this id; the sentence says what was looked for.",
    409: "It is not as the caller believes; the sentence says what to do.",
    412: "It has changed since the version that `If-Match` names.",
    422: "The request is not of the shape that is asked for, or refused; the sentence says why.",
    429: "Too many requests; `Retry-After` says when to go on.",
    502: "The language model gave no usable answer.",
    503: "Something that is needed cannot be reached now; `Retry-After` says when to try again.",
}
_USUAL: Final = (401, 403, 422, 429, 503)


class WrongPart(Shown):
    """A part of a request that is not as it should be."""

    location: str = Field(examples=["body.chat_ids.0"])
    problem: str = Field(examples=["String should have at least 1 character"])


class ProblemShown(Shown):
    """What is wrong, and what to do (RFC 9457)."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no task 6821946150912032."])
    request_id: str = Field(examples=["0f8fad5bd9cb469f"])
    errors: list[WrongPart] | None = None


def problems(*statuses: int) -> Responses:
    """Describe the problems that a route may answer with beside the usual ones."""
    return {status: _problem(status) for status in sorted({*_USUAL, *statuses})}


def streamed(description: str, example: str) -> Responses:
    """Describe an answer that is sent as events (`text/event-stream`) to whoever accepts them."""
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": example}}
    return {200: {"description": description, "content": content}}


def _problem(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemShown"}}}
    return {"description": _WHEN[status], "model": ProblemShown, "content": content}
