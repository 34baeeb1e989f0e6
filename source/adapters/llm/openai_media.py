"""Models that look at pictures and listen to recordings, behind OpenAI's API or any server that speaks it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from source.adapters.llm.openai_media_answers import picture_read, recording_read
from source.adapters.llm.openai_request import TOKEN_LIMITS, Body, ParameterRefusedError
from source.adapters.llm.openai_settings import OPENAI_BASE_URL, server_of
from source.adapters.llm.retrying import retrying
from source.domain.errors import ModelRefusedError, ModelUnavailableError
from source.ports.media import ReadMedia

if TYPE_CHECKING:
    import openai

T = TypeVar("T")

_CHAT: Final = "/chat/completions"
_TRANSCRIPTIONS: Final = "/audio/transcriptions"
# A model that thinks first spends more on that than on what it writes.
_MOST_OUTPUT_TOKENS: Final = 4_000
_NO_CAPTION: Final = "(There is no caption.)"
# The end of its name tells a server what a recording is; `.oga` is refused.
_SUFFIXES: Final[Mapping[str, str]] = {
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "audio/webm": "webm",
}


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """Which models of which server, and how long to wait for them; an empty name: there is none."""

    picture_model: str
    transcription_model: str
    instructions: str
    api_key: str | None = field(default=None, repr=False)
    base_url: str = OPENAI_BASE_URL
    connect_timeout: timedelta = timedelta(seconds=5)
    answer_timeout: timedelta = timedelta(seconds=40)
    max_attempts: int = 2
    first_pause: timedelta = timedelta(seconds=0.5)
    longest_pause: timedelta = timedelta(seconds=5)
    give_up_after: timedelta = timedelta(seconds=40)

    @property
    def model(self) -> str:
        """The name that retries are logged with."""
        return self.picture_model or self.transcription_model

    @property
    def server(self) -> str:
        """Host and port, for messages to the operator."""
        return server_of(self.base_url, "OPENAI_BASE_URL")


class OpenAIMediaReader:
    """Implements `MediaReader`; owns one client, which is made at the first call."""

    def __init__(self, settings: MediaSettings, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._settings = settings
        self._sleep = sleep
        self._client: openai.AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()
        # OpenAI's newer models refuse `max_tokens`; simpler servers silently ignore the newer name.
        is_openai = settings.server == "api.openai.com"
        self._limits = list(TOKEN_LIMITS if is_openai else reversed(TOKEN_LIMITS))

    @property
    def settings(self) -> MediaSettings:
        """Which models of which server they are."""
        return self._settings

    @property
    def sees(self) -> bool:
        return bool(self._settings.picture_model)

    @property
    def hears(self) -> bool:
        return bool(self._settings.transcription_model)

    async def described(self, content: bytes, media_type: str, caption: str) -> ReadMedia:
        model = self._settings.picture_model
        # Some megabytes, which take a moment.
        url = await asyncio.to_thread(_data_url, content, media_type)
        answer = await self._again(lambda client: self._look(client, model, url, caption))
        return picture_read(answer, model)

    async def transcribed(self, content: bytes, media_type: str) -> ReadMedia:
        model = self._settings.transcription_model
        name = f"voice.{_SUFFIXES.get(media_type, 'ogg')}"
        answer = await self._again(lambda client: self._listen(client, model, (name, content, media_type)))
        return recording_read(answer, model)

    async def close(self) -> None:
        async with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _look(self, client: "openai.AsyncOpenAI", model: str, url: str, caption: str) -> object:
        picture: list[Body] = [
            {"type": "text", "text": caption or _NO_CAPTION},
            {"type": "image_url", "image_url": {"url": url}},
        ]
        messages: list[Body] = [
            {"role": "system", "content": self._settings.instructions},
            {"role": "user", "content": picture},
        ]
        while True:
            limit = {self._limits[0]: _MOST_OUTPUT_TOKENS} if self._limits else {}
            body: Body = {"model": model, "messages": messages, **limit}
            try:
                return await self._call(model, client.post(_CHAT, body=body, cast_to=object))
            except ParameterRefusedError as error:
                if error.parameter not in self._limits or error.parameter not in body:
                    raise
                self._limits.remove(error.parameter)

    async def _listen(self, client: "openai.AsyncOpenAI", model: str, file: tuple[str, bytes, str]) -> object:
        # The package's own method parses the answer into one of eight shapes.
        asked = client.post(
            _TRANSCRIPTIONS,
            body={"model": model, "response_format": "json"},
            files={"file": file},
            options={"headers": {"Content-Type": "multipart/form-data"}},
            cast_to=object,
        )
        return await self._call(model, asked)

    async def _call(self, model: str, asked: Awaitable[T]) -> T:
        from source.adapters.llm.openai_errors import VENDOR_ERRORS, Asked, translated

        settings = self._settings
        try:
            async with asyncio.timeout(settings.answer_timeout.total_seconds()):
                return await asked
        except TimeoutError as error:
            raise ModelUnavailableError(f"{settings.server} did not answer in time") from error
        except VENDOR_ERRORS as error:
            raise translated(error, Asked(model, settings.server)) from error

    async def _again(self, call: "Callable[[openai.AsyncOpenAI], Awaitable[object]]") -> Mapping[str, object]:
        """Call the server until it answers with an object."""
        client = await self._connected()
        async for attempt in retrying(self._settings, self._sleep):
            with attempt:
                answer = await call(client)
                if not isinstance(answer, dict):
                    raise ModelRefusedError(f"{self._settings.server} answered with no JSON: check OPENAI_BASE_URL")
                return answer
        raise AssertionError("the retries end with an answer or an error")

    async def _connected(self) -> "openai.AsyncOpenAI":
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(_client_of, self._settings)
            return self._client


def _data_url(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _client_of(settings: MediaSettings) -> "openai.AsyncOpenAI":
    import httpx2

    from source.adapters.llm.openai_client import made_client
    from source.adapters.llm.openai_errors import Asked

    connect, answer = settings.connect_timeout.total_seconds(), settings.answer_timeout.total_seconds()
    timeout = httpx2.Timeout(connect=connect, pool=connect, write=answer, read=answer)
    return made_client(settings.base_url, settings.api_key, timeout, Asked(settings.model, settings.server))
