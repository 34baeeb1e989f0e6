"""The histories that are looked through: short ones are held ready in process memory, of long ones a part is chosen."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from source.domain.recall.passages import RecallBudget
from source.domain.recall.question import Question, read_question
from source.domain.recall.related import RelatedWords
from source.domain.recall.terms import stem, words_of
from source.domain.recall.turns import IndexedTurn, SaidTurn, indexed
from source.ports.clock import Clock
from source.ports.recall import Extent, Eyes, Likely, RecallReader, RecallStore, Sought, StoredTurn
from source.services.keyed_locks import KeyedLocks

if TYPE_CHECKING:  # numpy takes a tenth of a second to import: whoever never asks does not wait for it
    from source.domain.recall.index import SaidIndex

# Of a history that is longer some turns are chosen for each question.
MOST_TURNS: Final = 10_000
MOST_CONVERSATIONS: Final = 2_000
# Turns of all histories that are held ready, about 600 bytes each.
_MOST_HELD_TURNS: Final = 60_000
_MOST_HELD: Final = 1_000
# Of one that is longer a turn is read for so much of the budget.
_BYTES_PER_LIKELY: Final = 80
_FEWEST_LIKELY: Final = 60
_MOST_LIKELY: Final = 200
# Of a month without a year, the last so many are meant.
_YEARS_MEANT: Final = 3
# For so long, a history that was long is taken to be so still, and who speaks there is not asked again.
_LONG_FOR: Final = 600.0


@dataclass(slots=True)
class _Held:
    """A history as it was read; `turns` are those of each conversation in order.

    Of one that is long the extent alone is held, until the clock comes to `long_until`.
    """

    revision: int
    last: dict[int, int] = field(default_factory=dict)
    turns: dict[int, list[IndexedTurn]] = field(default_factory=dict)
    index: "SaidIndex | None" = None
    is_long: bool = False
    extent: Extent | None = None
    long_until: float = 0.0

    @property
    def size(self) -> int:
        return sum(map(len, self.turns.values()))

    def is_all_of(self, extent: Extent) -> bool:
        """Whether nothing was said, changed or deleted since."""
        is_unchanged = self.revision == extent.revision or (
            extent.changed is not None and self.last.keys().isdisjoint(extent.changed)
        )
        return is_unchanged and self.last == extent.last_message_ids


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, who looks, and how much is wanted; the conversation `besides` need not be looked at."""

    query: str
    eyes: Eyes
    besides: int | None
    budget: RecallBudget
    is_exact: bool


class History:
    """What is looked through; `likely` are its turns as they read now, if they were chosen from a long history."""

    def __init__(self, index: "SaidIndex | None", extent: Extent, likely: Likely | None = None) -> None:
        self._index = index
        self._rarity = likely.rarity if likely else {}
        self.extent = extent
        self.likely: Sequence[StoredTurn] | None = likely.turns if likely else None

    @property
    def index(self) -> "SaidIndex":
        """Its turns as numbers; of a long history they are computed when they are first asked for."""
        if self._index is None:
            rarity = {stem(word): weight for word, weight in self._rarity.items()}
            self._index = _built([indexed(turn.said) for turn in self.likely or ()], rarity)
        return self._index


class Histories:
    """Reads histories and keeps those that were asked for lately; of these only what changed is read again."""

    def __init__(
        self, store: RecallStore, clock: Clock, related: RelatedWords, *, most_turns: int | None = None
    ) -> None:
        self._store = store
        self._related = related
        self._most_turns = most_turns
        self._clock = clock
        self._held: OrderedDict[Eyes, _Held] = OrderedDict()
        self._locks = KeyedLocks()

    def at_hand(self, reader: RecallReader, asked: Asked) -> "History | Extent":
        """Return what is to be looked through, of a long history somewhat more than fits the budget.

        Return how far it extends where what is held is not all of it: `made_ready` reads what is missing. This may
        run on any thread.
        """
        eyes = asked.eyes
        held = self._held.get(eyes)
        if held is not None and held.extent is not None and self._clock.monotonic() < held.long_until:
            return self._chosen(reader, asked, held.extent)
        since = held.revision if held is not None and not held.is_long else None
        extent = reader.extent(eyes, most_conversations=MOST_CONVERSATIONS, since=since)
        if held is not None and held.index and extent.is_whole and held.is_all_of(extent):
            return History(held.index, extent)
        return extent

    async def made_ready(self, asked: Asked, extent: Extent) -> "History | None":
        """Read what is not held yet of a history, and return it; None: there is nothing.

        Raises: StoreError.
        """
        if not extent.last_message_ids:
            self._held.pop(asked.eyes, None)
            return None
        held = await self._ready(asked.eyes, extent)
        if not held.is_long:
            return History(held.index, extent) if held.index else None
        held.extent, held.long_until = extent, self._clock.monotonic() + _LONG_FOR
        return await self._store.look(lambda reader: self._chosen(reader, asked, extent))

    def used(self, eyes: Eyes, history: "History") -> None:
        """Hold a history longer than others, for it was asked for; what changed up to its extent is not in it."""
        held = self._held.get(eyes)
        if held is not None and history.likely is None and held.index is history.index:
            held.revision = max(held.revision, history.extent.revision)
            self._held.move_to_end(eyes)

    def holds(self, eyes: Eyes, index: "SaidIndex") -> bool:
        """Whether this is the whole history of these eyes, as it is held."""
        held = self._held.get(eyes)
        return held is not None and held.index is index

    def forget(self) -> None:
        """Hold nothing any more."""
        self._held.clear()
        self._store.forget()

    @property
    def _most(self) -> int:
        return MOST_TURNS if self._most_turns is None else self._most_turns

    async def _ready(self, eyes: Eyes, extent: Extent) -> _Held:
        """Return the history as it is held, brought up to date, with its index unless it is long."""
        async with self._locks.hold(repr(eyes)):
            if extent.is_whole:
                held = await self._brought_up_to_date(eyes, self._held.get(eyes), extent)
            else:
                held = _Held(extent.revision, is_long=True)
                self._keep(eyes, held)
            if held.index is None and not held.is_long:
                turns = [turn for key in sorted(held.turns) for turn in held.turns[key]]
                held.index = await asyncio.to_thread(_built, turns)
            return held

    async def _brought_up_to_date(self, eyes: Eyes, held: _Held | None, extent: Extent) -> _Held:
        held = _still_true(held, extent)
        last = extent.last_message_ids
        wanted = {key: held.last.get(key, 0) for key, newest in last.items() if newest != held.last.get(key)}
        gone = held.last.keys() - last.keys()
        if wanted or gone:
            said = await self._store.look(lambda reader: reader.said_in(wanted, limit=self._most + 1))
            held = await asyncio.to_thread(_extended, held, said, last, self._most)
        self._keep(eyes, held)
        return held

    def _chosen(self, reader: RecallReader, asked: Asked, extent: Extent) -> "History":
        """Return what of a long history is worth ranking."""
        wanted = min(max(asked.budget.max_bytes // _BYTES_PER_LIKELY, _FEWEST_LIKELY), _MOST_LIKELY)
        eyes = replace(asked.eyes, besides=asked.besides)
        return History(None, extent, reader.likely(self._sought(asked, extent), eyes, limit=wanted))

    def _sought(self, asked: Asked, extent: Extent) -> Sought:
        """Return by what a long history is looked through."""
        today = self._clock.now().date()
        years = range(today.year - _YEARS_MEANT + 1, today.year + 1)
        question = read_question(asked.query, people=extent.people, askers=extent.askers, today=today, years=years)
        if asked.is_exact and question.phrases:
            return Sought(question.phrases, Question(question.terms, question.phrases))
        words = [word for word in dict.fromkeys(words_of(asked.query)) if stem(word) in question.terms]
        akin = (
            {}
            if asked.is_exact
            else {word: {*self._related.of(stem(word)), *self._related.same_as(stem(word))} for word in words}
        )
        return Sought((*question.phrases, *words), question, akin)

    def _keep(self, eyes: Eyes, held: _Held) -> None:
        self._held[eyes] = held
        self._held.move_to_end(eyes)
        together = sum(each.size for each in self._held.values())
        while len(self._held) > 1 and (together > _MOST_HELD_TURNS or len(self._held) > _MOST_HELD):
            _, dropped = self._held.popitem(last=False)
            together -= dropped.size


def _built(turns: list[IndexedTurn], rarity: Mapping[str, float] | None = None) -> "SaidIndex":
    from source.domain.recall.index import SaidIndex

    return SaidIndex(turns, rarity=rarity)


def _still_true(held: _Held | None, extent: Extent) -> _Held:
    """Return what of a history that was read earlier is as it was."""
    if held is None or held.is_long or (held.revision != extent.revision and extent.changed is None):
        return _Held(extent.revision)
    changed = held.last.keys() & (extent.changed or ())
    if held.revision == extent.revision or not changed:
        held.revision = max(held.revision, extent.revision)
        return held
    last = {key: newest for key, newest in held.last.items() if key not in changed}
    return _Held(extent.revision, last, {key: held.turns[key] for key in last if key in held.turns})


def _extended(held: _Held, said: list[SaidTurn], last: Mapping[int, int], most_turns: int) -> _Held:
    """Return the history with what was said since, without conversations that are no longer seen."""
    turns = {key: list(each) for key, each in held.turns.items() if key in last}
    for turn in said:
        if turn.message_id > last[turn.conversation_id]:  # said since it was looked how far it extends
            continue
        turns.setdefault(turn.conversation_id, []).append(indexed(turn))
    is_long = sum(map(len, turns.values())) > most_turns
    return _Held(held.revision, dict(last), {} if is_long else turns, is_long=is_long)
