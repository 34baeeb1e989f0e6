"""What an error of the Graph API means for what it refused."""

from enum import Enum
from typing import Final

from source.domain.errors import DeliveryError, UndeliverableError

_MOST_REASON_CHARS: Final = 200


class Remedy(Enum):
    """What is done about an error."""

    LATER = "later"  # a fault of Meta's: tried again
    PERSON = "person"  # too much at once for this person
    NUMBER = "number"  # too much at once for the number, or for all that the app asks
    WINDOW = "window"  # the person wrote too long ago: only a template can be sent
    ELSEWHERE = "elsewhere"  # not under this address; under their other one perhaps
    NEVER = "never"  # this cannot reach the person, nor can it later
    ALERT = "alert"  # as never, and whoever runs the number should look
    OPERATOR = "operator"  # the token, a permission or the account: nothing can be sent until it is mended
    TEMPLATE = "template"  # the template is not as the settings say
    UNKNOWN = "unknown"  # a gateway gave up waiting: it may have been taken


# Source: Meta, "Error codes", WhatsApp Cloud API; a code below 1,000 with no meaning of Meta's is the HTTP status.
_REMEDIES: Final = {
    131056: Remedy.PERSON,
    130429: Remedy.NUMBER,
    80007: Remedy.NUMBER,
    4: Remedy.NUMBER,
    429: Remedy.NUMBER,
    131047: Remedy.WINDOW,
    131026: Remedy.ELSEWHERE,
    131062: Remedy.ELSEWHERE,
    131021: Remedy.NEVER,
    131030: Remedy.NEVER,
    131050: Remedy.NEVER,
    131051: Remedy.NEVER,
    130472: Remedy.NEVER,
    100: Remedy.NEVER,
    131008: Remedy.NEVER,
    131009: Remedy.NEVER,
    131048: Remedy.ALERT,
    131049: Remedy.ALERT,
    0: Remedy.OPERATOR,
    3: Remedy.OPERATOR,
    10: Remedy.OPERATOR,
    33: Remedy.OPERATOR,
    190: Remedy.OPERATOR,
    368: Remedy.OPERATOR,
    131005: Remedy.OPERATOR,
    131031: Remedy.OPERATOR,
    131042: Remedy.OPERATOR,
    131045: Remedy.OPERATOR,
    401: Remedy.OPERATOR,
    403: Remedy.OPERATOR,
    408: Remedy.UNKNOWN,
    504: Remedy.UNKNOWN,
}
_UNAVAILABLE: Final = 503
_PERMISSIONS: Final = range(200, 300)
_TEMPLATES: Final = range(132_000, 133_000)
_FOR_GOOD: Final = frozenset({Remedy.NEVER, Remedy.ALERT, Remedy.ELSEWHERE, Remedy.WINDOW, Remedy.TEMPLATE})

TOKEN_CODES: Final = frozenset({0, 190, 401})
"""Errors that say that the token itself is not, or no longer, good."""


class MetaError(DeliveryError):
    """Meta has refused what it was asked; `code` is the number of its error."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{_one_line(reason)} (error {code})")
        self.code = code

    @property
    def remedy(self) -> Remedy:
        return remedy_for(self.code)


class UnreachableError(MetaError):
    """Nothing has come to Meta."""

    def __init__(self, reason: str) -> None:
        super().__init__(_UNAVAILABLE, reason)
        self.args = (f"the Graph API cannot be reached ({reason})",)


class WindowClosedError(DeliveryError):
    """The person wrote too long ago; `told_by_meta`: although Echo's clock says otherwise."""

    def __init__(self, reason: str, *, told_by_meta: bool = False) -> None:
        super().__init__(reason)
        self.told_by_meta = told_by_meta


def remedy_for(code: int) -> Remedy:
    """Return what is done about an error of this code; one that is not known is tried again later."""
    if code in _PERMISSIONS:
        return Remedy.OPERATOR
    if code in _TEMPLATES:
        return Remedy.TEMPLATE
    return _REMEDIES.get(code, Remedy.LATER)


def delivery_error(code: int, message: str) -> DeliveryError:
    """Return the error for whoever asks only whether it may go better later."""
    error = MetaError(code, message)
    return UndeliverableError(str(error)) if error.remedy in _FOR_GOOD else error


def no_recipient() -> UndeliverableError:
    """Return the error for a reply to somebody of whom nothing is known any more."""
    return UndeliverableError("nobody is known who could be reached in this thread")


def advice_for(code: int) -> str:
    """Return what whoever runs the number can do about an error."""
    if code in TOKEN_CODES:
        return (
            "The token is not, or no longer, good: make a new one in Meta's business settings, "
            "put it into WHATSAPP_TOKEN and start Echo again."
        )
    if code in _PERMISSIONS or code in {3, 10, 403, 131005}:
        return (
            "The token may not do this: make one with whatsapp_business_messaging and whatsapp_business_management "
            "for a system user who has this account, put it into WHATSAPP_TOKEN and start Echo again."
        )
    if code == 33:
        return "The number is gone from Meta's account: see WHATSAPP_PHONE_ID."
    if code == 131042:
        return "Meta wants a way to be paid: add one to the account in WhatsApp Manager."
    if code in {131048, 131049}:
        return "Too many people block or report what the number sends: WhatsApp Manager shows its quality."
    return "Meta has locked or restricted the account: WhatsApp Manager says why."


def _one_line(reason: str) -> str:
    return " ".join(reason.split())[:_MOST_REASON_CHARS]
