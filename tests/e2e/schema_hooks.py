"""What schemathesis cannot know: an Idempotency-Key names one request, and a schema does not say everything."""

import re
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.openapi.checks import RejectedPositiveData

_HEADER = "Idempotency-Key"
_VALID = re.compile(r"[!#-~]{1,200}")


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case[Any], kwargs: dict[str, Any]) -> None:
    """Give each request that has a key one of its own; what is no key at all is to be refused."""
    if isinstance(given := case.headers.get(_HEADER), str) and _VALID.fullmatch(given):
        case.headers[_HEADER] = uuid4().hex


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Failure, case: schemathesis.Case[Any], response: schemathesis.Response
) -> bool:
    """Keep what is a fault: a shape is refused place by place, in `errors`; a body that is too long, before it is read.

    A request of the right shape may still be refused in a sentence.
    """
    if isinstance(failure, RejectedPositiveData):
        return "errors" in response.json()
    return not (
        isinstance(failure, AcceptedNegativeData) and response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    )
