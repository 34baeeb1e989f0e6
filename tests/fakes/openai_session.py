"""A model adapter talking to a fake server, as tests need the two."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from source.adapters.llm.openai_chat import OpenAIChatModel, OpenAIChatSettings
from tests.fakes.openai_server import FakeOpenAIServer

# Long enough for a busy machine; tests of a time-out shorten the one they mean.
PATIENT = OpenAIChatSettings(
    "test-model",
    "key",
    connect_timeout=timedelta(seconds=20),
    first_token_timeout=timedelta(seconds=20),
    stall_timeout=timedelta(seconds=20),
)
AT_ONCE = timedelta(milliseconds=150)


class RecordedSleep:
    """Sleeps no time and remembers how long it was asked to."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class OpenAISession:
    """One server, and models that call it."""

    def __init__(self, server: FakeOpenAIServer) -> None:
        self.server = server
        self.sleep = RecordedSleep()
        self._models: list[OpenAIChatModel] = []

    def model(self, settings: OpenAIChatSettings = PATIENT) -> OpenAIChatModel:
        """A model of this server, whatever address the settings name."""
        return self.model_at(replace(settings, base_url=self.server.base_url))

    def model_at(self, settings: OpenAIChatSettings) -> OpenAIChatModel:
        """A model of the server that the settings name."""
        model = OpenAIChatModel(settings, sleep=self.sleep)
        self._models.append(model)
        return model

    async def close(self) -> None:
        for model in self._models:
            await model.close()


@asynccontextmanager
async def openai_session() -> AsyncIterator[OpenAISession]:
    async with FakeOpenAIServer() as server:
        session = OpenAISession(server)
        try:
            yield session
        finally:
            await session.close()
