"""What stands before the routes: every error has an answer, no body is too large."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from source.adapters.web.problems import REQUEST_ID, Problem, problem_of

_CLOSE: Final = {"Connection": "close"}
_MOST_LEFT_BYTES: Final = 20_000_000
_MOST_LEFT_SECONDS: Final = 5.0


class Guard:
    """Answers whatever is raised further in, and refuses bodies over `max_body_bytes`; of some paths `larger` ones."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, larger: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._most = max_body_bytes
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, self._bounded(scope, receive), send_on)
        except Exception as error:  # noqa: BLE001  (the edge of a request: whatever it is, the caller gets an answer)
            problem = problem_of(error, scope)
            if has_begun:
                return  # the server cuts the connection: half an answer must not seem a whole one
            if problem.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                await _let_end(receive)
            await problem.response(scope.get(REQUEST_ID, ""))(scope, receive, send)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        most = self._larger.get(scope["path"], self._most)
        if _announced_bytes(scope) > most:
            raise _too_large(most)
        received = 0

        async def receive_on() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _too_large(most)
            return message

        return receive_on


def _too_large(most: int) -> Problem:
    return Problem(413, f"A body has at most {most} bytes.", headers=_CLOSE)


async def _let_end(receive: Receive) -> None:
    """Read what still comes of a body, within bounds: cut off while it sends, a client never hears why."""
    left = _MOST_LEFT_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(_MOST_LEFT_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return


def _announced_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
