"""What is known of a person, found by the same signs as what they said, so that both can be ranked together."""

from collections.abc import Sequence
from typing import Protocol

from source.domain.fact import KnownFact
from source.domain.memory import MemoryPart
from source.domain.recall.passages import RecalledTurn
from source.domain.recall.question import Question
from source.domain.recall.related import RelatedWords
from source.domain.recall.turns import SaidTurn, indexed
from source.ports.recall import Eyes
from source.ports.store import Scope


class KnownFacts(Protocol):
    """Tells what is known of people; as `FactsService`."""

    async def known(self, scope: Scope) -> list[KnownFact]: ...

    async def of_person(self, person_id: int) -> list[KnownFact]: ...


class RecalledFacts:
    """Finds facts; of what several people may see together none is told."""

    def __init__(self, facts: KnownFacts, related: RelatedWords) -> None:
        self._facts = facts
        self._related = related

    async def known(self, eyes: Eyes) -> list[KnownFact]:
        """Return what is known now; a topic is a word, of which the messages say more.

        Raises: StoreError.
        """
        known = await self._seen(eyes)
        return [each for each in known if each.is_current and each.fact.part is not MemoryPart.TOPICS]

    def bearing_on(self, question: Question, known: Sequence[KnownFact]) -> list[RecalledTurn]:
        """Return the facts that bear on a question, each with a score as a turn has."""
        return _ranked(known, question, self._related) if known and question.terms else []

    async def _seen(self, eyes: Eyes) -> Sequence[KnownFact]:
        if eyes.person_id is not None and not eyes.scopes:
            return await self._facts.of_person(eyes.person_id)
        return await self._facts.known(eyes.scopes[0]) if len(eyes.scopes) == 1 else []


def _ranked(known: Sequence[KnownFact], question: Question, related: RelatedWords) -> list[RecalledTurn]:
    from source.domain.recall.index import SaidIndex
    from source.domain.recall.ranking import ranked

    # Each in a conversation of its own: facts are no neighbours of each other.
    turns = [
        indexed(SaidTurn(number, 0, each.fact.said_at, None, each.fact.text)) for number, each in enumerate(known, 1)
    ]
    ranking = ranked(SaidIndex(turns), question, related)
    return [
        _recalled(each, float(score))
        for each, score, bears in zip(known, ranking.scores, ranking.bears, strict=True)
        if bears
    ]


def _recalled(known: KnownFact, score: float) -> RecalledTurn:
    fact = known.fact
    cites = tuple((fact.conversation_id, message_id) for message_id in fact.message_ids)
    said = SaidTurn(fact.conversation_id, max(fact.message_ids, default=0), fact.said_at, None, fact.text)
    return RecalledTurn(said, None, "Known", score, cites=cites)
