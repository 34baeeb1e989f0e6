"""What is sent and answered where people talk with Echo."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from source.adapters.web.pages import COMMAND, MESSAGE_NAME, SAID, Body, Name, Shown
from source.domain.message import OF_BUSINESS

Place = Literal["web", "terminal"]
"""Where a session is; `terminal` is for the command line of Echo's own machine."""

MessageName = Annotated[
    str,
    Field(
        pattern=MESSAGE_NAME,
        description="The caller's name for the message: sent again with it, it is answered once.",
        examples=["5f0c2a"],
    ),
]


class SessionBody(Body):
    """A session."""

    session_id: Name = Field(description="The session; it is its thread's id.", examples=["visitor-7"])
    platform: Place = Field(default="web", description="`terminal` is for the command line of Echo's own machine.")


class PersonBody(SessionBody):
    """Somebody in a session."""

    user_id: Name = Field(description="Who speaks.", examples=["ada"])
    user_name: Name | None = Field(default=None, description="What they are called; else their id.", examples=["Ada"])

    @field_validator("user_id")
    @classmethod
    def _is_somebody(cls, user_id: str) -> str:
        if user_id == OF_BUSINESS:
            raise ValueError(f"{OF_BUSINESS} is who answers for the business: name who speaks")
        return user_id


class ChatBody(PersonBody):
    """Something that somebody says."""

    text: str = Field(min_length=1, max_length=1_000_000, pattern=SAID, examples=["What did we plan for Friday?"])
    message_id: MessageName | None = None


class CommandBody(PersonBody):
    """A command of `GET /api/commands`; `options` has only those that are given, flags as true."""

    command: str = Field(pattern=COMMAND, examples=["new"])
    options: dict[str, bool | Annotated[str, Field(max_length=4_000, pattern=r"^[^\x00]*$")]] = Field(
        default_factory=dict, max_length=20, examples=[{"topic": "the trip"}]
    )
    invocation_id: MessageName | None = None


class AcceptedShown(Shown):
    """Event `accepted`: the message is kept, and will be answered whatever happens to this connection."""

    session_id: str
    message_id: str


class NoticeShown(Shown):
    """Event `notice`: a line that is no part of the reply."""

    session_id: str
    line: str


class DeltaShown(Shown):
    """Event `delta`: the next piece of the reply."""

    session_id: str
    text: str


class ThinkingShown(Shown):
    """Event `thinking`: the model thinks or a tool runs."""

    session_id: str


class DoneShown(Shown):
    """Event `done`: the whole reply as it is kept; the ids are null for what has no place in the history."""

    session_id: str
    text: str
    interrupted: bool = Field(description="Whether it was stopped, or broke off, before its end.")
    conversation_id: int | None
    reply_id: int | None


class FailedShown(Shown):
    """Event `failed`: there is no reply now; the sentence, for the person, says what happens to their message."""

    session_id: str
    sentence: str


class ChatAnswer(Shown):
    """What came of a message: `answered` with its text, or `kept` with the sentence that says so."""

    status: Literal["answered", "kept"]
    session_id: str
    message_id: str
    text: str | None = None
    interrupted: bool = False
    conversation_id: int | None = None
    reply_id: int | None = None
    notices: list[str] = Field(default_factory=list)
    sentence: str | None = None


class LeftOver(Shown):
    """What was left of earlier sessions, now answered and delivered."""

    replies: list[DoneShown]
    failures: list[FailedShown]


class StopAnswer(Shown):
    """Whether an answer was running."""

    stopped: bool


class FileShown(Shown):
    """A file for the person."""

    name: str
    size_bytes: int
    content_base64: str


class LineShown(Shown):
    """A line of what a command says, and the session that it is about."""

    text: str
    session_id: str | None


class CommandAnswer(Shown):
    """What a command says; `archived` is whether its session should be put away (true) or brought back (false).

    `answer` is the reply that it caused, as for `/retry`.
    """

    text: str
    lines: list[LineShown]
    file: FileShown | None
    session_id: str | None
    archived: bool | None
    answer: ChatAnswer | None = None


class OptionShown(Shown):
    """A value that a command takes; `is_hidden`: people do not fill it in."""

    name: str
    summary: str
    kind: Literal["text", "flag", "choice"]
    required: bool
    choices: list[str]
    is_suggested: bool
    takes_rest: bool
    is_hidden: bool


class CommandShown(Shown):
    """A word of the vocabulary; `is_private`: its answer is for the asker alone."""

    name: str
    summary: str
    usage: str
    is_private: bool
    options: list[OptionShown]


class CommandsShown(Shown):
    """The vocabulary, in the order in which `/help` tells it."""

    commands: list[CommandShown]


class PartnerShown(Shown):
    """Who answers; offline there is no language model, and all but free conversation works."""

    model: str
    is_offline: bool


class SaidShown(Shown):
    """A message of a session."""

    id: int
    role: Literal["user", "assistant"]
    content: str
    created_at: datetime
    requester: str | None
    interrupted: bool
    edited_at: datetime | None
    pii: list[str] = Field(description="The kinds of personal data in it, or that were.", examples=[["email"]])


class SessionHistory(Shown):
    """The last messages of a session's running conversation, the oldest first."""

    messages: list[SaidShown]


class SessionConversation(Shown):
    """A conversation of a session, by the number that commands take."""

    number: int
    conversation_id: int
    title: str
    summary: str
    state: str
    created_at: datetime
    last_message_at: datetime | None
    message_count: int
    parent_conversation_id: int | None
    created_reason: str
    filename: str


class SessionConversations(Shown):
    """The conversations of a person in a session, the latest first."""

    conversations: list[SessionConversation]
