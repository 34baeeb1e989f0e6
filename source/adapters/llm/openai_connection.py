"""The long-lived client of one OpenAI-compatible server, with its errors translated.

This module and what it imports take a second to load; `openai_chat` imports it when it is needed.
"""

import asyncio
import json
from collections import deque

import httpx2
import openai
from openai._constants import RAW_RESPONSE_HEADER

from source.adapters.llm.event_stream import EventSplitter
from source.adapters.llm.gathering import Gathering
from source.adapters.llm.openai_client import made_client
from source.adapters.llm.openai_errors import VENDOR_ERRORS, Asked, translated
from source.adapters.llm.openai_request import Body
from source.adapters.llm.openai_settings import OpenAIChatSettings
from source.domain.errors import ModelRefusedError, ModelUnavailableError

_PATH = "/chat/completions"
_END_MARK = b"[DONE]"
_CLOSE_SECONDS = 1.0
# Some servers keep the answer open behind its end mark; a connection that was not read to its end is not used again.
_DRAIN_SECONDS = 0.1
# What `with_streaming_response` sends: the answer is handed on unread, since the package takes far longer to parse it.
_UNREAD = {RAW_RESPONSE_HEADER: "stream"}


class OpenAIConnection:
    """Sends requests; connections are kept open between them."""

    def __init__(self, settings: OpenAIChatSettings) -> None:
        self._asked = Asked(settings.model, settings.server)
        connect = settings.connect_timeout.total_seconds()
        # Reading has time-outs of its own, in `OpenAIReply`, which know what has come so far.
        timeout = httpx2.Timeout(connect=connect, pool=connect, write=settings.stall_timeout.total_seconds(), read=None)
        self._client = made_client(settings.base_url, settings.api_key, timeout, self._asked)

    async def send(self, body: Body) -> "ChunkStream":
        """Send a request and return its chunks once the server has begun to answer."""
        try:
            response = await self._client.post(_PATH, body=body, cast_to=httpx2.Response, options={"headers": _UNREAD})
        except VENDOR_ERRORS as error:
            raise translated(error, self._asked) from error
        chunks = ChunkStream(response, self._asked)
        content_type = response.headers.get("content-type", "")
        if content_type.startswith(("text/html", "application/json")):
            await chunks.close()
            raise ModelRefusedError(f"{self._asked.server} does not stream Chat Completions: check OPENAI_BASE_URL")
        return chunks

    async def close(self) -> None:
        await self._client.close()


class ChunkStream:
    """The chunks of one reply, as parsed JSON."""

    def __init__(self, response: httpx2.Response, asked: Asked) -> None:
        self._response = response
        self._pieces = response.aiter_bytes()
        self._asked = asked
        self._splitter = EventSplitter()
        self._unread: deque[bytes] = deque()
        self._gathering = Gathering(response)

    async def next(self, *, deadline: float) -> object | None:
        """Return the next chunk, None after the last; `deadline` is a time of the event loop.

        Raises: ModelError when there is none.
        """
        try:
            if not self._unread:
                async with asyncio.timeout_at(deadline):
                    await self._receive()
            return await self._parsed()
        except TimeoutError as error:
            raise ModelUnavailableError(f"{self._asked.server} sent nothing for too long") from error
        except VENDOR_ERRORS as error:
            raise translated(error, self._asked) from error

    async def close(self) -> None:
        """Close the reply's connection unless it was read to its end."""
        self._gathering.leave()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._pieces.aclose()
                await self._response.aclose()
        except VENDOR_ERRORS:
            return

    async def _receive(self) -> None:
        """Wait for an event; comments, with which servers keep the connection alive, are none."""
        await self._gathering.wait()
        while not self._unread:
            piece = await anext(self._pieces, None)
            if piece is None:
                return
            self._unread.extend(self._splitter.feed(piece))
        self._gathering.note(len(self._unread))

    async def _parsed(self) -> object | None:
        if not self._unread:
            return None
        event = self._unread.popleft()
        if event.startswith(_END_MARK):
            await self._drain()
            return None
        chunk = _json(event)
        if isinstance(chunk, dict) and (problem := chunk.get("error")):
            raise openai.APIError(_message_of(problem), self._response.request, body=problem)
        return chunk

    async def _drain(self) -> None:
        """Read what follows the end mark, which is nothing, so that the connection can be used again."""
        self._unread.clear()
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                async for _ in self._pieces:
                    pass
        except VENDOR_ERRORS:
            return


def _json(event: bytes) -> object:
    try:
        return json.loads(event.decode())
    except RecursionError as error:
        raise ValueError("JSON that is too deep") from error


def _message_of(problem: object) -> str:
    message = problem.get("message") if isinstance(problem, dict) else problem
    return message if isinstance(message, str) else ""
