"""`/v1/audio/transcriptions` of the fake OpenAI server."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web

from tests.fakes.openai_script import Fails

# OpenAI: "flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav, or webm"; people report that .oga is refused.
_SUFFIXES = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")


@dataclass(frozen=True, slots=True)
class Recording:
    """What was sent to be written down."""

    model: str
    name: str
    media_type: str
    content: bytes


@dataclass(slots=True)
class Transcriptions:
    """Answers every recording with `transcript`; `failures` come first. While `gate` is not set, nothing is answered.

    `by_minute`: the model is paid by the minute and counts no tokens, as whisper-1 does.
    """

    transcript: str = "Do you sell tea?"
    by_minute: bool = False
    heard: list[Recording] = field(default_factory=list)
    failures: deque[Fails] = field(default_factory=deque)
    gate: asyncio.Event | None = None

    async def answer(self, request: web.Request) -> web.Response | Fails:
        """Return the answer to a request, or what is wrong with it."""
        recording = await _recording_of(request)
        if isinstance(recording, Fails):
            return recording
        self.heard.append(recording)
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            return self.failures.popleft()
        usage = {"type": "tokens", "input_tokens": 40, "output_tokens": 6, "total_tokens": 46}
        return web.json_response(
            {"text": self.transcript, "usage": {"type": "duration", "seconds": 3} if self.by_minute else usage}
        )


async def _recording_of(request: web.Request) -> Recording | Fails:
    if not request.content_type.startswith("multipart/"):
        return Fails(400, "Could not parse multipart form", kind="invalid_request_error")
    fields: dict[str, str] = {}
    file: tuple[str, str, bytes] | None = None
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader)
        if part.name == "file":
            file = (part.filename or "", part.headers.get("Content-Type", ""), bytes(await part.read()))
        else:
            fields[part.name or ""] = await part.text()
    if file is None or not fields.get("model"):
        return Fails(400, "you must provide a model parameter and a file", kind="invalid_request_error")
    name, media_type, content = file
    if name.rpartition(".")[2] not in _SUFFIXES:
        message = f"Unrecognized file format. Supported formats: {list(_SUFFIXES)}"
        return Fails(400, message, kind="invalid_request_error", param="file", code="unsupported_value")
    return Recording(fields["model"], name, media_type, content)
