"""The shape of a transcript's JSON, as it is read; `conversations/README.md` documents it for its owner."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from source.domain.conversation_head import ConversationState, CreatedReason
from source.domain.message import Message, MessageType, Standing, as_utc
from source.domain.outcome import Outcome
from source.domain.thread import Platform, ThreadRef

SCHEMA_VERSION = 1


def _as_moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a time is text in ISO 8601")  # noqa: TRY004 - pydantic reports ValueError alone
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is None else as_utc(moment)


Moment = Annotated[datetime, PlainValidator(_as_moment)]


class _Shape(BaseModel):
    """Keys that are not known are left out: a later 1.x may have added them."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class EntryMeta(_Shape):
    """What is known of an entry beside its text."""

    requester: str | None = None
    tools: list[dict[str, object]] | None = None
    event_id: str | None = None
    interrupted: bool = False
    edited_at: Moment | None = None
    standing: Standing = Standing.KEPT
    pii: tuple[str, ...] = ()
    delivery: Outcome = Outcome.UNTOLD


class Entry(_Shape):
    """One entry of `history`."""

    created_at: Moment
    message_type: MessageType
    message_content: str
    message_id: int = 0
    meta: EntryMeta = Field(default_factory=EntryMeta)

    def as_message(self, message_id: int) -> Message:
        return Message(
            created_at=self.created_at,
            message_type=self.message_type,
            message_content=self.message_content,
            tools=self.meta.tools,
            requester=self.meta.requester,
            message_id=message_id,
            event_id=self.meta.event_id,
            interrupted=self.meta.interrupted,
            edited_at=self.meta.edited_at,
            standing=self.meta.standing,
            pii=self.meta.pii,
            delivery=self.meta.delivery,
        )


class OlderTranscript(_Shape):
    """A transcript from before the format had a version."""

    created_at: Moment
    updated_at: Moment
    summary: str | None
    guild_id: str | None
    guild_name: str | None
    requester: str | None
    participants: list[str]
    history: list[Entry]


class Transcript(OlderTranscript):
    """A transcript of version 1."""

    schema_version: int
    platform: Platform
    thread_id: str
    conversation_id: int
    parent_conversation_id: int | None
    conversation_created_reason: CreatedReason
    state: ConversationState
    title: str
    carried_summary: str
    running_summary: str
    context_start: int
    last_message_at: Moment | None
    resumed_at: Moment | None
    ended_at: Moment | None
    people: dict[str, str]
    circle: str | None = None

    @property
    def thread(self) -> ThreadRef:
        return ThreadRef(self.platform, self.thread_id, self.guild_id, self.guild_name, self.circle)
