"""What people think of single messages, by an emoji."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from source.domain.thread import PersonRef, Platform


@dataclass(frozen=True, slots=True)
class Reaction:
    """What somebody thinks of the message that a platform, or what stands for it, knows by this id.

    An empty `emoji` takes back what was there before.
    """

    platform: Platform
    external_id: str
    person: PersonRef
    emoji: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ReactedReply:
    """A reply of Echo's, by the first event that it answers, with all that one person thinks of its parts.

    `emojis` has the newest first.
    """

    key: int
    emojis: tuple[str, ...]


class ReactionStore(Protocol):
    """Keeps one reaction of each person to each message. Every method may raise a StoreError."""

    async def put(self, reaction: Reaction) -> bool:
        """Keep it in place of an earlier one; False: something newer is there, or no such message is known."""
        ...

    async def reply_of(self, reaction: Reaction) -> ReactedReply | None:
        """Return the reply of which this message shows a part, and what this person thinks of it; None: it is none."""
        ...
