"""The truth on disk, in the pieces that its callers need."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.message import Message
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import AcceptedEvent, InboundMessage, TurnRecord, UndeliveredReply


class TurnStore(Protocol):
    """What a turn needs; both writes return only when durable.

    Raises: StoreUnavailableError, StoreDamagedError; nothing of the failed write was kept.
    """

    async def accept(self, inbound: InboundMessage) -> AcceptedEvent | None:
        """Record an inbound message; None when this platform's event id was recorded before."""
        ...

    async def commit_turn(self, record: TurnRecord) -> None:
        """Write everything of one turn in one transaction."""
        ...

    async def mark_delivered(self, keys: Sequence[int]) -> None:
        """Note that the reply to these events has reached its channel."""
        ...

    async def unanswered(self, *, platform: Platform | None = None) -> list[AcceptedEvent]:
        """Every accepted event without a reply, oldest first."""
        ...

    async def undelivered(self, thread: ThreadKey | None = None) -> list[UndeliveredReply]:
        """Every stored reply that no channel confirmed, oldest first."""
        ...


class ConversationStore(Protocol):
    """What the manager needs to bring conversations back into memory."""

    async def active(self, thread: ThreadKey) -> StoredConversation | None:
        """The thread's active conversation, whole; None when it has none."""
        ...

    async def load(self, conversation_id: int) -> StoredConversation | None:
        """A conversation, whole; None when there is no such id."""
        ...

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:
        """The thread's conversation with the latest activity, whatever its state."""
        ...

    async def commit_turn(self, record: TurnRecord) -> None:
        """As in `TurnStore`."""
        ...

    async def rename_transcript(self, conversation_id: int, filename: str) -> None:
        """Note under which name the conversation's transcript is; nothing else of it is touched."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose eyes are looking, and from where: nothing said elsewhere is shown.

    Seen are conversations of this platform and guild (None: direct) in which the person took part.
    """

    platform: Platform
    external_id: str
    guild_id: str | None


@dataclass(frozen=True, slots=True)
class ConversationListing:
    """One line of a list of conversations; `message_count` counts what was said, not what tools did."""

    conversation_id: int
    thread: ThreadRef
    title: str
    summary: str
    state: ConversationState
    created_at: datetime
    last_message_at: datetime | None
    message_count: int
    parent_conversation_id: int | None
    created_reason: str
    filename: str


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A past message that a search found; `rank` is smaller for better hits."""

    message: Message
    conversation_id: int
    thread: ThreadRef
    rank: float


class ConversationCatalog(Protocol):
    """Reading across conversations."""

    async def listing(
        self, *, scope: Scope | None = None, thread: ThreadKey | None = None, limit: int = 50, offset: int = 0
    ) -> list[ConversationListing]:
        """Conversations by latest activity first; all of them without scope and thread."""
        ...

    async def search(self, words: str, *, scope: Scope | None = None, limit: int = 10) -> list[SearchHit]:
        """Chat messages that contain the words, best first; every committed message is searched."""
        ...

    async def load(self, conversation_id: int) -> StoredConversation | None:
        """As in `ConversationStore`."""
        ...

    def every_conversation(self) -> AsyncIterator[StoredConversation]:
        """All conversations in order of id, read in steps that hold no lock."""
        ...

    async def count(self) -> int:
        """How many conversations there are."""
        ...


class RestoringStore(ConversationCatalog, Protocol):
    """What a rebuild needs."""

    async def restore(self, conversations: Sequence[StoredConversation]) -> None:
        """Make the store have these conversations as given, in one transaction.

        Messages that only the store has are kept: nothing that was accepted is lost by a rebuild.
        """
        ...
