"""Whether a webhook comes from Meta."""

import hashlib
import hmac
import re
from typing import Final

_SIGNED: Final = re.compile(r"sha256=([0-9a-f]{64})")


def is_signed(body: bytes, header: str | None, secret: str) -> bool:
    """Whether `header` (X-Hub-Signature-256) is the HMAC-SHA256 of the raw bytes; without a secret nothing is.

    Source: Meta, "Validate payloads", WhatsApp Cloud API webhooks.
    """
    signed = _SIGNED.fullmatch(header or "")
    if signed is None or not secret:
        return False
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signed[1])
