"""The outermost layer: a request's id, its line in the log, and the headers of every answer."""

import asyncio
import re
import secrets
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from source.adapters.web.access import CALLER
from source.adapters.web.methods import path_of
from source.adapters.web.metrics import RequestMetrics
from source.adapters.web.problems import REQUEST_ID
from source.adapters.web.streams import OpenStreams
from source.ports.clock import Clock

log = structlog.get_logger(__name__)

MORE_HEADERS: Final = "echo.more_headers"
_SANE_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{8,64}")
_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_UNLESS_GIVEN: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class RequestFrame:
    """Names each request, dresses its answer, logs and counts it."""

    def __init__(self, app: ASGIApp, *, clock: Clock, streams: OpenStreams, metrics: RequestMetrics) -> None:
        self._app = app
        self._clock = clock
        self._streams = streams
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope[REQUEST_ID] = _id_of(scope)
        begun = self._clock.monotonic()
        answer = _Answer(scope, send, self._streams)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                if not await self._streams.is_answered(answer.task, self._app(scope, receive, answer.send)):
                    await answer.end()
            finally:
                self._note(scope, answer.status, self._clock.monotonic() - begun)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        caller = scope.get(CALLER)
        self._metrics.note(method, route, status, seconds)
        log.info(
            "request_answered",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            caller=caller.name if caller else None,
        )


class _Answer:
    """What goes back, with the headers that every answer has."""

    __slots__ = ("_is_whole", "_scope", "_send", "_streams", "status", "task")

    def __init__(self, scope: Scope, send: Send, streams: OpenStreams) -> None:
        self.status = 0
        self.task = asyncio.current_task()
        self._scope = scope
        self._send = send
        self._streams = streams
        self._is_whole = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._dress(message)
        elif message["type"] == "http.response.body":
            self._is_whole = not message.get("more_body", False)
        await self._send(message)

    async def end(self) -> None:
        """Close an answer that was ended while it was streamed."""
        if self.status and not self._is_whole:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    def _dress(self, message: Message) -> None:
        headers = message.setdefault("headers", [])
        given = dict(headers)
        if given.get(b"content-type", b"").startswith(b"text/event-stream"):
            self._streams.note(self.task)
        headers.append((b"x-request-id", self._scope[REQUEST_ID].encode()))
        headers.extend(_ALWAYS)
        headers.extend(pair for pair in _UNLESS_GIVEN if pair[0] not in given)
        headers.extend(self._scope.get(MORE_HEADERS, ()))


def route_of(scope: Scope) -> str:
    """Return the path as it was declared: ids in paths make no good names, and may be people's."""
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or getattr(route, "path", None) or path_of(scope) or "unknown")


def _id_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)
