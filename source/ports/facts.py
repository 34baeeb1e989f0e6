"""What is known of people, out of the memories of conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from source.domain.fact import Fact
from source.ports.store import Scope


@dataclass(frozen=True, slots=True)
class SummaryOf:
    """A conversation whose title or summaries may tell of a fact: all that they say, and the person's names there."""

    conversation_id: int
    texts: tuple[str, ...]
    names: tuple[str, ...]


class FactStore(Protocol):
    """Facts follow the memories that they are read from: nothing is written here but what is forgotten.

    Raises: StoreError.
    """

    async def seen(self, scope: Scope, *, limit: int = 2_000) -> list[Fact]:
        """Return what is known of the person who looks, out of conversations that they see; the latest said first."""
        ...

    async def known_to(self, conversation_id: int, *, limit: int = 2_000) -> list[Fact]:
        """Return what is known of those who speak in a conversation, from elsewhere, as they see it from there."""
        ...

    async def of_person(self, person_id: int, *, limit: int = 2_000) -> list[Fact]:
        """Return everything that is known of a person, for operators; the latest said first."""
        ...

    async def fact(self, fact_id: int) -> Fact | None: ...

    async def forget(self, fact_ids: Sequence[int]) -> int:
        """Take these out of facts and memories, for good; return how many there were.

        What is made of the same messages later does not bring them back.
        """
        ...

    async def summaries_near(self, fact_ids: Sequence[int]) -> list[SummaryOf]:
        """Return the summaries of conversations in the same places as these facts, in which their person took part."""
        ...

    async def read_memories(self, *, limit: int) -> int:
        """Read facts from memories from which none have been read; return how many there were, 0 when all are."""
        ...
