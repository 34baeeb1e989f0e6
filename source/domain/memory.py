"""The structured record made of one quiet conversation."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# How long a conversation rests whose memory could not be made: after the first failure, the second, …
RETRY_PAUSES: Final = tuple(timedelta(hours=hours) for hours in (1, 2, 4, 8, 16, 24))


class MemorySource(StrEnum):
    """Who found out what a memory, or metadata, says."""

    MODEL = "model"
    OFFLINE = "offline"
    PERSON = "person"


class MemoryPart(StrEnum):
    """What kind of thing an item of a memory is; the values are the record's keys."""

    TOPICS = "topics"
    FACTS = "facts"
    PREFERENCES = "preferences"
    OPEN_ISSUES = "open_issues"
    PEOPLE = "people"
    INTENTS = "intents"
    PROFILE = "profile"

    @property
    def has_name(self) -> bool:
        """Whether its items have a name beside their text: a person's, or that of an intent or of a profile's field."""
        return self in {MemoryPart.PEOPLE, MemoryPart.INTENTS, MemoryPart.PROFILE}


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """One thing that is remembered and the messages that show it; `confidence`, from 0 to 1, is an intent's.

    `replaces` are ids of facts known from elsewhere that it makes out of date.
    """

    text: str
    message_ids: tuple[int, ...]
    name: str | None = None
    confidence: float | None = None
    replaces: tuple[int, ...] = ()

    def as_data(self) -> dict[str, object]:
        optional = {"name": self.name, "confidence": self.confidence, "replaces": [*self.replaces] or None}
        given = {key: value for key, value in optional.items() if value is not None}
        return {"text": self.text, "message_ids": [*self.message_ids], **given}


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a conversation up to the message `covers_to`.

    `dropped` counts items that were left out because no message shows them; `language` is a code of ISO 639.
    """

    source: MemorySource
    covers_to: int
    summary: MemoryItem | None = None
    parts: Mapping[MemoryPart, tuple[MemoryItem, ...]] = field(default_factory=dict)
    language: str | None = None
    dropped: int = 0

    @property
    def is_empty(self) -> bool:
        return self.summary is None and not any(self.parts.values())

    def of(self, part: MemoryPart) -> tuple[MemoryItem, ...]:
        return self.parts.get(part, ())

    def covering(self, message_id: int) -> "Memory":
        """Return it as covering everything up to this message at least."""
        return replace(self, covers_to=max(self.covers_to, message_id))

    def in_language(self, language: str | None) -> "Memory":
        return replace(self, language=language)

    def as_data(self) -> dict[str, object]:
        """Return the record as it is stored and shown: `memory_data`."""
        return {
            "summary": self.summary.as_data() if self.summary else None,
            **{part.value: [item.as_data() for item in self.of(part)] for part in MemoryPart},
            "language": self.language,
            "source": self.source.value,
            "covers_to": self.covers_to,
            "dropped": self.dropped,
        }


@dataclass(frozen=True, slots=True)
class StoredMemory:
    """A memory as the store has it; `covers_to` is the last message that it was made of.

    `memory_data` has the keys of `Memory.as_data`.
    """

    memory_id: int
    conversation_id: int
    memory_data: Mapping[str, object]
    covers_to: int
    source: MemorySource
    version: int
    created_at: datetime
    updated_at: datetime


def without_message(memory_data: Mapping[str, object], message_id: int) -> dict[str, object]:
    """Return a record without the items that this message shows."""
    left = {key: None if _cites(value, message_id) else value for key, value in memory_data.items()}
    return {
        key: [item for item in value if not _cites(item, message_id)] if isinstance(value, list) else value
        for key, value in left.items()
    }


def cited_in(memory_data: Mapping[str, object]) -> frozenset[int]:
    """Return the messages that show something of a record."""
    items = [item for value in memory_data.values() for item in (value if isinstance(value, list) else [value])]
    lists = [item.get("message_ids") for item in items if isinstance(item, Mapping)]
    return frozenset(each for ids in lists if isinstance(ids, list) for each in ids if isinstance(each, int))


def told_by(memory_data: Mapping[str, object], message_ids: Collection[int]) -> tuple[str, ...]:
    """Return what a record tells that one of these messages shows."""
    items = [item for value in memory_data.values() for item in (value if isinstance(value, list) else [value])]
    shown = (item for item in items if any(_cites(item, message_id) for message_id in message_ids))
    return tuple(str(item["text"]) for item in shown if isinstance(item, Mapping) and item.get("text"))


def _cites(item: object, message_id: int) -> bool:
    ids = item.get("message_ids") if isinstance(item, Mapping) else None
    return isinstance(ids, list) and message_id in ids
