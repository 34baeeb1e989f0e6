"""One entry of a conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from source.domain.outcome import Outcome


class MessageType(StrEnum):
    """What an entry is; the values are those of the transcript."""

    THINKING = "thinking"
    CHAT = "chat"
    TOOL_CALL = "tool_call"
    TOOL_CALL_RESPONSE = "tool_call_response"


class Standing(StrEnum):
    """Whether an entry still counts: only what is kept is shown to the model, to people or to a search."""

    KEPT = "kept"
    DELETED = "deleted"
    SUPERSEDED = "superseded"


OF_BUSINESS: Final = "business"
"""The requester of what a person of the business said in a conversation, in Echo's place."""


@dataclass(frozen=True, slots=True)
class Message:
    """One entry: a person's message has a `requester`, Echo's own have none; see OF_BUSINESS for those in between.

    `tools` lists `{"name", "params", "id"}` of a tool call, `{"name", "id"}` of its response.
    `message_id` is 0 until a conversation takes the message; `event_id` is the platform's id of a
    person's message. `interrupted` marks a reply that was stopped or cut before its end. A message
    that its writer deleted keeps its place but not its text; a reply given anew supersedes the old one.
    `pii` names the kinds of personal data that are in it, or were when it was said (personal_data.Kind).
    `delivery` is how far a reply of Echo's has come, where its platform tells.
    """

    created_at: datetime
    message_type: MessageType
    message_content: str
    tools: Sequence[Mapping[str, object]] | None = None
    requester: str | None = None
    message_id: int = 0
    event_id: str | None = None
    interrupted: bool = False
    edited_at: datetime | None = None
    standing: Standing = Standing.KEPT
    pii: tuple[str, ...] = ()
    delivery: Outcome = Outcome.UNTOLD

    @property
    def is_kept(self) -> bool:
        return self.standing is Standing.KEPT

    @property
    def is_from_person(self) -> bool:
        """Whether somebody said it who talks with the business."""
        return self.requester is not None and self.requester != OF_BUSINESS

    @property
    def is_of_business(self) -> bool:
        """Whether a person of the business said it: it answers, as Echo's own do, and is not Echo's."""
        return self.requester == OF_BUSINESS

    @property
    def size_bytes(self) -> int:
        """UTF-8 length of the text, to the byte for all text that can be encoded."""
        content = self.message_content
        return len(content) if content.isascii() else len(content.encode("utf-8", "surrogatepass"))


def as_utc(moment: datetime) -> datetime:
    """Return `moment` as aware UTC; a naive one is local time, as `datetime.now()` gives it."""
    return moment.astimezone(UTC)
