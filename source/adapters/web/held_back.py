"""Answers that are held back until they are whole."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.types import Message, Send

from source.ports.api_keys import StoredAnswer

_FIRST_SERVER_ERROR: Final = 500
# Answers that say "not now" or "not you": asked again, the request may be carried out.
_PASSING: Final = frozenset({401, 403, 408, 413, 425, 429})
_MOST_BYTES: Final = 1_000_000


class HeldBack:
    """Holds an answer back until it is whole; one that is streamed, or very long, goes out as it comes."""

    def __init__(self, send: Send, settle: Callable[[StoredAnswer | None], Awaitable[None]]) -> None:
        """`settle` is called once, with what is to be kept, before the end of the answer is sent."""
        self._send = send
        self._settle = settle
        self._is_settled = False
        self._start: Message | None = None
        self._body = bytearray()
        self._is_whole = False
        self._is_passed_on = False

    async def send(self, message: Message) -> None:
        if self._is_passed_on:
            if not message.get("more_body", False):
                await self.settle()
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = message
            if any(name == b"content-type" and b"event-stream" in value for name, value in message["headers"]):
                await self._pass_on()
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            self._is_whole = not message.get("more_body", False)
            if len(self._body) > _MOST_BYTES:
                if self._is_whole:
                    await self.settle()
                await self._pass_on()

    async def settle(self) -> None:
        """Have it noted what came of the request, once."""
        if not self._is_settled:
            self._is_settled = True
            await self._settle(self._answer())

    async def let_go(self) -> None:
        """Send what was held back."""
        if not self._is_passed_on:
            await self._pass_on()

    async def _pass_on(self) -> None:
        self._is_passed_on = True
        if self._start is not None:
            await self._send(self._start)
            if self._body or self._is_whole:
                await self._send(
                    {"type": "http.response.body", "body": bytes(self._body), "more_body": not self._is_whole}
                )

    def _answer(self) -> StoredAnswer | None:
        if self._start is None or not self._is_whole or self._is_passed_on or len(self._body) > _MOST_BYTES:
            return None
        status: int = self._start["status"]
        if status in _PASSING or status >= _FIRST_SERVER_ERROR:
            return None
        headers = {str(name, "latin-1"): str(value, "latin-1") for name, value in self._start["headers"]}
        return StoredAnswer(status, headers, bytes(self._body))
