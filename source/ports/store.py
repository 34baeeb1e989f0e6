"""The truth on disk, in the pieces that its callers need."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.conversation_head import ConversationHead, ConversationState, StoredConversation
from source.domain.message import Message
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import (
    AcceptedEvent,
    Feedback,
    InboundMessage,
    SaidMessage,
    SentPart,
    TurnRecord,
    UndeliveredReply,
)


class TurnStore(Protocol):
    """What a turn needs; both writes return only when durable.

    Raises: StoreUnavailableError, StoreDamagedError; nothing of the failed write was kept.
    """

    async def accept(self, inbound: InboundMessage) -> AcceptedEvent | None:
        """Record an inbound message; None when this platform's event id was recorded before."""
        ...

    async def commit_turn(self, record: TurnRecord) -> tuple[Message, ...]:
        """Write everything of one turn in one transaction; return its messages as they were kept.

        Of an answered event that was amended meanwhile the text that it has now is kept, of one that was taken
        back none.

        Raises: AlreadyAnsweredError: one of the events has its answer already; nothing was written.
        """
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


class CorrectionStore(Protocol):
    """What following people's edits and deletions needs; writes return only when durable.

    Raises: StoreError; nothing was changed.
    """

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        """The message that a platform knows by this id: a person's, or the reply that Echo's message shows."""
        ...

    async def amend(self, platform: Platform, event_id: str, text: str | None) -> AcceptedEvent | None:
        """Change the text of an accepted event that has no answer yet, or with None take it back; None: no such event.

        An event that was taken back counts as answered and delivered.
        """
        ...

    async def correct(self, conversation_id: int, message: Message) -> None:
        """Replace text, `edited_at` and standing of the message with this id; searches find only the new text."""
        ...


class ChannelStore(Protocol):
    """What a channel keeps of its platform; the plain methods hand over what is on disk a moment later."""

    async def begin_sending(self, platform: Platform, part: SentPart) -> None:
        """Make durable that a part of a reply is about to be sent, under a name that stands for its message.

        Raises: StoreError: it is not, and must not be sent.
        """
        ...

    def note_sent(self, platform: Platform, part: SentPart, *, begun_as: str | None = None) -> None:
        """Note which message shows a part of a reply, in place of the name that it was begun under."""
        ...

    def note_not_sent(self, platform: Platform, part: SentPart) -> None:
        """Note that nothing was sent of a part that was begun; it may be begun again."""
        ...

    async def unfinished_parts(self, platform: Platform) -> list[SentPart]:
        """The parts shown of replies that are not confirmed as delivered, of one reply in order."""
        ...

    async def find(self, platform: Platform, external_id: str) -> SaidMessage | None:
        """As in `CorrectionStore`."""
        ...

    async def latest(self, thread: ThreadKey) -> ConversationHead | None:
        """As in `ConversationStore`."""
        ...

    async def is_accepted(self, platform: Platform, event_id: str) -> bool:
        """Whether an event of this id was ever accepted."""
        ...

    async def reply_to_event(self, key: int) -> SaidMessage | None:
        """The reply to the event of this key; None while there is none."""
        ...

    async def seen(self, platform: Platform) -> dict[str, str]:
        """By thread or place of the platform, the id of the last message that was seen there."""
        ...

    def note_seen(self, platform: Platform, last: Mapping[str, str | None]) -> None:
        """Move the marks that `seen` returns; None drops one."""
        ...

    async def put_feedback(self, feedback: Feedback) -> None:
        """Keep what a person thinks of a reply, in place of what they thought before; durable on return."""
        ...


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """What model calls took, in tokens; `cost` is in millionths of a dollar, None where no call had a price."""

    calls: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost: int | None


@dataclass(frozen=True, slots=True)
class ThreadStatistics:
    """What was said in a thread and what it took; `forever_input_tokens` is the input that the same replies
    would have taken as one conversation for ever, by the measure of tokens for each byte that the calls show.
    """

    conversations: int
    messages: int
    usage: UsageTotals
    forever_input_tokens: int


class StatisticsStore(Protocol):
    """What is counted."""

    async def thread_statistics(self, thread: ThreadKey) -> ThreadStatistics:
        """Everything of one thread."""
        ...

    async def tokens_since(self, platform: Platform, since: datetime) -> dict[str, int]:
        """By external id, input and output tokens of the model calls that people of a platform caused since then."""
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

    async def commit_turn(self, record: TurnRecord) -> tuple[Message, ...]:
        """As in `TurnStore`."""
        ...

    async def rename_transcript(self, conversation_id: int, filename: str) -> None:
        """Note under which name the conversation's transcript is; nothing else of it is touched."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose eyes are looking, and from where: nothing said elsewhere is shown.

    Seen are conversations of this platform and guild (None: direct) in which the person took part. Of those
    that a closed circle alone can read along, only the ones of the `circle` from which one looks are seen.
    """

    platform: Platform
    external_id: str
    guild_id: str | None
    circle: str | None = None


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
