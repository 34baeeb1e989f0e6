"""What is known of one person, each thing with where and when it was said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from source.domain.memory import MemoryPart, MemorySource

# What conversations were about to do is counted, not known; who somebody is, their profile tells.
FACT_PARTS: Final = tuple(part for part in MemoryPart if part not in {MemoryPart.INTENTS, MemoryPart.PROFILE})


@dataclass(frozen=True, slots=True)
class Slot:
    """What a sentence tells of a subject by rule, such as `home` → `lisbon`; `holds` is False where it is denied."""

    subject: str
    value: str
    holds: bool = True

    def as_data(self) -> list[object]:
        return [self.subject, self.value, self.holds]


@dataclass(frozen=True, slots=True)
class FoundFact:
    """One item of a conversation's memory as one person's: `said_at` is when they last said what it cites.

    `form` is what two wordings of the same have in common: `plain_form` of the text. `replaces` are ids of stored
    facts that it makes out of date, as far as whoever made the memory said so.
    """

    person_id: int
    part: MemoryPart
    text: str
    form: str
    name: str | None
    message_ids: tuple[int, ...]
    said_at: datetime
    slots: tuple[Slot, ...] = ()
    replaces: tuple[int, ...] = ()
    source: MemorySource = MemorySource.OFFLINE


@dataclass(frozen=True, slots=True)
class Fact:
    """A found fact as the store has it."""

    fact_id: int
    conversation_id: int
    found: FoundFact

    @property
    def part(self) -> MemoryPart:
        return self.found.part

    @property
    def text(self) -> str:
        """What is known, with the name of whom, where it is of somebody else."""
        name, text = self.found.name, self.found.text
        return f"{name}: {text}" if name and name.casefold() not in text.casefold() else text

    @property
    def said_at(self) -> datetime:
        return self.found.said_at

    @property
    def message_ids(self) -> tuple[int, ...]:
        return self.found.message_ids


@dataclass(frozen=True, slots=True)
class KnownFact:
    """One thing that is known, however often it was said; `fact` is its newest wording.

    `confirmed_by` are other places where the same was said, the newest first. `replaced_by` is what took its place;
    None: it is what is known now.
    """

    fact: Fact
    confirmed_by: tuple[Fact, ...] = ()
    replaced_by: Fact | None = None

    @property
    def is_current(self) -> bool:
        return self.replaced_by is None

    @property
    def all(self) -> Sequence[Fact]:
        """Every place where it was said, the newest first."""
        return (self.fact, *self.confirmed_by)
