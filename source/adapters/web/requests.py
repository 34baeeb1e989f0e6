"""The outermost layer: a request's id, its line in the log, and an answer whatever happens."""

import re
import secrets
from typing import Final

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from source.adapters.web.access import CALLER
from source.adapters.web.frame import WebFrame
from source.adapters.web.problems import REQUEST_ID, unexpected

log = structlog.get_logger(__name__)

_SANE_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{8,64}")
_SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)


class RequestFrame:
    """Names each request, logs it, and answers what nobody else could."""

    def __init__(self, app: ASGIApp, frame: WebFrame) -> None:
        self._app = app
        self._clock = frame.clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope[REQUEST_ID] = _id_of(scope)
        begun = self._clock.monotonic()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _dress(message, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_on)
            except Exception:  # the edge of a request: whatever it is, the caller gets an answer and the log the trace
                log.exception("request_broke", method=scope["method"], route=_route_of(scope))
                if not status:
                    await unexpected(request_id).response(request_id)(scope, receive, send_on)
            finally:
                self._log(scope, status, begun)

    def _log(self, scope: Scope, status: int, begun: float) -> None:
        caller = scope.get(CALLER)
        log.info(
            "request_answered",
            method=scope["method"],
            route=_route_of(scope),
            status=status,
            milliseconds=round((self._clock.monotonic() - begun) * 1000, 1),
            caller=caller.name if caller else None,
        )


def _id_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)


def _route_of(scope: Scope) -> str:
    """The path as it was declared: ids in paths make no good names, and may be people's."""
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", "unknown"))


def _dress(message: Message, request_id: str) -> None:
    headers = MutableHeaders(raw=message.setdefault("headers", []))
    headers["x-request-id"] = request_id
    message["headers"].extend(_SECURITY)
    if "cache-control" not in headers:
        headers["cache-control"] = "no-store"
