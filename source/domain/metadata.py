"""What can be said of a message: mood, matter and tags."""

from dataclasses import dataclass
from enum import StrEnum

from source.domain.memory import MemorySource


class Sentiment(StrEnum):
    """The mood of a message or a conversation."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    MIXED = "mixed"


class Category(StrEnum):
    """What a message or a conversation is about."""

    APPOINTMENT = "appointment"
    INQUIRY = "inquiry"
    COMPLAINT = "complaint"
    FEEDBACK = "feedback"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found out about a message or a conversation; None where that is switched off."""

    sentiment: Sentiment | None
    category: Category | None
    tags: tuple[str, ...]
    source: MemorySource
