"""A language model behind OpenAI's Chat Completions, or any server that speaks them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

import structlog

from source.adapters.llm.openai_request import ParameterRefusedError, RequestBuilder
from source.adapters.llm.openai_settings import OpenAIChatSettings
from source.adapters.llm.retrying import retrying
from source.ports.llm import ModelEvent, Prompt

if TYPE_CHECKING:
    from source.adapters.llm.openai_connection import OpenAIConnection
    from source.adapters.llm.openai_reply import OpenAIReply

__all__ = ["OpenAIChatModel", "OpenAIChatSettings"]

log = structlog.get_logger()


class OpenAIChatModel:
    """Streams replies; owns one client, which is made at the first call or by `prepare`."""

    def __init__(
        self, settings: OpenAIChatSettings, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._settings = settings
        self._sleep = sleep
        self._requests = RequestBuilder(settings.model, is_openai=settings.is_openai)
        self._connection: OpenAIConnection | None = None
        self._connecting = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._settings.model

    @property
    def settings(self) -> OpenAIChatSettings:
        """Which model of which server it is."""
        return self._settings

    async def prepare(self) -> None:
        """Load the package and make the client without holding up the event loop; calls do it by themselves."""
        await self._connected()

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent]:
        """Read it without awaiting anything else: when the connection breaks, aiohttp drops what waits to be read."""
        reply = await self._open(prompt)
        try:
            async with aclosing(reply.events()) as events:
                async for event in events:
                    yield event
        finally:
            await reply.close()

    async def close(self) -> None:
        async with self._connecting:
            connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connected(self) -> "OpenAIConnection":
        async with self._connecting:
            if self._connection is None:
                self._connection = await asyncio.to_thread(_connect, self._settings)
            return self._connection

    async def _open(self, prompt: Prompt) -> "OpenAIReply":
        connection = await self._connected()
        async for attempt in retrying(self._settings, self._sleep):
            with attempt:
                return await self._attempt(connection, prompt)
        raise AssertionError("the retries end with a reply or an error")

    async def _attempt(self, connection: "OpenAIConnection", prompt: Prompt) -> "OpenAIReply":
        """Call the server once, and again for each parameter that it refuses and that can be left out."""
        from source.adapters.llm.openai_reply import open_reply

        while True:
            body = self._requests.body(prompt)
            try:
                return await open_reply(self._settings, connection.send(body))
            except ParameterRefusedError as error:
                if not self._requests.go_without(error.parameter, body):
                    raise
                log.warning("model_parameter_refused", model=self.name, parameter=error.parameter)


def _connect(settings: OpenAIChatSettings) -> "OpenAIConnection":
    from source.adapters.llm.openai_connection import OpenAIConnection

    return OpenAIConnection(settings)
