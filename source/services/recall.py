"""Finds what was said that bears on a question, for those who may see it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from source.domain.fact import KnownFact
from source.domain.offline_notice import is_offline_text
from source.domain.recall.passages import RecallBudget, RecalledTurn, Recollection, likely_to_fit, within
from source.domain.recall.phrases import holding_all, holds_all
from source.domain.recall.question import ECHO, Question, is_quotation, read_question
from source.domain.recall.related import RelatedWords
from source.domain.recall.turns import SaidTurn
from source.ports.clock import Clock
from source.ports.recall import Extent, Eyes, RecallReader, RecallStore, StoredTurn
from source.services.meaning import Meaning
from source.services.recall_histories import Asked, Histories, History
from source.services.recall_notes import Recalled, not_counted
from source.services.recalled_facts import RecalledFacts

if TYPE_CHECKING:  # numpy takes a tenth of a second to import: whoever never asks does not wait for it
    from source.domain.recall.index import SaidIndex
    from source.domain.recall.ranking import Ranking
    from source.domain.recall.vectors import Likeness

log = structlog.get_logger(__name__)

# More than all other signs together.
_OF_A_QUOTATION: Final = 100.0


class RecallService:
    """Searches histories; keeps those that were asked for lately ready in process memory.

    Every search reads from the store what the eyes see now: what was deleted, or is not theirs any more, is not found.
    """

    def __init__(
        self,
        store: RecallStore,
        clock: Clock,
        related: RelatedWords,
        *,
        facts: RecalledFacts | None = None,
        meaning: Meaning | None = None,
        recalled: Recalled = not_counted,
        most_turns: int | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._related = related
        self._facts = facts
        self._meaning = meaning
        self._recalled = recalled
        self._histories = Histories(store, clock, related, most_turns=most_turns)

    async def search(self, query: str, eyes: Eyes, budget: RecallBudget) -> Recollection:
        """Return what was said that bears on a question, the best first, within a budget.

        Raises: StoreError.
        """
        # One history for all conversations from which somebody looks: it is read once.
        is_exact = budget.holding_words or is_quotation(query)
        asked = Asked(query, replace(eyes, besides=None), eyes.besides, budget, is_exact)
        known = await self._known(asked) if self._meaning is None else []
        seen, found = await self._store.look(lambda reader: self._at_once(reader, asked, known))
        if isinstance(seen, History):
            self._histories.used(asked.eyes, seen)
            history: History | None = seen
        else:
            history = await self._histories.made_ready(asked, seen)
        if history is None:
            return Recollection()
        if found is None:
            found = await self._found_later(history, asked)
        self._recalled(turn.said.conversation_id for turn in found.turns)
        return found

    def _at_once(
        self, reader: RecallReader, asked: Asked, known: Sequence[KnownFact]
    ) -> tuple[History | Extent, Recollection | None]:
        """Find it on the thread that reads, where all that it takes is there: another has its caches to fill."""
        seen = self._histories.at_hand(reader, asked)
        if isinstance(seen, Extent) or self._meaning is not None:
            return seen, None
        return seen, self._found(reader, seen, asked, known, None)

    async def _found_later(self, history: History, asked: Asked) -> Recollection:
        alike = None if asked.budget.holding_words else await self._alike(asked, history)
        known = await self._known(asked)  # as it is after what took long
        return await self._store.look(lambda reader: self._found(reader, history, asked, known, alike))

    def _found(
        self,
        reader: RecallReader,
        history: History,
        asked: Asked,
        known: Sequence[KnownFact],
        alike: "Likeness | None",
    ) -> Recollection:
        index, people, budget = history.index, history.extent.people, asked.budget
        question = self._read(asked.query, history.extent, index)
        if not question and not alike:
            return Recollection()
        ranking, order = _order(index, question, self._related, alike, asked)
        if asked.besides is not None:
            order = [place for place in order if index.turns[place].conversation_id != asked.besides]
        chosen = likely_to_fit(order, lambda place: index.turns[place].size_bytes, budget)
        scores = {index.turns[place].key: float(ranking.scores[place]) for place in chosen}
        stored = reader.told(scores, asked.eyes) if history.likely is None else history.likely
        told = _told(stored, people, scores)
        best_first = [told[key] for key in scores if key in told]
        if self._facts is not None and known:
            facts = self._facts.bearing_on(question, known)
            best_first = sorted([*best_first, *facts], key=lambda turn: -turn.score)
        if asked.is_exact and question.phrases:
            best_first = [turn for turn in best_first if holds_all(turn.said.text, question.phrases)]
        return within(best_first, budget)

    async def _known(self, asked: Asked) -> Sequence[KnownFact]:
        return [] if self._facts is None or asked.budget.holding_words else await self._facts.known(asked.eyes)

    def forget(self) -> None:
        """Hold nothing ready any more: what is deleted is to be gone from process memory too."""
        self._histories.forget()
        if self._meaning is not None:
            self._meaning.forget()

    async def _alike(self, asked: Asked, history: History) -> "Likeness | None":
        """Return how like the question the turns are in meaning; None: nobody knows."""
        if self._meaning is None:
            return None
        index = await asyncio.to_thread(lambda: history.index)
        if not len(index):  # of a long history nothing was chosen: there is nothing to compare
            return None
        if self._histories.holds(asked.eyes, index):
            return await self._meaning.of_history(asked.query, asked.eyes, history.extent.revision, index)
        return await self._meaning.of_some(asked.query, asked.eyes, index)

    def _read(self, query: str, extent: Extent, index: "SaidIndex") -> Question:
        return read_question(
            query,
            people=extent.people,
            askers=extent.askers,
            today=self._clock.now().date(),
            years=index.years,
        )


def _told(
    stored: Iterable[StoredTurn], people: Mapping[str, str], scores: Mapping[tuple[int, int], float]
) -> dict[tuple[int, int], RecalledTurn]:
    """Return those messages that have a score as they read now, but for notices that Echo is offline."""
    return {
        key: RecalledTurn(each.said, each.thread, each.name or _named(each.said, people), scores[key], each.event_id)
        for each in stored
        if (key := each.said.key) in scores and not (each.said.speaker is None and is_offline_text(each.said.text))
    }


def _named(said: SaidTurn, people: Mapping[str, str]) -> str:
    if said.speaker is None or said.speaker == ECHO:
        return "Echo"
    return people.get(said.speaker, said.speaker)


def _order(
    index: "SaidIndex",
    question: Question,
    related: RelatedWords,
    alike: "Likeness | None",
    asked: Asked,
) -> "tuple[Ranking, list[int]]":
    """Rank the turns and return the places of those that are wanted, the best first."""
    import numpy as np

    from source.domain.recall.ranking import ranked

    budget, is_exact = asked.budget, asked.is_exact
    ranking = ranked(index, question, related, alike=alike)
    if question.phrases:
        quoting = np.isin(np.arange(len(index)), list(holding_all(index, question.phrases)))
        # A question may quote a title that nobody said again: whoever did comes first, others after.
        bears = quoting if is_exact else ranking.bears | quoting
        ranking = replace(ranking, scores=ranking.scores + _OF_A_QUOTATION * quoting, bears=bears)
    order = np.lexsort((-ranking.scores, -ranking.words if budget.holding_words else -ranking.scores))
    if question.phrases and is_exact:
        order = order[ranking.bears[order]]
    elif budget.holding_words:
        order = order[ranking.words[order] > 0]
    elif budget.bearing_only:
        order = order[ranking.bears[order]]
    places: list[int] = order.tolist()
    return ranking, places
