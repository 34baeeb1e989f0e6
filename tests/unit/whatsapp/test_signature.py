"""Only what Meta signed is taken."""

import hashlib
import hmac

import pytest

from source.adapters.whatsapp.signature import is_signed

BODY, SECRET = b'{"entry": []}', "secret"
SIGNED = "sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()


def test_the_signature_of_these_very_bytes_is_taken() -> None:
    assert is_signed(BODY, SIGNED, SECRET)
    assert not is_signed(BODY + b" ", SIGNED, SECRET)
    assert not is_signed(BODY, SIGNED, "other")


@pytest.mark.parametrize(
    "header", [None, "", "sha256=", SIGNED[7:], SIGNED.upper(), SIGNED + "0", "sha1=" + SIGNED[7:], "sha256=ü" * 9]
)
def test_what_is_no_signature_is_refused(header: str | None) -> None:
    assert not is_signed(BODY, header, SECRET)


def test_without_a_secret_nothing_is_taken() -> None:
    unsigned = "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert not is_signed(BODY, unsigned, "")
