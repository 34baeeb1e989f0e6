"""The long-lived client of one OpenAI-compatible server, with its errors translated.

This module and what it imports take a second to load; `openai_chat` imports it when it is needed.
"""

import asyncio
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx2
import openai

from source.adapters.llm.openai_errors import VENDOR_ERRORS, Asked, translated
from source.adapters.llm.openai_request import Body
from source.adapters.llm.openai_settings import OpenAIChatSettings
from source.domain.errors import ModelRefusedError, ModelUnavailableError

_PATH = "/chat/completions"
_CLOSE_SECONDS = 1.0
# The package wants some key; servers without keys ignore it.
_NO_KEY = "none"


class OpenAIConnection:
    """Sends requests; connections are kept open between them."""

    def __init__(self, settings: OpenAIChatSettings) -> None:
        if not _is_address(settings.base_url):
            raise ModelRefusedError("OPENAI_BASE_URL is not an address such as http://127.0.0.1:11434/v1")
        self._asked = Asked(settings.model, settings.server)
        connect = settings.connect_timeout.total_seconds()
        # Reading has time-outs of its own, in `OpenAIReply`, which know what has come so far.
        timeout = httpx2.Timeout(connect=connect, pool=connect, write=settings.stall_timeout.total_seconds(), read=None)
        try:
            self._client = openai.AsyncOpenAI(
                api_key=settings.api_key or _NO_KEY,
                base_url=settings.base_url,
                max_retries=0,
                timeout=timeout,
                # A proxy of the environment has no way to a server on this machine.
                http_client=openai.DefaultAsyncHttpx2Client(
                    timeout=timeout, trust_env=not _is_loopback(settings.base_url)
                ),
            )
        except VENDOR_ERRORS as error:
            raise translated(error, self._asked) from error

    async def send(self, body: Body) -> "ChunkStream":
        """Send a request and return its chunks once the server has begun to answer."""
        try:
            stream = await self._client.post(
                _PATH, body=body, cast_to=object, stream=True, stream_cls=openai.AsyncStream[object]
            )
        except VENDOR_ERRORS as error:
            raise translated(error, self._asked) from error
        chunks = ChunkStream(stream, self._asked)
        content_type = stream.response.headers.get("content-type", "")
        if content_type.startswith(("text/html", "application/json")):
            await chunks.close()
            raise ModelRefusedError(f"{self._asked.server} does not stream Chat Completions: check OPENAI_BASE_URL")
        return chunks

    async def close(self) -> None:
        await self._client.close()


class ChunkStream:
    """The chunks of one reply, as parsed JSON."""

    def __init__(self, stream: "openai.AsyncStream[object]", asked: Asked) -> None:
        self._stream = stream
        self._asked = asked

    async def next(self, *, deadline: float) -> object | None:
        """Return the next chunk, None after the last; `deadline` is a time of the event loop.

        Raises: ModelError when there is none.
        """
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(self._stream, None)
        except TimeoutError as error:
            raise ModelUnavailableError(f"{self._asked.server} sent nothing for too long") from error
        except VENDOR_ERRORS as error:
            raise translated(error, self._asked) from error

    async def close(self) -> None:
        """Close the reply's connection unless it was read to its end."""
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._stream.close()
        except VENDOR_ERRORS:
            return


def _is_address(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
