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
from source.ports.recall import Extent, Eyes, RecallStore, StoredTurn
from source.services.meaning import Meaning
from source.services.recall_histories import Histories, History
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
        besides, eyes = eyes.besides, replace(eyes, besides=None)
        is_exact = budget.holding_words or is_quotation(query)
        # One after the other: two threads that compute at once hold each other up for longer than either takes.
        history = await self._histories.of(query, eyes, besides, budget, is_exact=is_exact)
        if history is None:
            return Recollection()
        known = await self._known(eyes, budget)
        extent = history.extent
        alike = None if budget.holding_words else await self._alike(query, eyes, history)

        def work() -> "tuple[Question, Ranking, list[int]]":
            question = self._read(query, extent, history.index)
            return question, *_order(history.index, question, self._related, alike, budget, is_exact=is_exact)

        question, ranking, order = await asyncio.to_thread(work)
        index = history.index
        if not question and not alike:
            return Recollection()
        if besides is not None:
            order = [place for place in order if index.turns[place].conversation_id != besides]
        chosen = likely_to_fit(order, lambda place: index.turns[place].size_bytes, budget)
        scores = {index.turns[place].key: float(ranking.scores[place]) for place in chosen}
        stored = await self._store.told(scores, eyes) if history.likely is None else history.likely
        told = _told(stored, extent.people, scores)
        best_first = [told[key] for key in scores if key in told]
        if self._facts is not None and known:
            facts = await self._facts.bearing_on(question, known)
            best_first = sorted([*best_first, *facts], key=lambda turn: -turn.score)
        if is_exact and question.phrases:
            best_first = [turn for turn in best_first if holds_all(turn.said.text, question.phrases)]
        found = within(best_first, budget)
        self._recalled(turn.said.conversation_id for turn in found.turns)
        return found

    async def _known(self, eyes: Eyes, budget: RecallBudget) -> Sequence[KnownFact]:
        return [] if self._facts is None or budget.holding_words else await self._facts.known(eyes)

    def forget(self) -> None:
        """Hold nothing ready any more: what is deleted is to be gone from process memory too."""
        self._histories.forget()
        if self._meaning is not None:
            self._meaning.forget()

    async def _alike(self, query: str, eyes: Eyes, history: History) -> "Likeness | None":
        """Return how like the question the turns are in meaning; None: nobody knows."""
        if self._meaning is None:
            return None
        index = await asyncio.to_thread(lambda: history.index)
        if not len(index):  # of a long history nothing was chosen: there is nothing to compare
            return None
        if self._histories.holds(eyes, index):
            return await self._meaning.of_history(query, eyes, history.extent.revision, index)
        return await self._meaning.of_some(query, eyes, index)

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
    budget: RecallBudget,
    *,
    is_exact: bool,
) -> "tuple[Ranking, list[int]]":
    """Rank the turns and return the places of those that are wanted, the best first."""
    import numpy as np

    from source.domain.recall.ranking import ranked

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
