"""What Discord says instead of taking a message; the vendor's errors become these, once, at the border."""

from typing import Final

import aiohttp
import discord

from source.domain.errors import DeliveryError, DeliveryRefusedError, UndeliverableError

_UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_MESSAGE: Final = 10008
OLD_EDITS: Final = 30046
_MISSING_ACCESS: Final = 50001
_MISSING_PERMISSIONS: Final = 50013

# Everything that discord.py raises for a request, a network's failure and a closed session included.
VENDOR_ERRORS: Final = (
    discord.DiscordException,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    RuntimeError,  # aiohttp: the session is closed
    ValueError,  # an answer that is not the JSON it says it is
    KeyError,  # discord.py reads `retry_after` of a 429 that has none
)


class RefusedError(DeliveryRefusedError):
    """Discord does not want this request, now or later."""

    def __init__(self, status: int, code: int, channel_id: int) -> None:
        super().__init__(f"Discord refused with {status}, code {code}{_meaning(code)}, in channel {channel_id}")
        self.status = status
        self.code = code

    @property
    def is_missing_permission(self) -> bool:
        return self.code in (_MISSING_ACCESS, _MISSING_PERMISSIONS)


class GoneError(RefusedError, UndeliverableError):
    """The place was deleted."""


class UnreachableError(DeliveryError):
    """Discord may take the request later; whether it took this one is not known."""

    def __init__(self, reason: str, *, retry_after: float = 0.0) -> None:
        super().__init__(f"Discord could not be reached: {reason}")
        self.retry_after = retry_after


def translated(error: BaseException, channel_id: int) -> DeliveryError:
    """Say what one of VENDOR_ERRORS means."""
    match error:
        case discord.RateLimited():
            return UnreachableError("too many requests", retry_after=error.retry_after)
        case discord.HTTPException(status=status, code=code):
            return refusal(status, code, channel_id)
        case _:
            return UnreachableError(type(error).__name__)


def refusal(status: int, code: int, channel_id: int) -> DeliveryError:
    """Say what an answer with this status and code of Discord's means."""
    if status >= 500 or (status == 429 and code != OLD_EDITS):
        return UnreachableError(f"status {status}")
    if code == _UNKNOWN_CHANNEL:
        return GoneError(status, code, channel_id)
    return RefusedError(status, code, channel_id)


def _meaning(code: int) -> str:
    return {
        _UNKNOWN_CHANNEL: " (the place was deleted)",
        _MISSING_ACCESS: " (Echo may not see the place)",
        _MISSING_PERMISSIONS: " (a permission is missing)",
    }.get(code, "")
