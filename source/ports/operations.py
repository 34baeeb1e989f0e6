"""Figures for the people who run Echo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from source.ports.store import UsageTotals


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """What there is; messages are what people and Echo said, a chat is archived when a conversation of it is."""

    chats: int
    conversations: int
    messages: int
    archived_chats: int
    archived_conversations: int
    archived_messages: int
    memories: int
    people: int
    database_bytes: int
    oldest_message: datetime | None
    newest_message: datetime | None


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` on, up to `end`, which is not part of it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class SpanFigures:
    """How much went on in a span: sessions begun and messages said."""

    sessions: int
    messages: int


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """The sessions begun in a span: how many of each kind, what was said in them, and from when to when, in seconds.

    Where nothing is known of a session, it counts as `unknown`.
    """

    sessions: int = 0
    messages: int = 0
    seconds: float = 0.0
    by_platform: Mapping[str, int] = field(default_factory=dict)
    by_language: Mapping[str, int] = field(default_factory=dict)
    by_intent: Mapping[str, int] = field(default_factory=dict)
    by_sentiment: Mapping[str, int] = field(default_factory=dict)
    by_category: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Activity:
    """What went on in a span, in each of its parts and in its last one."""

    parts: Sequence[SpanFigures]
    people_in_last: int
    sessions: SessionFigures
    usage: Mapping[str, UsageTotals]
    usage_in_last: UsageTotals
    feedback_up: int
    feedback_down: int
    unanswered: int


class OperationsStore(Protocol):
    """Counts.

    Raises: StoreError.
    """

    async def figures(self) -> StoreFigures:
        """Return what there is, all at one moment."""
        ...

    async def activity(self, parts: Sequence[Span]) -> Activity:
        """Return what went on in these spans, which follow one another, all at one moment; usage is by model."""
        ...
