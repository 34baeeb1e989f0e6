"""Searching what was said."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from source.adapters.web.access import Scope as Allowed
from source.adapters.web.access import requires
from source.adapters.web.documented import problems
from source.adapters.web.pages import STORABLE, Shown
from source.domain.thread import Platform
from source.ports.store import ConversationCatalog, Scope, SearchHit

_Words = Annotated[
    str, Query(min_length=1, max_length=500, description="Words that the message has.", examples=["boxes"])
]
_Name = Annotated[str | None, Query(min_length=1, max_length=200, pattern=STORABLE)]


class HitShown(Shown):
    """A message that was found."""

    id: int = Field(examples=[6821946150912064])
    session_id: str = Field(examples=["6821946150912032"])
    role: Literal["user", "assistant"]
    user_id: str | None
    content: str = Field(examples=["We need 400 pizza boxes"])
    timestamp: datetime
    platform: Platform
    thread_id: str
    guild_id: str | None


class HitsShown(Shown):
    """What was found, the best first."""

    hits: list[HitShown]


def router(catalog: ConversationCatalog) -> APIRouter:
    """Return the route that searches."""
    routes = APIRouter(tags=["conversations"], dependencies=[requires(Allowed.READ)])

    @routes.get("/api/search", operation_id="searchMessages", responses=problems())
    async def search(
        *,
        q: _Words,
        user_id: _Name = None,
        platform: Annotated[Platform, Query(description="Where `user_id` is known.")] = Platform.WEB,
        guild_id: _Name = None,
        circle: _Name = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 10,
    ) -> HitsShown:
        """Search all messages, or with `user_id` what that person may see from a server (`guild_id`) and a closed
        place of it (`circle`); without a server, from their direct messages.
        """
        scope = Scope(platform, user_id, guild_id, circle) if user_id is not None else None
        return HitsShown(hits=[_shown(hit) for hit in await catalog.search(q, scope=scope, limit=limit)])

    return routes


def _shown(hit: SearchHit) -> HitShown:
    message = hit.message
    return HitShown(
        id=message.message_id,
        session_id=str(hit.conversation_id),
        role="user" if message.is_from_person else "assistant",
        user_id=message.requester,
        content=message.message_content,
        timestamp=message.created_at,
        platform=hit.thread.platform,
        thread_id=hit.thread.thread_id,
        guild_id=hit.thread.guild_id,
    )
