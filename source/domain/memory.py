"""The structured record made of one quiet conversation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MemorySource(StrEnum):
    """Who found out what a memory, or metadata, says."""

    MODEL = "model"
    OFFLINE = "offline"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class StoredMemory:
    """A memory as the store has it; `covers_to` is the last message that it was made of.

    `memory_data` has the keys summary, topics, facts, preferences, open_issues, people, language, intents, source.
    """

    memory_id: int
    conversation_id: int
    memory_data: Mapping[str, object]
    covers_to: int
    source: MemorySource
    version: int
    created_at: datetime
    updated_at: datetime
