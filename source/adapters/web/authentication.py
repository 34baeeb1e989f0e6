"""Finds out who is calling."""

import hmac
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from source.adapters.web.access import CALLER, REFUSAL, Caller
from source.adapters.web.frame import WebFrame
from source.adapters.web.local_callers import is_direct, refusal_of_page
from source.adapters.web.problems import REQUEST_ID, Problem
from source.domain.api_key import EVERY_SCOPE
from source.domain.errors import EchoError

LOCAL: Final = Caller("local", EVERY_SCOPE, is_local=True)
_NO_KEY_YET: Final = (
    "This Echo has no API key yet, so that only programs on its own machine may call it. "
    "Make one there: `python bot.py keys create NAME --scope read`."
)
_WRONG_KEY: Final = "This API key is unknown, revoked or expired; `python bot.py keys list` shows which there are."


class Authentication:
    """Puts the caller into the scope; a key that opens nothing is refused here, none at all only where one is asked."""

    def __init__(self, app: ASGIApp, *, frame: WebFrame, local_secret: str | None) -> None:
        self._app = app
        self._keys = frame.keys
        self._allowed_origins = frame.settings.allowed_origins
        self._local_secret = (local_secret or "").encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._note_caller(scope)
        except Problem as problem:
            await problem.response(scope.get(REQUEST_ID))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _note_caller(self, scope: Scope) -> None:
        secret = _secret_in(scope)
        if secret is not None:
            scope[CALLER] = await self._caller_with(secret, scope)
            return
        try:
            any_exist = await self._keys.any_exist()
        except EchoError:
            scope[REFUSAL] = "Echo cannot read its API keys now; try again."
            return
        if any_exist:
            return
        sentence = None if is_direct(scope) else _NO_KEY_YET
        sentence = sentence or refusal_of_page(scope, self._allowed_origins)
        if sentence is None:
            scope[CALLER] = LOCAL
        else:
            scope[REFUSAL] = sentence

    async def _caller_with(self, secret: str, scope: Scope) -> Caller:
        given = secret.encode("utf-8", "surrogatepass")
        if self._local_secret and hmac.compare_digest(given, self._local_secret) and is_direct(scope):
            return LOCAL
        key = await self._keys.recognize(secret)
        if key is None:
            raise Problem(401, _WRONG_KEY, headers={"WWW-Authenticate": 'Bearer realm="Echo", error="invalid_token"'})
        return Caller(key.name, key.scopes)


def _secret_in(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            return str(value, "latin-1").strip()
        if name == b"authorization":
            scheme, _, secret = str(value, "latin-1").partition(" ")
            if scheme.lower() == "bearer":
                return secret.strip()
    return None
