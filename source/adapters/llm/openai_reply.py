"""One reply of an OpenAI-compatible server, read with time-outs."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from datetime import timedelta

import structlog

from source.adapters.llm.openai_chunks import ReplyReader
from source.adapters.llm.openai_connection import ChunkStream
from source.adapters.llm.openai_settings import OpenAIChatSettings
from source.domain.errors import ModelError, ModelInterruptedError, ModelUnavailableError
from source.ports.llm import ModelEvent

# The usage chunk follows the finish and the end follows it at once, but some servers leave the stream open.
_USAGE_TIMEOUT = timedelta(seconds=2)
_END_TIMEOUT = timedelta(seconds=0.2)

log = structlog.get_logger()


async def open_reply(settings: OpenAIChatSettings, answer: Awaitable[ChunkStream]) -> "OpenAIReply":
    """Wait for the answer to a request and read it up to its first event.

    Raises: ModelUnavailableError, ModelRefusedError, ContextTooLongError; nothing stays open then.
    """
    deadline = _moment_after(settings.first_token_timeout)
    try:
        async with asyncio.timeout_at(deadline):
            reply = OpenAIReply(settings, await answer, first_deadline=deadline)
    except TimeoutError as error:
        raise ModelUnavailableError(f"{settings.server} did not answer in time") from error
    try:
        await reply.begin()
    except BaseException:
        await reply.close()
        raise
    return reply


class OpenAIReply:
    """Read once, closed always."""

    def __init__(self, settings: OpenAIChatSettings, chunks: ChunkStream, *, first_deadline: float) -> None:
        self._settings = settings
        self._chunks = chunks
        self._first_deadline = first_deadline
        self._reader = ReplyReader()
        self._first: list[ModelEvent] = []

    async def begin(self) -> None:
        """Read up to the first event, so that all before it can be tried again."""
        while not self._first:
            self._first = await self._read()

    async def events(self) -> AsyncGenerator[ModelEvent]:
        """Every event, the first ones included.

        Raises: ModelInterruptedError when the reply breaks off.
        """
        for event in self._first:
            yield event
        while not self._reader.finished:
            try:
                events = await self._read()
            except ModelError as error:
                raise ModelInterruptedError(f"the reply broke off: {error}") from error
            for event in events:
                yield event
        await self._wait_for_usage()
        if self._reader.usage is not None:
            yield self._reader.usage

    async def close(self) -> None:
        await self._chunks.close()

    async def _read(self) -> list[ModelEvent]:
        """Read one chunk; once something has come, each further chunk has its own time."""
        began = self._reader.began
        deadline = _moment_after(self._settings.stall_timeout) if began else self._first_deadline
        chunk = await self._chunks.next(deadline=deadline)
        if chunk is None:
            raise ModelUnavailableError(f"{self._settings.server} ended its reply too early")
        try:
            return self._reader.read(chunk)
        except ValueError as error:
            raise ModelUnavailableError(f"{self._settings.server} sent a broken answer") from error

    async def _wait_for_usage(self) -> None:
        """Read to the end: the reply is whole whatever happens now, and a drained connection can be used again."""
        try:
            while (chunk := await self._chunks.next(deadline=self._end_deadline())) is not None:
                self._reader.read(chunk)
        except (ModelError, ValueError) as error:
            log.debug("model_reply_left_open", model=self._settings.model, error=type(error).__name__)

    def _end_deadline(self) -> float:
        return _moment_after(_USAGE_TIMEOUT if self._reader.usage is None else _END_TIMEOUT)


def _moment_after(wait: timedelta) -> float:
    return asyncio.get_running_loop().time() + wait.total_seconds()
