"""What an error of the Graph API means for the reply that it refused."""

from enum import Enum
from typing import Final

import structlog

from source.domain.errors import DeliveryError, UndeliverableError

log = structlog.get_logger(__name__)


class Remedy(Enum):
    """What is done about an error."""

    NEVER = "never"  # this cannot reach the person now, as 24 hours after they wrote: nobody tries again
    OPERATOR = "operator"  # the token, a permission or the account: tried again, and told as an error
    LATER = "later"  # too much at once, or a fault of Meta's


# Source: Meta, "Error codes", WhatsApp Cloud API.
_REMEDIES: Final = {
    131047: Remedy.NEVER,
    131026: Remedy.NEVER,
    131030: Remedy.NEVER,
    131048: Remedy.NEVER,
    131049: Remedy.NEVER,
    131050: Remedy.NEVER,
    131051: Remedy.NEVER,
    131062: Remedy.NEVER,
    130472: Remedy.NEVER,
    100: Remedy.NEVER,
    131008: Remedy.NEVER,
    131009: Remedy.NEVER,
    0: Remedy.OPERATOR,
    3: Remedy.OPERATOR,
    10: Remedy.OPERATOR,
    190: Remedy.OPERATOR,
    131005: Remedy.OPERATOR,
    131031: Remedy.OPERATOR,
    368: Remedy.OPERATOR,
}
_PERMISSIONS: Final = range(200, 300)


def remedy_for(code: int) -> Remedy:
    """Return what is done about an error of this code; one that is not known is tried again later."""
    if code in _PERMISSIONS:
        return Remedy.OPERATOR
    return _REMEDIES.get(code, Remedy.LATER)


def delivery_error(code: int, message: str) -> DeliveryError:
    """Return the error for whoever delivers: whether it is tried again, and whether newer replies wait for it."""
    told = f"{message} (error {code})"
    match remedy_for(code):
        case Remedy.NEVER:
            return UndeliverableError(told)
        case Remedy.OPERATOR:
            log.error("whatsapp_refuses_operator", code=code, reason=message)
            return DeliveryError(told)
        case Remedy.LATER:
            return DeliveryError(told)


def no_recipient() -> UndeliverableError:
    """Return the error for a reply to somebody of whom nothing is known any more."""
    return UndeliverableError("nobody is known who could be reached in this thread")
