"""What is known about messages and conversations beyond what they say."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from source.domain.message import Message
from source.domain.metadata import Analysis, Category, Sentiment
from source.domain.thread import Platform, ThreadKey, ThreadRef


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message and the conversation in which it was said."""

    conversation_id: int
    thread: ThreadRef
    message: Message


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """What a person sets; None leaves it as it is."""

    sentiment: Sentiment | None = None
    category: Category | None = None
    tags: tuple[str, ...] | None = None
    is_starred: bool | None = None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What becomes of messages in somebody's inbox; None leaves it as it is."""

    is_read: bool | None = None
    is_processed: bool | None = None


class MetadataStore(Protocol):
    """Analyses of messages and conversations, and what was read and processed.

    What a person has set stays: an analysis only fills what they left open.
    Raises: StoreError.
    """

    async def message(self, message_id: int) -> FoundMessage | None:
        """Return the message with this id."""
        ...

    async def unanalyzed(self, *, limit: int = 10_000) -> list[int]:
        """Return the conversations with chat messages of people that no analysis covers, the oldest first."""
        ...

    async def to_analyze(
        self, conversation_id: int, *, again: bool = False, after: int = 0, limit: int = 500
    ) -> list[Message]:
        """Return people's messages of a conversation that no analysis covers, in order, from behind that id on.

        With `again` also those that were analyzed without a model.
        """
        ...

    async def analyses(self, conversation_id: int) -> dict[int, Analysis]:
        """Return what is known of the messages of a conversation, by id and in order."""
        ...

    async def put_analyses(
        self,
        conversation_id: int,
        analyses: Mapping[int, Analysis],
        *,
        overall: Analysis,
        covers_to: int | None = None,
    ) -> None:
        """Keep analyses by message id, and the conversation's own; None in them leaves what there is.

        With `covers_to` every message up to that one counts as analyzed. Of a conversation that is gone nothing is
        kept.
        """
        ...

    async def set_message(self, message_id: int, change: MetadataChange) -> bool:
        """Set a message's metadata; False: no such message."""
        ...

    async def set_conversations(self, conversation_ids: Sequence[int], change: MetadataChange) -> int:
        """Set conversations' metadata; return how many there are of them."""
        ...

    async def mark(self, message_ids: Sequence[int], status: StatusChange) -> int:
        """Set the status of many messages; return how many there are of them."""
        ...

    async def mark_conversation(
        self, conversation_id: int, status: StatusChange, *, after: int = 0, limit: int = 1_000
    ) -> tuple[int, int | None]:
        """Set the status of the next of people's messages in a conversation.

        Returns how many those were, and the id of the last one when there may be more.
        """
        ...

    async def note_recalled(self, conversation_ids: Collection[int]) -> None:
        """Count that these conversations were found again."""
        ...


class SyncStatus(StrEnum):
    """How a thread stands to its platform."""

    NEVER = "never"
    OK = "ok"
    FAILED = "failed"
    RUNNING = "running"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class SyncState:
    """The last time that a thread was compared with its platform; `messages_found` are those that had been missed then.

    `error` says why the last attempt failed; the times are of those that did not. `messages_waiting` were told and are
    not part of conversations yet.
    """

    thread: ThreadRef
    status: SyncStatus
    last_synced_at: datetime | None = None
    last_full_sync_at: datetime | None = None
    messages_found: int = 0
    error: str | None = None
    messages_waiting: int = 0


class SyncStore(Protocol):
    """How far each thread has been compared with its platform.

    Raises: StoreError.
    """

    async def sync_states(self, *, limit: int = 1_000, offset: int = 0) -> list[SyncState]:
        """Return every thread with its state, the least recently synced first."""
        ...

    async def recent_threads(
        self, platforms: Collection[Platform], since: datetime, *, limit: int = 10_000
    ) -> list[ThreadRef]:
        """Return the platforms' threads that have an active conversation or one spoken in since then.

        The least recently synced come first.
        """
        ...

    async def note_synced(self, state: SyncState) -> None:
        """Keep the state; times that are None stay as they were."""
        ...


class SaidStore(Protocol):
    """What the store has of a thread, for comparing it with the platform.

    Raises: StoreError.
    """

    async def said_in(self, thread: ThreadKey, since: datetime, *, limit: int = 2_000) -> list[Message]:
        """Return people's latest kept messages that have an id on the platform, in order, of the thread's active
        conversation and of those spoken in since then.
        """
        ...


@dataclass(frozen=True, slots=True)
class Synced:
    """What a comparison brought: messages taken in, edited and deleted since they were stored."""

    found: int = 0
    edited: int = 0
    deleted: int = 0


class PlatformHistory(Protocol):
    """A channel that can look back at what was said on its platform."""

    async def sync(self, thread: ThreadRef, *, full: bool) -> Synced:
        """Take in what Echo has missed of a thread; `full` also compares what it has with what is there.

        Raises: DeliveryError: the platform does not tell now. UndeliverableError: the place is gone.
        """
        ...
