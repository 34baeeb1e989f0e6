"""All of a conversation but its messages."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from source.domain.message import Message, as_utc
from source.domain.thread import ThreadRef


class ConversationState(StrEnum):
    """Where a conversation is in its life; at most one conversation of a thread is active."""

    ACTIVE = "active"
    ENDED = "ended"
    ARCHIVED = "archived"


class CreatedReason(StrEnum):
    """Why a conversation began; the values of `conversation_created_reason`."""

    FIRST_MESSAGE = "first_message"
    WINDOW_PASSED = "window_passed"
    NEW_COMMAND = "new_command"
    TOPIC_COMMAND = "topic_command"
    FRESH_COMMAND = "fresh_command"
    AFTER_ARCHIVE = "after_archive"
    AFTER_END = "after_end"
    API = "api"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class ConversationHead:
    """What identifies and describes a conversation; times are aware UTC.

    `carried_summary` is what it began with and never changes afterwards, so that the head of every
    prompt stays the same; `running_summary` stands for the `context_start` first messages, which
    no longer fit the context; `summary` says what the conversation was about.
    """

    conversation_id: int
    thread: ThreadRef
    requester: str | None
    created_at: datetime
    updated_at: datetime
    created_reason: CreatedReason
    filename: str
    state: ConversationState = ConversationState.ACTIVE
    last_message_at: datetime | None = None
    parent_conversation_id: int | None = None
    title: str = ""
    summary: str = ""
    carried_summary: str = ""
    running_summary: str = ""
    context_start: int = 0
    resumed_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        return self.state is ConversationState.ACTIVE

    @property
    def last_activity(self) -> datetime:
        """When somebody last spoke in it or brought it back: what its window is measured from."""
        return max(moment for moment in (self.created_at, self.last_message_at, self.resumed_at) if moment)

    def with_message(self, message: Message) -> "ConversationHead":
        """Return the head as it is once `message` has been said; time never goes back."""
        said_at = as_utc(message.created_at)
        last = max(said_at, self.last_message_at) if self.last_message_at else said_at
        return replace(self, last_message_at=last, updated_at=max(self.updated_at, last))

    def ended(self, now: datetime, *, summary: str = "", title: str = "") -> "ConversationHead":
        return replace(
            self._touched(now),
            state=ConversationState.ENDED,
            ended_at=now,
            summary=summary or self.summary,
            title=self.title or title,
        )

    def resumed(self, now: datetime) -> "ConversationHead":
        return replace(self._touched(now), state=ConversationState.ACTIVE, resumed_at=now, ended_at=None)

    def _touched(self, now: datetime) -> "ConversationHead":
        return replace(self, updated_at=max(self.updated_at, now))


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A whole conversation as the store or a transcript has it; `people` maps requesters to names."""

    head: ConversationHead
    messages: tuple[Message, ...]
    people: dict[str, str]
