"""What the Graph API refuses with: Meta's table of errors, as bodies of answers and as `errors` of a status."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

# JSON of any shape: what a handler reads of it, the handler checks.
Json = dict[str, Any]

_DOCUMENTATION = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of Meta's; `message` replaces the usual `(#code) title`.

    A subcode is given only where Graph itself has one: Meta's page of WhatsApp errors says "Not included in
    v16.0+ responses", while recorded bodies of 131047 and 131056 from older versions carry 2494010 and 2494055.
    """

    code: int
    title: str
    status: int = 400
    details: str = ""
    subcode: int | None = None
    kind: str = "OAuthException"
    message: str = ""

    def body(self, trace: str) -> Json:
        error: Json = {"message": self.message or f"(#{self.code}) {self.title}", "type": self.kind, "code": self.code}
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, "fbtrace_id": trace}}

    def in_webhook(self) -> Json:
        """One item of a status' or a message's `errors`."""
        entry: Json = {"code": self.code, "title": self.title, "message": self.title}
        return {**entry, "error_data": {"details": self.details or self.title}, "href": _DOCUMENTATION}


class RefusedError(Exception):
    """The request is answered with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code} {problem.title}: {problem.details}")
        self.problem = problem


# HTTP statuses as on Meta's page of error codes (2024-2026); others have seen 429 for 4 and 130429.
_TABLE = (
    Problem(0, "AuthException", 401),
    Problem(1, "An unknown error occurred", 400),
    Problem(2, "Service temporarily unavailable", 503),
    Problem(3, "Application does not have the capability to make this API call", 500),
    Problem(4, "Application request limit reached"),
    Problem(10, "Application does not have permission for this action", 403),
    Problem(33, "Parameter value is not valid", details="The business phone number has been deleted."),
    Problem(100, "Invalid parameter"),
    Problem(190, "Access token has expired", 401, message="Invalid OAuth access token - Cannot parse access token"),
    Problem(200, "You do not have the necessary permissions to send messages on behalf of this account", 403),
    Problem(368, "Temporarily blocked for policies violations", 403),
    Problem(80007, "Rate limit issues", details="The WhatsApp Business Account has reached its rate limit."),
    Problem(130429, "Rate limit hit", details="Cloud API message throughput has been reached."),
    Problem(130472, "User's number is part of an experiment"),
    Problem(131000, "Something went wrong", 500, "Message failed to send due to an unknown error."),
    Problem(131005, "Access denied", 403),
    Problem(131008, "Required parameter is missing"),
    Problem(131009, "Parameter value is not valid"),
    Problem(131016, "Service unavailable", 500, "A service is temporarily unavailable."),
    Problem(131021, "Recipient cannot be sender"),
    Problem(131026, "Message undeliverable", details="Message Undeliverable."),
    Problem(131030, "Recipient phone number not in allowed list"),
    Problem(131031, "Business Account locked", 403),
    Problem(131042, "Business eligibility payment issue"),
    Problem(131045, "Incorrect certificate", 500),
    Problem(
        131047,
        "Re-engagement message",
        details="Message failed to send because more than 24 hours have passed since the customer last replied "
        "to this number.",
    ),
    Problem(131048, "Spam rate limit hit"),
    Problem(131049, "This message was not delivered to maintain healthy ecosystem engagement."),
    Problem(131050, "User has stopped marketing messages"),
    Problem(131051, "Unsupported message type"),
    Problem(131052, "Media download error"),
    Problem(131053, "Media upload error"),
    Problem(
        131056,
        "(Business Account, Consumer Account) pair rate limit hit",
        details="Message failed to send because there were too many messages sent from this phone number to the "
        "same phone number in a short period of time.",
    ),
    Problem(131057, "Account in maintenance mode", 500),
    Problem(
        131062,
        "Recipient not supported",
        details="Business-scoped User ID (BSUID) recipients are not supported for this message.",
    ),
    Problem(132000, "Number of parameters does not match the expected number of params"),
    Problem(132001, "Template name does not exist in the translation", 404),
    Problem(132012, "Parameter format does not match format in the created template"),
    Problem(132015, "Template is paused"),
    Problem(132016, "Template is disabled"),
)
ERRORS: dict[int, Problem] = {one.code: one for one in _TABLE}


def problem(code: int, details: str = "") -> Problem:
    """The error of Meta's table with this code, with other details if there are some."""
    known = ERRORS[code]
    return replace(known, details=details) if details else known


def refused(code: int, details: str = "") -> RefusedError:
    return RefusedError(problem(code, details))


def refused_parameter(message: str) -> RefusedError:
    """Code 100 with all that it says in its message, as Graph does for what it checks itself."""
    return RefusedError(Problem(100, message))


def unexpected_key(key: str, parameter: str) -> RefusedError:
    place = f' on param "{parameter}"' if parameter else ""
    return refused_parameter(f'Unexpected key "{key}"{place}.')


def unknown_object(object_id: str, verb: str) -> RefusedError:
    message = (
        f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api"
    )
    return RefusedError(Problem(100, message, subcode=33, kind="GraphMethodException", message=message))


def unknown_path(path: str) -> RefusedError:
    return RefusedError(Problem(2500, path, message=f"Unknown path components: /{path}"))
