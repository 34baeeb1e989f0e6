"""What is known about messages and conversations beyond what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.memory import MemorySource
from source.domain.message import Message
from source.domain.metadata import Analysis
from source.domain.thread import ThreadRef


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message and the conversation in which it was said."""

    conversation_id: int
    thread: ThreadRef
    message: Message


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """What to set; None leaves it as it is."""

    sentiment: str | None = None
    category: str | None = None
    tags: tuple[str, ...] | None = None
    is_starred: bool | None = None
    source: MemorySource = MemorySource.PERSON


class MetadataStore(Protocol):
    """Analyses of messages and conversations, and what was read and processed.

    Raises: StoreError.
    """

    async def message(self, message_id: int) -> FoundMessage | None:
        """Return the message with this id."""
        ...

    async def unanalyzed(self, *, limit: int = 10_000) -> list[int]:
        """Return the conversations with chat messages of people that no analysis covers, the oldest first."""
        ...

    async def messages_to_analyze(self, conversation_id: int, *, limit: int = 500) -> list[Message]:
        """Return the people's messages of a conversation that no analysis covers, in order."""
        ...

    async def put_analyses(self, conversation_id: int, analyses: Mapping[int, Analysis], *, overall: Analysis) -> None:
        """Keep analyses by message id, and the one of the conversation as far as the last of them.

        What a person has set stays.
        """
        ...

    async def set_message(self, message_id: int, change: MetadataChange) -> bool:
        """Set a message's metadata; False: no such message."""
        ...

    async def set_conversations(self, conversation_ids: Sequence[int], change: MetadataChange) -> int:
        """Set conversations' metadata; return how many there are of them."""
        ...

    async def mark(
        self, message_ids: Sequence[int], *, is_read: bool | None = None, is_processed: bool | None = None
    ) -> int:
        """Set the status of many messages; return how many there are of them."""
        ...

    async def note_recalled(self, conversation_ids: Sequence[int]) -> None:
        """Count that these conversations were found again."""
        ...


@dataclass(frozen=True, slots=True)
class SyncState:
    """How a thread stands to its platform: `status` is `never`, `ok`, `failed` or `unsupported`."""

    thread: ThreadRef
    status: str
    last_synced_at: datetime | None = None
    last_full_sync_at: datetime | None = None
    messages_found: int = 0
    error: str | None = None


class SyncStore(Protocol):
    """How far each thread has been compared with its platform.

    Raises: StoreError.
    """

    async def sync_states(self, *, limit: int = 1_000, offset: int = 0) -> list[SyncState]:
        """Return every thread with its state, the least recently synced first."""
        ...

    async def note_synced(self, state: SyncState) -> None: ...


class PlatformHistory(Protocol):
    """A channel that can look back at what was said on its platform."""

    async def sync(self, thread: ThreadRef, *, full: bool) -> int:
        """Take in what Echo has missed of a thread; return how many messages that were.

        Raises: DeliveryError: the platform does not tell now. UndeliverableError: the place is gone.
        """
        ...
