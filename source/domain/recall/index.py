"""A history as numbers: which turn has which words, who said it, when, and how much it tells."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from datetime import date
from functools import cached_property, partial
from typing import Final

import numpy as np
import numpy.typing as npt

from source.domain.recall.terms import SAY_NOTHING
from source.domain.recall.turns import MOST_OF_SELF, MOST_TIME_WORDS, IndexedTurn

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

# How far around a turn its neighbours bear on it.
WIDEST_WINDOW: Final = 5


class SaidIndex:
    """Turns in order, those of a conversation next to each other."""

    def __init__(self, turns: Sequence[IndexedTurn], *, rarity: Mapping[str, float] | None = None) -> None:
        self.turns = turns
        # By term how much it tells, where these turns are some of a longer history.
        self.rarity = rarity or {}
        self._postings = _postings(turns)
        self._counted: dict[str, tuple[Places, Numbers]] = {}
        self.lengths = np.array([len(turn.terms) for turn in turns], dtype=np.float64)
        self.sizes = np.array([turn.size_bytes for turn in turns], dtype=np.float64)
        self.conversations, self.conversation_of = np.unique(
            np.array([turn.conversation_id for turn in turns], dtype=np.int64), return_inverse=True
        )
        self._same = [self._neighbours(distance) for distance in range(1, WIDEST_WINDOW + 1)]
        self.first = np.concatenate(([1.0], 1.0 - self._same[0])) if turns else np.zeros(0)
        self.of_self = np.array([turn.of_self for turn in turns], dtype=np.float64) / MOST_OF_SELF
        self.time_words = np.array([turn.time_words for turn in turns], dtype=np.float64) / MOST_TIME_WORDS
        self.questions = np.array([turn.is_question for turn in turns], dtype=np.float64)

    def __len__(self) -> int:
        return len(self.turns)

    @cached_property
    def mean_length(self) -> float:
        return float(self.lengths.mean()) or 1.0

    @cached_property
    def years(self) -> frozenset[int]:
        """The years in which something was said."""
        return frozenset(turn.said_at.year for turn in self.turns)

    @cached_property
    def days(self) -> tuple[Sequence[date], Places]:
        """The days on which something was said, and by turn which of them."""
        days, day_of = np.unique([turn.said_at.date().toordinal() for turn in self.turns], return_inverse=True)
        return [date.fromordinal(day) for day in days.tolist()], day_of.astype(np.int32)

    @cached_property
    def speakers(self) -> Mapping[str, Flags]:
        """By speaker, which turns are theirs."""
        said = np.array([turn.speaker for turn in self.turns])
        return {str(speaker): said == speaker for speaker in np.unique(said)}

    @cached_property
    def _vocabulary(self) -> list[str]:
        return sorted(self._postings)

    def counts(self, term: str) -> tuple[Places, Numbers] | None:
        """Return where a term is, and how often there; None: nowhere."""
        counted = self._counted.get(term)
        if counted is None and (places := self._postings.get(term)) is not None:
            found, counts = np.unique(np.array(places, dtype=np.int32), return_counts=True)
            counted = self._counted[term] = (found, counts.astype(np.float64))
        return counted

    def beginning_alike(self, term: str) -> list[str]:
        """Return other terms that begin with this one, or that it begins with: `photo` and `photograph`."""
        if len(term) < _SHORTEST_BEGINNING or not term.isalpha():
            return []
        shorter = [term[:end] for end in range(_SHORTEST_BEGINNING, len(term)) if len(term) - end <= _MOST_ENDING]
        found = [word for word in shorter if word in self._postings]
        for at in range(bisect_left(self._vocabulary, term), len(self._vocabulary)):
            word = self._vocabulary[at]
            if not word.startswith(term):
                break
            if 0 < len(word) - len(term) <= _MOST_ENDING:
                found.append(word)
        return [word for word in found if word not in SAY_NOTHING]

    def later(self, values: Numbers, distance: int) -> Numbers:
        """Return at each turn the value of the one `distance` before it in its conversation; 0 where there is none."""
        moved = np.zeros_like(values)
        if distance < len(values):
            moved[distance:] = values[:-distance] * self._same[distance - 1]
        return moved

    def earlier(self, values: Numbers, distance: int) -> Numbers:
        """Return at each turn the value of the one `distance` after it in its conversation; 0 where there is none."""
        moved = np.zeros_like(values)
        if distance < len(values):
            moved[:-distance] = values[distance:] * self._same[distance - 1]
        return moved

    def around(self, values: Numbers, distance: int) -> Numbers:
        """Return at each turn the greatest value up to `distance` turns before or after it in its conversation."""
        greatest = values.copy()
        for step in range(1, min(distance, len(values) - 1) + 1):
            same = self._same[step - 1]
            np.maximum(greatest[step:], values[:-step] * same, out=greatest[step:])
            np.maximum(greatest[:-step], values[step:] * same, out=greatest[:-step])
        return greatest

    def _neighbours(self, distance: int) -> Numbers:
        of = self.conversation_of
        same: Numbers = (of[distance:] == of[:-distance]).astype(np.float64)
        return same


_SHORTEST_BEGINNING: Final = 4
_MOST_ENDING: Final = 4
_FEW_TURNS: Final = 300


def _postings(turns: Sequence[IndexedTurn]) -> Mapping[str, Sequence[int]]:
    """Return by term the places of its turns, one as often as it has the term; few terms are ever asked for."""
    # What is held is to be no work for the garbage collector; what a single question has chosen is to be quick.
    kind: Callable[[], MutableSequence[int]] = partial(array, "i") if len(turns) > _FEW_TURNS else list
    places: defaultdict[str, MutableSequence[int]] = defaultdict(kind)
    for at, turn in enumerate(turns):
        for term in turn.terms:
            places[term].append(at)
    return dict(places)
