"""Finds out who is calling, and whether they call too often."""

import hmac
from dataclasses import replace
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from source.adapters.web.access import CALLER, CHALLENGE, REFUSAL, Caller
from source.adapters.web.frame import WebFrame
from source.adapters.web.local_callers import is_direct, is_forwarded, refusal_of_page
from source.adapters.web.problems import Problem
from source.adapters.web.rate_limit import Allowance, RateLimit
from source.adapters.web.requests import MORE_HEADERS
from source.domain.api_key import EVERY_SCOPE
from source.domain.errors import StoreError

LOCAL: Final = Caller("local", EVERY_SCOPE, is_local=True)
_COMMAND_LINE: Final = replace(LOCAL, is_command_line=True)
_NO_KEY_YET: Final = (
    "This Echo has no API key yet, so that only programs on its own machine may call it. "
    "Make one there: `python bot.py keys create NAME --scope read`."
)
_NO_KEYS_NOW: Final = "Echo cannot read its API keys now; try again in a moment."
_WRONG_KEY: Final = "This API key is unknown, revoked or expired; `python bot.py keys list` shows which there are."
_TOO_OFTEN: Final = "Too many requests; wait as long as `Retry-After` says."


class Authentication:
    """Puts the caller into the scope. A key that opens nothing is refused here; none at all only where one is asked."""

    def __init__(self, app: ASGIApp, *, frame: WebFrame, local_secret: str | None) -> None:
        self._app = app
        self._keys = frame.keys
        self._webhooks = frame.webhooks
        self._local_secret = (local_secret or "").encode()
        limit = frame.settings.requests_per_minute
        self._limit = RateLimit(limit, frame.clock) if limit else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("path") not in self._webhooks:
            secret = _secret_in(scope)
            caller = await (self._caller_without_key(scope) if secret is None else self._caller_with(secret, scope))
            self._count(scope, caller)
            if caller is None and secret is not None:
                raise Problem(401, _WRONG_KEY, headers=CHALLENGE)
            scope[CALLER] = caller
        await self._app(scope, receive, send)

    async def _caller_with(self, secret: str, scope: Scope) -> Caller | None:
        given = secret.encode("latin-1")
        # Where WEB_HOST is another address than loopback, this machine calls from that one.
        if self._local_secret and hmac.compare_digest(given, self._local_secret) and not is_forwarded(scope):
            return _COMMAND_LINE
        key = await self._keys.recognize(secret)
        return None if key is None else Caller(key.name, key.scopes)

    async def _caller_without_key(self, scope: Scope) -> Caller | None:
        try:
            if await self._keys.any_exist():
                return None
        except StoreError:
            scope[REFUSAL] = Problem(503, _NO_KEYS_NOW, headers={"Retry-After": "5"})
            return None
        sentence = refusal_of_page(scope) if is_direct(scope) else _NO_KEY_YET
        if sentence is None:
            return LOCAL
        scope[REFUSAL] = Problem(401, sentence, headers=CHALLENGE)
        return None

    def _count(self, scope: Scope, caller: Caller | None) -> None:
        """Take one request off what the caller may make; without a key the address counts, and this machine not."""
        if self._limit is None or (caller is not None and caller.is_local):
            return
        allowance = self._limit.take(f"key {caller.name}" if caller else _address_of(scope))
        scope[MORE_HEADERS] = ((b"ratelimit-policy", self._limit.policy), (b"ratelimit", _header(allowance)))
        if not allowance.is_allowed:
            raise Problem(429, _TOO_OFTEN, headers={"Retry-After": str(allowance.seconds)})


def _header(allowance: Allowance) -> bytes:
    return f'"minute";r={allowance.left};t={allowance.seconds}'.encode()


def _address_of(scope: Scope) -> str:
    client: tuple[str, int] | None = scope.get("client")
    return client[0] if client else ""


def _secret_in(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return str(value, "latin-1").strip()
        if name == b"authorization":
            scheme, _, secret = str(value, "latin-1").partition(" ")
            if scheme.lower() == "bearer":
                return secret.strip()
    return None
