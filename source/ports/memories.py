"""What is remembered of conversations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from source.domain.fact import KnownFact
from source.domain.memory import Memory, MemorySource, StoredMemory
from source.domain.message import Message
from source.domain.turn import Purpose
from source.ports.llm import JsonSchema


class MemoryStore(Protocol):
    """One memory for each conversation.

    Raises: StoreError.
    """

    async def eligible(self, quiet_since: datetime, now: datetime, *, limit: int = 100_000) -> list[int]:
        """Return conversations last spoken in before `quiet_since` that have no memory or kept chat messages newer
        than theirs, the longest quiet first; one whose memory could not be made rests for `RETRY_PAUSES`.
        """
        ...

    async def put_memory(
        self,
        conversation_id: int,
        memory_data: Mapping[str, object],
        *,
        covers_to: int | None = None,
        source: MemorySource,
        version: int | None = None,
        made_of: str | None = None,
    ) -> StoredMemory:
        """Insert or replace the conversation's memory; without `covers_to` it covers the newest message there is.

        One that covers more than this stays as it is and is returned, unless `source` is a person. `version` is what
        the caller last saw, 0 for none; `made_of` is the mark of the messages as they were read (`memory_reading`).

        Raises: StoreConflictError: there is no such conversation, the memory's version is not `version`, a message
            that it cites is gone, or what it covers does not read as when it was made.
        """
        ...

    async def memory(self, conversation_id: int) -> StoredMemory | None: ...

    async def memories(self, *, limit: int = 50, offset: int = 0) -> list[StoredMemory]:
        """Return memories, the latest changed first."""
        ...

    async def delete_memory(self, conversation_id: int) -> bool: ...

    async def note_failure(self, conversation_id: int, error: str) -> None:
        """Note that the memory could not be made; a memory that is put forgets it."""
        ...


@dataclass(frozen=True, slots=True)
class RememberedConversation:
    """A conversation's messages, the names of who speaks in it, and its memory as it stands.

    `known` is what is known of those who speak, from elsewhere, and may be seen there.
    """

    messages: Sequence[Message]
    people: Mapping[str, str]
    memory: StoredMemory | None
    known: Sequence[KnownFact] = ()


class MemoryDesk(Protocol):
    """Where memories are made from and put down: the store, or the API of an Echo elsewhere.

    Raises: StoreError.
    """

    async def fetch(self, conversation_id: int) -> RememberedConversation | None:
        """Return what is there to be remembered; None: no such conversation."""
        ...

    async def keep(self, conversation_id: int, memory: Memory, *, version: int, made_of: str) -> StoredMemory:
        """Keep the memory in place of the one of this version; 0: there was none.

        Raises: StoreConflictError: the conversation is gone, or its memory or what that was made of has changed.
        """
        ...

    async def note_failure(self, conversation_id: int, sentence: str) -> None:
        """Note that the memory could not be made."""
        ...


class StructuredModel(Protocol):
    """Asks a language model for JSON of a given shape."""

    async def ask(
        self, instructions: str, material: str, schema: JsonSchema, *, purpose: Purpose, conversation_id: int
    ) -> Mapping[str, object]:
        """Return the object that the model gave; its use is recorded with this conversation.

        Its own keys are there and of the right type; what is inside of them is for the caller to check.

        Raises: ModelError: none came (ModelUnavailableError: it may later), or not of that shape after a second try.
        """
        ...


class MemoryBatches(Protocol):
    """Where batches of conversations wait for their memories when workers run apart."""

    async def batches(self, conversation_ids: Sequence[int]) -> list[list[int]]:
        """Return the conversations in as few batches as one message each can hold.

        Raises: QueueUnavailableError.
        """
        ...

    async def send(self, conversation_ids: Sequence[int]) -> str:
        """Hand over one batch; return the queue's id of it.

        Raises: QueueUnavailableError.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReceivedBatch:
    """A batch that a worker has in hand: for `held_for`, unless it is held on to, nobody else gets it."""

    receipt: str
    conversation_ids: tuple[int, ...]
    times_received: int
    held_for: timedelta


class BatchInbox(Protocol):
    """Where a worker gets its batches.

    Raises: QueueUnavailableError. SettingsError: the queue is not there, or not for us.
    """

    async def receive(self) -> ReceivedBatch | None:
        """Return the next batch; None when none has come for a while."""
        ...

    async def hold_on(self, batch: ReceivedBatch) -> None:
        """Keep the batch from others for as long again."""
        ...

    async def give_back(self, batch: ReceivedBatch, *, after: timedelta = timedelta(0)) -> None:
        """Let others, or oneself, have it after that time; after too many times the queue puts it aside."""
        ...

    async def done(self, batch: ReceivedBatch) -> None:
        """Take the batch off the queue."""
        ...
