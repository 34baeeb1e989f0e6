"""Transcripts on disk, as the core needs them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from source.domain.conversation_head import StoredConversation
from source.domain.errors import TranscriptError


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """A file of the folder: a readable transcript, or what is wrong with it."""

    filename: str
    conversation: StoredConversation | None
    problem: TranscriptError | None = None


class TranscriptFiles(Protocol):
    """Saves and reads the JSON file of each conversation; every method may raise a TranscriptError."""

    async def save(self, conversation: StoredConversation) -> str:
        """Write the file atomically, under `head.filename` or, when another conversation has that
        name, one of its own; return the name used.
        """
        ...

    async def load(self, filename: str) -> StoredConversation:
        """Read one transcript, archived or not."""
        ...

    async def delete(self, filename: str) -> bool:
        """Remove a transcript; False when there was none."""
        ...

    async def archive(self, filename: str) -> None:
        """Compress the file and put it away; doing it twice does it once."""
        ...

    async def unarchive(self, filename: str) -> None:
        """Bring an archived file back; doing it twice does it once."""
        ...

    def entries(self) -> AsyncIterator[TranscriptEntry]:
        """Every file of the folder and its archive, in order of name; bad ones are reported, not raised."""
        ...
