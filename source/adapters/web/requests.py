"""The outermost layer: a request's id, its line in the log, and an answer whatever happens."""

import asyncio
import re
import secrets
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from source.adapters.web.access import CALLER
from source.adapters.web.problems import REQUEST_ID, unexpected
from source.adapters.web.streams import OpenStreams
from source.ports.clock import Clock

log = structlog.get_logger(__name__)

_SANE_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{8,64}")
_SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_UNCACHED: Final = (*_SECURITY, (b"cache-control", b"no-store"))


class RequestFrame:
    """Names each request, logs it, and answers what nobody else could."""

    def __init__(self, app: ASGIApp, *, clock: Clock, streams: OpenStreams) -> None:
        self._app = app
        self._clock = clock
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope[REQUEST_ID] = _id_of(scope)
        begun = self._clock.monotonic()
        answer = _Answer(send, request_id, self._streams)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._answered(scope, receive, answer)
            finally:
                self._log(scope, answer.status, begun)

    async def _answered(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            with self._streams.ended_in_order(answer.task):
                await self._app(scope, receive, answer.send)
        except Exception:  # the edge of a request: whatever it is, the caller gets an answer and the log the trace
            log.exception("request_broke", method=scope["method"], route=_route_of(scope))
            if not answer.status:  # else the server cuts the connection: half an answer must not seem a whole one
                await unexpected(answer.request_id).response(answer.request_id)(scope, receive, answer.send)
        else:
            await answer.end()

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


class _Answer:
    """What goes back, with the headers that every answer has."""

    def __init__(self, send: Send, request_id: str, streams: OpenStreams) -> None:
        self.status = 0
        self.request_id = request_id
        self.task = asyncio.current_task()
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
        is_cacheable = False
        for name, value in headers:
            if name == b"cache-control":
                is_cacheable = True
            elif name == b"content-type" and value.startswith(b"text/event-stream"):
                self._streams.note(self.task)
        headers.append((b"x-request-id", self.request_id.encode()))
        headers.extend(_SECURITY if is_cacheable else _UNCACHED)
