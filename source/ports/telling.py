"""What others were shown of what somebody said."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.thread import Platform


@dataclass(frozen=True, slots=True)
class Viewer:
    """An account in a guild, or in direct places."""

    platform: Platform
    guild_id: str | None
    external_id: str


@dataclass(frozen=True, slots=True)
class ShownText:
    """What a conversation began with, a title or summary of it, or what a tool gave there."""

    conversation_id: int
    text: str


class ShownReading(Protocol):
    """Where what was said may have been shown again.

    Raises: StoreError.
    """

    async def viewers_of(self, conversation_ids: Collection[int]) -> set[Viewer]:
        """Return who may look at these conversations from where; directly a person's accounts are one."""
        ...

    async def shown_to(self, viewers: Collection[Viewer], since: datetime) -> list[ShownText]:
        """Return what was shown since then in the conversations in which one of them took part."""
        ...
