"""Transcripts on disk, as the core needs them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.errors import TranscriptError


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """A file of the folder: a readable transcript, or what is wrong with it."""

    filename: str
    conversation: StoredConversation | None
    problem: TranscriptError | None = None


@dataclass(frozen=True, slots=True)
class Unwritten:
    """What may be behind the store: conversations, the newest first.

    `changes` counts what changed in them but new messages, of which the last one is `up_to`.
    """

    conversation_ids: tuple[int, ...]
    changes: Mapping[int, int]
    up_to: int


class WrittenTranscripts(Protocol):
    """Knows across crashes which transcripts may be behind the store; every method may raise a StoreError."""

    async def unwritten(self) -> Unwritten:
        """Return every conversation that changed since it was last noted to be written."""
        ...

    async def note_written(self, changes: Mapping[int, int], *, up_to: int | None = None) -> None:
        """Note what is in the transcripts now: these changes, unless there were more since, and messages `up_to`."""
        ...

    async def note_all_written(self) -> None:
        """Note that no transcript is behind; nothing else may be going on."""
        ...


class TranscriptFiles(Protocol):
    """Saves and reads the JSON file of each conversation; every method may raise a TranscriptError.

    What is archived has no file here.
    """

    async def save(self, conversation: StoredConversation) -> str:
        """Write the file atomically, under `head.filename` or, when another conversation has that
        name, one of its own; return the name used.
        """
        ...

    async def load(self, filename: str) -> StoredConversation:
        """Read one transcript."""
        ...

    async def content(self, filename: str) -> bytes:
        """Return a file's bytes, whatever they are."""
        ...

    async def put_back(self, head: ConversationHead, content: bytes) -> str:
        """Write exactly these bytes as `save` would write the conversation; return the name used."""
        ...

    async def take_away(self, head: ConversationHead, known: bytes) -> bool:
        """Remove the file of this name if it holds what is `known`, or this conversation; whether it did."""
        ...

    async def delete(self, filename: str) -> bool:
        """Remove a transcript; False when there was none."""
        ...

    def entries(self) -> AsyncIterator[TranscriptEntry]:
        """Every file of the folder, in order of name; bad ones are reported, not raised."""
        ...
