"""Finds what was said that bears on a question, for those who may see it."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import structlog

from source.domain.fact import KnownFact
from source.domain.offline_notice import is_offline_text
from source.domain.recall.passages import RecallBudget, RecalledTurn, Recollection, likely_to_fit, within
from source.domain.recall.phrases import holding_all, holds_all
from source.domain.recall.question import ECHO, Question, is_quotation, phrases_of, read_question
from source.domain.recall.related import RelatedWords
from source.domain.recall.terms import telling, words_of
from source.domain.recall.turns import IndexedTurn, SaidTurn, indexed
from source.ports.clock import Clock
from source.ports.recall import Extent, Eyes, RecallStore, StoredTurn
from source.services.keyed_locks import KeyedLocks
from source.services.meaning import Meaning
from source.services.recall_notes import Recalled, not_counted
from source.services.recalled_facts import RecalledFacts

if TYPE_CHECKING:  # numpy takes a tenth of a second to import: whoever never asks does not wait for it
    from source.domain.recall.index import SaidIndex
    from source.domain.recall.ranking import Ranking
    from source.domain.recall.vectors import Likeness

log = structlog.get_logger(__name__)

# A history that is longer is looked through by its rarest words alone.
MOST_TURNS: Final = 10_000
MOST_CONVERSATIONS: Final = 2_000
# Turns of all histories that are held ready, about 600 bytes each.
_MOST_HELD_TURNS: Final = 60_000
_MOST_HELD: Final = 1_000
_LIKELY: Final = 30
# More than all other signs together.
_OF_A_QUOTATION: Final = 100.0
# Enough to see that a history is long, and who spoke there lately.
_SOME_CONVERSATIONS: Final = 200


@dataclass(slots=True)
class _Held:
    """A history as it was read; `turns` are those of each conversation in order."""

    revision: int
    last: dict[int, int] = field(default_factory=dict)
    turns: dict[int, list[IndexedTurn]] = field(default_factory=dict)
    index: "SaidIndex | None" = None
    is_long: bool = False

    @property
    def size(self) -> int:
        return sum(map(len, self.turns.values()))


@dataclass(frozen=True, slots=True)
class _History:
    """What is looked through; `likely` are its turns as they read now, if they were chosen from a long history."""

    index: "SaidIndex"
    extent: Extent
    likely: Sequence[StoredTurn] | None = None


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
    ) -> None:
        self._store = store
        self._clock = clock
        self._related = related
        self._facts = facts
        self._meaning = meaning
        self._recalled = recalled
        self._held: OrderedDict[Eyes, _Held] = OrderedDict()
        self._locks = KeyedLocks()

    async def search(self, query: str, eyes: Eyes, budget: RecallBudget) -> Recollection:
        """Return what was said that bears on a question, the best first, within a budget.

        Raises: StoreError.
        """
        # One history for all conversations from which somebody looks: it is read once.
        besides, eyes = eyes.besides, replace(eyes, besides=None)
        is_exact = budget.holding_words or is_quotation(query)
        history, known = await asyncio.gather(self._history(query, eyes, is_exact=is_exact), self._known(eyes, budget))
        if history is None:
            return Recollection()
        index, extent = history.index, history.extent
        question = self._read(query, extent, index)
        alike = None if budget.holding_words else await self._alike(query, eyes, extent, index)
        if not question and not alike:
            return Recollection()
        ranking, order = await asyncio.to_thread(
            _order, index, question, self._related, alike, budget, is_exact=is_exact
        )
        if besides is not None:
            order = [place for place in order if index.turns[place].conversation_id != besides]
        chosen = likely_to_fit(order, lambda place: index.turns[place].size_bytes, budget)
        scores = {index.turns[place].key: float(ranking.scores[place]) for place in chosen}
        stored = await self._store.told(scores, eyes) if history.likely is None else history.likely
        told = _told(stored, extent.people)
        best_first = [replace(told[key], score=score) for key, score in scores.items() if key in told]
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

    async def _history(self, query: str, eyes: Eyes, *, is_exact: bool) -> "_History | None":
        """Return what is to be looked through; None: nothing."""
        held = self._held.get(eyes)
        if held is not None and held.is_long:  # no more of the extent than tells who is meant
            extent, likely = await asyncio.gather(
                self._store.extent(eyes, most_conversations=_SOME_CONVERSATIONS),
                self._likely(query, eyes, is_exact=is_exact),
            )
            if extent.revision == held.revision:
                return await _chosen(likely, extent)
            self._held.pop(eyes, None)  # it may have become short
        extent = await self._store.extent(eyes, most_conversations=MOST_CONVERSATIONS)
        if not extent.last_message_ids:
            return None
        held = await self._ready(eyes, extent)
        if held.is_long:
            return await _chosen(await self._likely(query, eyes, is_exact=is_exact), extent)
        return _History(held.index, extent) if held.index else None

    async def _likely(self, query: str, eyes: Eyes, *, is_exact: bool) -> list[StoredTurn]:
        return await self._store.likely(_sought(query, is_exact=is_exact), eyes, limit=_LIKELY)

    def forget(self) -> None:
        """Hold nothing ready any more: what is deleted is to be gone from process memory too."""
        self._held.clear()
        if self._meaning is not None:
            self._meaning.forget()

    async def _alike(self, query: str, eyes: Eyes, extent: Extent, index: "SaidIndex") -> "Likeness | None":
        """Return how like the question the turns are in meaning; None: nobody knows."""
        if self._meaning is None:
            return None
        held = self._held.get(eyes)
        if held is not None and held.index is index:
            return await self._meaning.of_history(query, eyes, extent.revision, index)
        return await self._meaning.of_some(query, eyes, index)

    async def _ready(self, eyes: Eyes, extent: Extent) -> _Held:
        """Return the history as it is held, brought up to date, with its index unless it is long."""
        async with self._locks.hold(repr(eyes)):
            held = self._held.get(eyes)
            if not extent.is_whole:
                held = _Held(extent.revision, is_long=True)
                self._keep(eyes, held)
            elif held is None or not held.is_long:
                held = await self._brought_up_to_date(eyes, held, extent)
            if held.index is None and not held.is_long:
                turns = [turn for key in sorted(held.turns) for turn in held.turns[key]]
                held.index = await asyncio.to_thread(_built, turns)
            return held

    async def _brought_up_to_date(self, eyes: Eyes, held: _Held | None, extent: Extent) -> _Held:
        if held is None or held.revision != extent.revision:
            held = _Held(extent.revision)
        last = extent.last_message_ids
        wanted = {key: held.last.get(key, 0) for key, newest in last.items() if newest != held.last.get(key)}
        gone = held.turns.keys() - last.keys()
        if wanted or gone:
            said = await self._store.said_in(wanted, limit=MOST_TURNS + 1)
            held = await asyncio.to_thread(_extended, held, said, last)
        self._keep(eyes, held)
        return held

    def _keep(self, eyes: Eyes, held: _Held) -> None:
        self._held[eyes] = held
        self._held.move_to_end(eyes)
        together = sum(each.size for each in self._held.values())
        while len(self._held) > 1 and (together > _MOST_HELD_TURNS or len(self._held) > _MOST_HELD):
            _, dropped = self._held.popitem(last=False)
            together -= dropped.size

    def _read(self, query: str, extent: Extent, index: "SaidIndex") -> Question:
        return read_question(
            query,
            people=extent.people,
            askers=extent.askers,
            today=self._clock.now().date(),
            years=index.years,
        )


def _told(stored: Iterable[StoredTurn], people: Mapping[str, str]) -> dict[tuple[int, int], RecalledTurn]:
    """Return messages as they read now, but for notices that Echo is offline."""
    return {
        each.said.key: RecalledTurn(each.said, each.thread, _named(each.said, people), event_id=each.event_id)
        for each in stored
        if not (each.said.speaker is None and is_offline_text(each.said.text))
    }


async def _chosen(likely: Sequence[StoredTurn], extent: Extent) -> "_History | None":
    """Return what was chosen from a long history."""
    if not likely:
        return None
    index = await asyncio.to_thread(lambda: _built([indexed(turn.said) for turn in likely]))
    return _History(index, extent, likely)


def _named(said: SaidTurn, people: Mapping[str, str]) -> str:
    if said.speaker is None or said.speaker == ECHO:
        return "Echo"
    return people.get(said.speaker, said.speaker)


def _sought(query: str, *, is_exact: bool) -> list[str]:
    """Return the words and phrases by which a long history is looked through."""
    phrases, words = phrases_of(query), words_of(query)
    return list(phrases) if is_exact and phrases else [*phrases, *(telling(words) or words)]


def _built(turns: list[IndexedTurn]) -> "SaidIndex":
    from source.domain.recall.index import SaidIndex

    return SaidIndex(turns)


def _extended(held: _Held, said: list[SaidTurn], last: Mapping[int, int]) -> _Held:
    """Return the history with what was said since, without conversations that are no longer seen."""
    turns = {key: list(each) for key, each in held.turns.items() if key in last}
    for turn in said:
        turns.setdefault(turn.conversation_id, []).append(indexed(turn))
    is_long = sum(map(len, turns.values())) > MOST_TURNS
    return _Held(held.revision, dict(last), {} if is_long else turns, is_long=is_long)


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
