"""Pictures and recordings that people send, as words."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from source.ports.llm import UsageReported


class MediaKind(StrEnum):
    """What somebody sent; the values are how it is told."""

    IMAGE = "image"
    VIDEO = "video"
    VOICE = "voice message"
    AUDIO = "audio"
    DOCUMENT = "document"
    STICKER = "sticker"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that somebody sent, still where it is; `fetch(most_bytes)` brings it.

    `media_type` has no parameters. `size_bytes` is 0 where it is not known yet. What `fetch` raises: MediaError,
    MediaTooLargeError.
    """

    kind: MediaKind
    media_type: str
    fetch: Callable[[int], Awaitable[bytes]]
    caption: str = ""
    name: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ReadMedia:
    """What a model found in a file; `reported` is None where the server counted no tokens."""

    text: str
    model: str
    reported: UsageReported | None = None


class MediaReader(Protocol):
    """Turns pictures and recordings into words.

    Both methods raise ModelError, after retries. Every text that comes out can be stored.
    """

    @property
    def sees(self) -> bool:
        """Whether there is a model for pictures."""
        ...

    @property
    def hears(self) -> bool:
        """Whether there is a model for recordings."""
        ...

    async def described(self, content: bytes, media_type: str, caption: str) -> ReadMedia:
        """Say what a picture shows, in the language of its caption; text in it verbatim."""
        ...

    async def transcribed(self, content: bytes, media_type: str) -> ReadMedia:
        """Write down what is said in a recording."""
        ...

    async def close(self) -> None:
        """Give back what the adapter opened."""
        ...
