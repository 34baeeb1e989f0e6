"""What is known of people, for those who may see it: told, carried into new conversations, and found by words."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from source.domain.fact import Fact, KnownFact
from source.domain.fact_ranking import bearing, lines_within, ranked
from source.domain.fact_standing import standing
from source.ports.clock import Clock
from source.ports.facts import FactStore
from source.ports.store import Scope


@dataclass(frozen=True, slots=True)
class FoundByWords:
    """Something known now that bears on words; `score` is greater for what bears on them more."""

    text: str
    said_at: datetime
    conversation_id: int
    message_ids: tuple[int, ...]
    score: float


class FactsService:
    """What stands and what was replaced is worked out of what each one sees: nothing else shows, even by its absence.

    Every method may raise a StoreError.
    """

    def __init__(self, store: FactStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def known(self, scope: Scope) -> list[KnownFact]:
        """Return what is known of the person who looks, and what was, as seen from there; the latest said first."""
        return await _standing(await self._store.seen(scope))

    async def of_person(self, person_id: int) -> list[KnownFact]:
        """Return everything that is known of a person, and what was, for operators; the latest said first."""
        return await _standing(await self._store.of_person(person_id))

    async def known_to(self, conversation_id: int) -> list[KnownFact]:
        """Return what is known of those who speak in a conversation, from elsewhere, as they see it from there."""
        by_person: dict[int, list[Fact]] = {}
        for fact in await self._store.known_to(conversation_id):
            by_person.setdefault(fact.found.person_id, []).append(fact)
        return [known for facts in by_person.values() for known in await _standing(facts)]

    async def carried(self, scope: Scope, opening: str, budget_bytes: int) -> str:
        """As in `Carries`."""
        known = await self.known(scope)
        first = await asyncio.to_thread(ranked, known, opening, self._clock.now())
        return "\n".join(lines_within(first, budget_bytes))

    async def facts_for(self, scope: Scope, words: str, limit: int) -> list[FoundByWords]:
        """Return what is known now of the person who looks and bears on the words, the best first."""
        current = [each.fact for each in await self.known(scope) if each.is_current]
        scores = await asyncio.to_thread(bearing, current, words)
        best = sorted((fact for fact in current if fact.fact_id in scores), key=lambda fact: -scores[fact.fact_id])
        return [_found(fact, scores[fact.fact_id]) for fact in best[:limit]]

    async def bearing_on(self, facts: Sequence[KnownFact], words: str) -> list[KnownFact]:
        """Return those of the facts that bear on the words, in their order."""
        scores = await asyncio.to_thread(bearing, [each.fact for each in facts], words)
        return [each for each in facts if each.fact.fact_id in scores]


async def _standing(facts: Sequence[Fact]) -> list[KnownFact]:
    """Return what stands, off the event loop: somebody may be known for years."""
    return await asyncio.to_thread(standing, facts) if facts else []


def _found(fact: Fact, score: float) -> FoundByWords:
    return FoundByWords(fact.text, fact.said_at, fact.conversation_id, fact.message_ids, score)
