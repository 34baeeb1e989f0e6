"""Pictures and recordings that are read without a model."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from source.domain.errors import ModelError
from source.ports.llm import UsageReported
from source.ports.media import Attachment, MediaKind, ReadMedia


@dataclass(slots=True)
class FakeMediaReader:
    """Says how many bytes there were; `failures` come first. While `gate` is not set, nothing is read."""

    sees: bool = True
    hears: bool = True
    words: str = ""
    counts: bool = True
    failures: deque[ModelError] = field(default_factory=deque)
    gate: asyncio.Event | None = None
    captions: list[str] = field(default_factory=list)
    reading: int = 0

    async def described(self, content: bytes, media_type: str, caption: str) -> ReadMedia:
        self.captions.append(caption)
        return await self._read("seeing", f"a picture of {len(content)} bytes, {media_type}")

    async def transcribed(self, content: bytes, media_type: str) -> ReadMedia:
        return await self._read("hearing", f"{len(content)} bytes of {media_type}")

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def _read(self, model: str, words: str) -> ReadMedia:
        self.reading += 1
        await (self.gate.wait() if self.gate else asyncio.sleep(0))
        if self.failures:
            raise self.failures.popleft()
        return ReadMedia(self.words or words, model, UsageReported(100, 0, 10) if self.counts else None)


def attachment(
    kind: MediaKind,
    content: bytes = b"x" * 9,
    *,
    error: Exception | None = None,
    media_type: str | None = None,
    name: str = "",
    caption: str = "",
) -> Attachment:
    """Return something that was sent, or that cannot be fetched."""

    async def fetch(most_bytes: int) -> bytes:
        await asyncio.sleep(0)
        if error is not None:
            raise error
        return content[:most_bytes]

    usual = {MediaKind.IMAGE: "image/jpeg", MediaKind.VOICE: "audio/ogg"}.get(kind, "application/pdf")
    return Attachment(kind, media_type or usual, fetch, caption, name)
