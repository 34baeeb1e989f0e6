"""An embedding model behind OpenAI's `/embeddings`, or any server that speaks it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from source.adapters.llm.openai_request import ParameterRefusedError
from source.adapters.llm.openai_settings import OPENAI_BASE_URL, server_of
from source.adapters.llm.retrying import retrying
from source.domain.errors import ContextTooLongError, ModelRefusedError

if TYPE_CHECKING:
    import openai

__all__ = ["EmbeddingSettings", "OpenAIEmbeddings"]

_PATH = "/embeddings"
# OpenAI: 2,048 texts a request; servers on one's own machine take far fewer at a time.
_MOST_AT_ONCE = 64
# What a message is about is said in its first pages; OpenAI's models take 8,191 tokens, many others 512.
_MOST_CHARS = 4_000
_FEWEST_CHARS = 200
# OpenAI refuses a text of nothing.
_NOTHING = "-"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EmbeddingSettings:
    """Which model of which server, and how long to wait for it."""

    model: str
    api_key: str | None = field(default=None, repr=False)
    base_url: str = OPENAI_BASE_URL
    connect_timeout: timedelta = timedelta(seconds=5)
    answer_timeout: timedelta = timedelta(seconds=60)
    max_attempts: int = 3
    first_pause: timedelta = timedelta(seconds=0.5)
    longest_pause: timedelta = timedelta(seconds=20)
    give_up_after: timedelta = timedelta(seconds=90)

    @property
    def server(self) -> str:
        """Host and port, for messages to the operator."""
        return server_of(self.base_url, "EMBEDDING_BASE_URL")


class OpenAIEmbeddings:
    """Implements EmbeddingModel; owns one client, which is made at the first call."""

    def __init__(
        self, settings: EmbeddingSettings, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._client: openai.AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()
        self._in_base64 = True

    @property
    def name(self) -> str:
        return self._settings.model

    async def prepare(self) -> None:
        await self._connected()

    async def embed(self, texts: Sequence[str]) -> list[bytes]:
        found: list[bytes] = []
        for start in range(0, len(texts), _MOST_AT_ONCE):
            some = [text.strip()[:_MOST_CHARS] or _NOTHING for text in texts[start : start + _MOST_AT_ONCE]]
            found += await self._fitting(some)
        return found

    async def close(self) -> None:
        async with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _fitting(self, texts: Sequence[str]) -> list[bytes]:
        """Ask for fewer texts at once, and then for shorter ones, until the server takes them."""
        try:
            return await self._asked_again(texts)
        except ContextTooLongError:
            if len(texts) == 1 and len(texts[0]) <= _FEWEST_CHARS:
                raise
        if len(texts) == 1:
            return await self._fitting([texts[0][: len(texts[0]) // 2]])
        middle = len(texts) // 2
        return [*await self._fitting(texts[:middle]), *await self._fitting(texts[middle:])]

    async def _asked_again(self, texts: Sequence[str]) -> list[bytes]:
        client = await self._connected()
        async for attempt in retrying(self._settings, self._sleep):
            with attempt:
                return await self._attempt(client, texts)
        raise AssertionError("the retries end with vectors or an error")

    async def _attempt(self, client: "openai.AsyncOpenAI", texts: Sequence[str]) -> list[bytes]:
        """Call the server once, and again without the short form of numbers where it does not know that."""
        try:
            return await self._call(client, texts)
        except ParameterRefusedError as error:
            if not self._in_base64 or error.parameter != "encoding_format":
                raise
            log.warning("embedding_parameter_refused", model=self.name, parameter=error.parameter)
            self._in_base64 = False
        return await self._call(client, texts)

    async def _call(self, client: "openai.AsyncOpenAI", texts: Sequence[str]) -> list[bytes]:
        from source.adapters.llm.openai_errors import VENDOR_ERRORS, Asked, translated

        body: dict[str, object] = {"model": self.name, "input": list(texts)}
        if self._in_base64:  # a quarter of the bytes of numbers that are written out
            body["encoding_format"] = "base64"
        try:
            async with asyncio.timeout(self._settings.answer_timeout.total_seconds()):
                answer = await client.post(_PATH, body=body, cast_to=object)
            if not isinstance(answer, dict):
                raise ModelRefusedError(
                    f"{self._settings.server} does not speak OpenAI's embeddings: check EMBEDDING_BASE_URL"
                )
            return await asyncio.to_thread(_vectors_in, answer.get("data"), len(texts))
        except VENDOR_ERRORS as error:
            settings = self._settings
            raise translated(error, Asked(settings.model, settings.server, settings="EMBEDDING")) from error

    async def _connected(self) -> "openai.AsyncOpenAI":
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(_client_of, self._settings)
            return self._client


def _client_of(settings: EmbeddingSettings) -> "openai.AsyncOpenAI":
    import httpx2

    from source.adapters.llm.openai_client import made_client
    from source.adapters.llm.openai_errors import Asked

    connect, answer = settings.connect_timeout.total_seconds(), settings.answer_timeout.total_seconds()
    timeout = httpx2.Timeout(connect=connect, pool=connect, write=answer, read=answer)
    asked = Asked(settings.model, settings.server, settings="EMBEDDING")
    return made_client(settings.base_url, settings.api_key, timeout, asked)


def _vectors_in(data: object, count: int) -> list[bytes]:
    """Return the vectors of an answer in the order of the texts.

    Raises: ValueError: it is not what was asked for.
    """
    if not isinstance(data, list) or len(data) != count:
        raise ValueError("an answer without as many vectors as texts")
    found: list[bytes | None] = [None] * count
    for place, each in enumerate(data):
        index = each.get("index", place) if isinstance(each, dict) and "embedding" in each else None
        if not isinstance(index, int) or not 0 <= index < count:
            raise ValueError("a vector of no text")
        found[index] = _vector(each["embedding"])
    vectors = [vector for vector in found if vector is not None]
    if len(vectors) != count or len({len(vector) for vector in vectors}) > 1:
        raise ValueError("texts without vectors, or vectors of several sizes")
    return vectors


def _vector(given: object) -> bytes:
    import numpy as np

    from source.domain.recall.vectors import packed

    if isinstance(given, str):
        return packed(np.frombuffer(base64.b64decode(given, validate=True), dtype="<f4"))
    if isinstance(given, list) and all(isinstance(number, int | float) for number in given):
        return packed(given)
    raise ValueError("numbers in no form that was asked for")
