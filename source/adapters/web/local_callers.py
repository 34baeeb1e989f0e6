"""Programs on this machine, which may call without a key until there is one; pages in its browser may not."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

# Behind a proxy on this machine every caller seems to be local.
_FORWARDED: Final = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip", b"via"})
_OTHER_SITES: Final = frozenset({b"cross-site", b"same-site"})
_WRONG_HOST: Final = "Call this machine by `127.0.0.1`, `[::1]` or `localhost`, or with an API key."
_OTHER_PAGE: Final = "A page of another address may not call Echo without an API key."


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def is_direct(scope: Scope) -> bool:
    """Whether the request comes from a program on this machine, and through no proxy."""
    client: tuple[str, int] | None = scope.get("client")
    return client is not None and is_loopback(client[0]) and not is_forwarded(scope)


def is_forwarded(scope: Scope) -> bool:
    """Whether a proxy says that it passes the request on."""
    return any(name in _FORWARDED for name, _ in scope["headers"])


def refusal_of_page(scope: Scope) -> str | None:
    """Return why a page in this machine's browser may not call; None: it may, or nothing speaks of a page.

    A name that an attacker lets point to 127.0.0.1 shows in Host, a page of another address in Origin or, where a
    browser sends none, in Sec-Fetch-Site; other ports of this machine are other addresses. WEB_ALLOWED_ORIGINS changes
    nothing here: who has no key yet may do everything, and that is more than a page that is named there is to have.
    """
    headers = dict(scope["headers"])
    host = str(headers.get(b"host", b""), "latin-1")
    if not is_loopback(_name_in(host)):
        return _WRONG_HOST
    origin = str(headers.get(b"origin", b""), "latin-1")
    if origin:
        return None if origin == f"{scope['scheme']}://{host}" else _OTHER_PAGE
    return _OTHER_PAGE if headers.get(b"sec-fetch-site") in _OTHER_SITES else None


def _name_in(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
