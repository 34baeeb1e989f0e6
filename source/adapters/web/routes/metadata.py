"""What is known about messages beyond what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Path
from fastapi import Body as FromBody
from pydantic import Discriminator, Field, Tag

from source.adapters.web.access import Caller, Scope, requires
from source.adapters.web.bodies import ChatId
from source.adapters.web.chat_ids import no_chat
from source.adapters.web.documented import problems
from source.adapters.web.pages import STORABLE, Body, Identifier, Shown
from source.adapters.web.problems import Problem
from source.domain.memory import MemorySource
from source.domain.metadata import LONGEST_TAG_CHARS, MOST_TAGS, Analysis, Category, Sentiment
from source.ports.metadata import MetadataChange
from source.services.metadata import change_of

_Writing = Annotated[Caller, requires(Scope.WRITE)]
_Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG_CHARS, pattern=STORABLE, examples=["follow_up"])]


class MetadataBody(Body):
    """What a person knows better than any analysis; null leaves it as it is."""

    sentiment: Sentiment | None = None
    category: Category | None = None
    tags: list[_Tag] | None = Field(default=None, max_length=MOST_TAGS)


class MessageMetadataBody(MetadataBody):
    """Of a message."""

    message_id: Annotated[Identifier, Field(strict=True)]


class ChatMetadataBody(MetadataBody):
    """Of a chat's latest conversation."""

    chat_id: ChatId


class MetadataAnswer(Shown):
    """What it was set for: a message, or a chat's latest conversation."""

    success: bool = True
    message_id: int | None = None
    conversation_id: int | None = None


class AnalysisShown(Shown):
    """What was found out, and by whom; null where that is switched off or cannot be told."""

    sentiment: Sentiment | None
    category: Category | None
    tags: list[str] | None
    source: MemorySource


class Analyst(Protocol):
    """What is needed of the metadata's service."""

    async def analyze(self, message_id: int) -> Analysis | None:
        """As in `MetadataService`."""
        ...


class Setting(Protocol):
    """What is needed of the service by which people set metadata."""

    async def set_message(self, message_id: int, change: MetadataChange) -> bool:
        """As in `MetadataSetting`."""
        ...

    async def set_chat(self, chat_id: str, change: MetadataChange) -> int | None:
        """As in `MetadataSetting`."""
        ...


@dataclass(frozen=True, slots=True)
class MetadataParts:
    """What metadata over HTTP needs."""

    analyst: Analyst
    setting: Setting


def router(parts: MetadataParts) -> APIRouter:
    """Return the routes of metadata."""
    routes = APIRouter(prefix="/api/conversations", tags=["conversations"])

    @routes.post("/metadata", operation_id="setMetadata", responses=problems(400, 404))
    async def put(body: _AnyBody, _: _Writing) -> MetadataAnswer:
        """Set what is known of a message, or of a chat's latest conversation; no analysis changes it afterwards."""
        change = change_of(sentiment=body.sentiment, category=body.category, tags=body.tags)
        if isinstance(body, MessageMetadataBody):
            if not await parts.setting.set_message(body.message_id, change):
                raise _no_message(body.message_id)
            return MetadataAnswer(message_id=body.message_id)
        conversation_id = await parts.setting.set_chat(body.chat_id, change)
        if conversation_id is None:
            raise no_chat([body.chat_id])
        return MetadataAnswer(conversation_id=conversation_id)

    @routes.post("/messages/{id}/analyze", operation_id="analyzeMessage", responses=problems(404, 502))
    async def analyze(
        message_id: Annotated[Identifier, Path(alias="id", description="The message.")], _: _Writing
    ) -> AnalysisShown:
        """Find out a message's mood, matter and tags now: by the model, or by rule where there is none."""
        found = await parts.analyst.analyze(message_id)
        if found is None:
            raise _no_message(message_id)
        tags = None if found.tags is None else list(found.tags)
        return AnalysisShown(sentiment=found.sentiment, category=found.category, tags=tags, source=found.source)

    return routes


def _kind(body: Any) -> str:  # Any: whatever was sent
    return "chat" if isinstance(body, Mapping) and "chat_id" in body else "message"


_AnyBody = Annotated[
    Annotated[MessageMetadataBody, Tag("message")] | Annotated[ChatMetadataBody, Tag("chat")],
    Discriminator(_kind),
    FromBody(
        openapi_examples={
            "a message": {"value": {"message_id": 6821946150912064, "sentiment": "positive", "tags": ["follow_up"]}},
            "a chat": {"value": {"chat_id": "123456@c.us", "category": "appointment"}},
        }
    ),
]


def _no_message(message_id: int) -> Problem:
    return Problem(
        404, f"There is no message {message_id}; `GET /conversations/{{id}}/messages` lists a conversation's."
    )
