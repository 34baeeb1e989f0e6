"""What an error of the Graph API means for the reply that it refused."""

from enum import Enum
from typing import Final

from source.domain.errors import DeliveryError, UndeliverableError


class Remedy(Enum):
    """What is done about an error."""

    NEVER = "never"  # the person cannot be reached, or not with this: nobody tries again
    WINDOW = "window"  # Meta's 24 hours since the person's last message are over
    PAIR_RATE = "pair rate"  # too much to one person: wait, in order
    NUMBER_RATE = "number rate"  # too much of the whole number
    CREDENTIALS = "credentials"  # the operator has to act
    LATER = "later"


# Source: Meta, "Error codes", WhatsApp Cloud API.
_REMEDIES: Final = {
    131047: Remedy.WINDOW,
    131056: Remedy.PAIR_RATE,
    130429: Remedy.NUMBER_RATE,
    80007: Remedy.NUMBER_RATE,
    4: Remedy.NUMBER_RATE,
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
    0: Remedy.CREDENTIALS,
    3: Remedy.CREDENTIALS,
    10: Remedy.CREDENTIALS,
    190: Remedy.CREDENTIALS,
    131005: Remedy.CREDENTIALS,
    131031: Remedy.CREDENTIALS,
    368: Remedy.CREDENTIALS,
}
_PERMISSIONS: Final = range(200, 300)


def remedy_for(code: int) -> Remedy:
    """Return what is done about an error of this code; one that is not known is tried again later."""
    if code in _PERMISSIONS:
        return Remedy.CREDENTIALS
    return _REMEDIES.get(code, Remedy.LATER)


def delivery_error(code: int, message: str) -> DeliveryError:
    """Return the error for whoever delivers: whether it is tried again, and whether newer replies wait for it."""
    told = f"{message} (error {code})"
    match remedy_for(code):
        case Remedy.NEVER | Remedy.WINDOW:
            return UndeliverableError(told)
        case _:
            return DeliveryError(told)


def no_recipient() -> UndeliverableError:
    """Return the error for a reply to somebody of whom nothing is known any more."""
    return UndeliverableError("nobody is known who could be reached in this thread")
