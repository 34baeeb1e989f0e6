"""A history that is too long to be held word by word: of each turn, where, when and by whom it was said."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from source.domain.recall.index import WIDEST_WINDOW
from source.domain.recall.question import Question
from source.domain.recall.ranking import Weights

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Shares = npt.NDArray[np.float32]

_NEAR: Final = 2
_NOBODY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Said:
    """Turns in any order: the number of each in its store, its conversation, day (as `date.toordinal`) and speaker.

    A speaker is the place of theirs among `names`, which are as `SaidTurn` has them.
    """

    numbers: Integers
    conversations: Integers
    days: Codes
    speakers: Codes
    names: tuple[str, ...]

    def of(self, places: "Integers | npt.NDArray[np.bool_]") -> "Said":
        """Return some of the turns."""
        return Said(
            self.numbers[places], self.conversations[places], self.days[places], self.speakers[places], self.names
        )

    def and_more(self, more: "Said") -> "Said":
        """Return these and other turns."""
        names = {name: code for code, name in enumerate(dict.fromkeys((*self.names, *more.names)))}
        codes = np.array([names[name] for name in more.names], dtype=np.int32)
        return Said(
            np.concatenate((self.numbers, more.numbers)),
            np.concatenate((self.conversations, more.conversations)),
            np.concatenate((self.days, more.days)),
            np.concatenate((self.speakers, codes[more.speakers])),
            tuple(names),
        )


class Holding(NamedTuple):
    """The numbers of turns that hold a word, and of those that hold one that is related to it."""

    exact: Integers
    akin: Integers


class Outline:
    """Turns in order, those of a conversation next to each other."""

    def __init__(self, said: Said) -> None:
        self.said = said.of(np.lexsort((said.numbers, said.conversations)))
        self._by_number = np.argsort(self.said.numbers)
        self._ascending = self.said.numbers[self._by_number]

    def __len__(self) -> int:
        return len(self.said.numbers)

    def with_more(self, more: Said) -> "Outline":
        """Return these and other turns; those that are among these already are so once."""
        _, once = np.unique(more.numbers, return_index=True)
        new = once[~self._holds(more.numbers[once])]
        return Outline(self.said.and_more(more.of(new))) if len(new) else self

    def has(self, conversation_id: int) -> bool:
        """Whether anything of a conversation is here."""
        at = np.searchsorted(self.said.conversations, conversation_id)
        return bool(at < len(self) and self.said.conversations[at] == conversation_id)

    def without(self, conversation_ids: Sequence[int]) -> "Outline":
        """Return all but these conversations."""
        return Outline(self.said.of(~np.isin(self.said.conversations, conversation_ids)))

    def conversations_besides(self, conversations: Integers) -> list[int]:
        """Return those of conversations of which nothing is here."""
        besides: list[int] = np.setdiff1d(conversations, self.said.conversations).tolist()
        return besides

    def places(self, numbers: Integers) -> Integers:
        """Return where turns are, each once; others are left out."""
        if not len(self):
            return numbers[:0]
        at = np.searchsorted(self._ascending, numbers).clip(max=len(self) - 1)
        places: Integers = np.unique(self._by_number[at[self._ascending[at] == numbers]])
        return places

    def around(self, places: Integers, distance: int) -> Integers:
        """Return these places and those up to `distance` before or after in the same conversation, some repeatedly."""
        near = (places[:, None] + np.arange(-distance, distance + 1)).ravel().clip(0, len(self) - 1)
        of = self.said.conversations
        kept: Integers = near[of[near] == np.repeat(of[places], 2 * distance + 1)]
        return kept

    def beside(self, values: Shares, places: Integers, distance: int) -> Shares:
        """Return for each place the value `distance` before it, or after it if negative; 0 in another conversation."""
        there = (places - distance).clip(0, len(self) - 1)
        of = self.said.conversations
        near: Shares = values[there] * ((of[there] == of[places]) & (there + distance == places))
        return near

    @cached_property
    def first(self) -> Shares:
        """1 for the first of each conversation."""
        begins = np.ones(len(self), dtype=np.float32)
        begins[1:] = self.said.conversations[1:] != self.said.conversations[:-1]
        return begins

    @cached_property
    def days(self) -> tuple[Sequence[date], Integers]:
        """The days on which something was said, and by turn which of them."""
        days, day_of = np.unique(self.said.days, return_inverse=True)
        return [date.fromordinal(day) for day in days.tolist()], day_of

    def said_by(self, speaker: str) -> npt.NDArray[np.bool_]:
        """Return which turns are somebody's."""
        code = self.said.names.index(speaker) if speaker in self.said.names else -1
        theirs: npt.NDArray[np.bool_] = self.said.speakers == code
        return theirs

    def _holds(self, numbers: Integers) -> npt.NDArray[np.bool_]:
        if not len(self):
            return np.zeros(len(numbers), dtype=np.bool_)
        at = np.searchsorted(self._ascending, numbers).clip(max=len(self) - 1)
        holds: npt.NDArray[np.bool_] = self._ascending[at] == numbers
        return holds


class Likely(NamedTuple):
    """The numbers of the turns that are worth reading, the best first, and by word how much it tells."""

    numbers: Sequence[int]
    rarity: Mapping[str, float]


def most_likely(
    outline: Outline, question: Question, held: Mapping[str, Holding], count: int, *, besides: int | None = None
) -> Likely:
    """Return the turns that bear best on a question by which of its words they and those around them hold.

    None of the conversation `besides` is among them. The signs are those of `ranked`, as far as they are known.
    """
    words = _Words(outline, held)
    by_speaker = _by_speaker(outline, question)
    by_date = _by_date(outline, question)
    bears = (words.bears if held else by_speaker == 1.0) | (by_date >= 1.0)
    if besides is not None:
        bears &= outline.said.conversations != besides
    places = np.flatnonzero(bears)
    weights = Weights()
    scores = words.scores(weights, places) + by_speaker[places] * words.scores_of_speaker(weights, places)
    scores += weights.first * outline.first[places] + weights.date * by_date[places]
    if question.speakers:
        scores += weights.speaker_there * _with_them(outline, by_speaker)[places]
    # Of equal ones the newest.
    best = places[np.lexsort((-outline.said.numbers[places], -scores))[:count]]
    return Likely(outline.said.numbers[best].tolist(), words.rarity)


class _Words:
    """By turn, how much of a question's words is in it and around it."""

    def __init__(self, outline: Outline, held: Mapping[str, Holding]) -> None:
        self._outline = outline
        self.rarity: dict[str, float] = {}
        self._own, self._near, self._wide, self._akin, self._akin_near = (
            np.zeros(len(outline), dtype=np.float32) for _ in range(5)
        )
        for word, holding in held.items():
            self._add(word, outline.places(holding.exact), outline.places(holding.akin))
        self._total = sum(self.rarity.values()) or 1.0

    @property
    def bears(self) -> npt.NDArray[np.bool_]:
        """Which turns have any of the words, or one that is related, in or around them."""
        found: npt.NDArray[np.bool_] = self._wide + self._akin_near > 0
        return found

    def scores(self, weights: Weights, places: Integers) -> Shares:
        """Return what the words themselves count for in some of the turns."""
        w, own = weights, self._own
        best = float(own.max(initial=0.0)) or 1.0

        def near(distance: int) -> Shares:
            return self._outline.beside(own, places, distance)

        told = w.words * own[places] + w.before * near(1) + w.after * near(-1) + w.two_away * (near(2) + near(-2))
        around = w.near * self._near[places] + w.wide * self._wide[places]
        akin = w.related * self._akin[places] + w.related_near * self._akin_near[places]
        scores: Shares = (told + around + akin) / self._total + w.words_of_the_best * own[places] / best
        return scores

    def scores_of_speaker(self, weights: Weights, places: Integers) -> Shares:
        """Return what they count for in those of the turns that are of somebody who is asked for."""
        w, own, akin = weights, self._own[places], self._akin[places]
        around = w.speaker_words * own + w.speaker_related * akin + w.speaker_near * self._near[places]
        scores: Shares = w.speaker + around / self._total
        return scores

    def _add(self, word: str, exact: Integers, akin: Integers) -> None:
        weight = self.rarity[word] = _rarity(len(self._outline), len(exact))
        around = self._outline.around
        self._own[exact] += weight
        self._near[around(exact, _NEAR)] += weight
        self._wide[around(exact, WIDEST_WINDOW)] += weight
        akin = np.setdiff1d(akin, exact, assume_unique=True)
        if len(akin):
            weight = min(weight, _rarity(len(self._outline), len(akin)))
            self._akin[akin] += weight
            self._akin_near[around(akin, _NEAR)] += weight


def _rarity(count: int, having: int) -> float:
    having = max(1, having)
    return math.log(1 + (count - having + 0.5) / (having + 0.5))


def _by_speaker(outline: Outline, question: Question) -> Shares:
    if not question.speakers:
        return np.full(len(outline), _NOBODY, dtype=np.float32)
    theirs = np.zeros(len(outline), dtype=np.float32)
    for speakers, value in ((question.besides, _NOBODY), (question.speakers, 1.0)):
        for speaker in speakers:
            theirs[outline.said_by(speaker)] = value
    return theirs


def _with_them(outline: Outline, by_speaker: Shares) -> Shares:
    begins = np.flatnonzero(outline.first)
    if not len(begins):
        return by_speaker
    spoke = np.maximum.reduceat(np.floor(by_speaker), begins)
    there: Shares = np.repeat(spoke, np.diff(np.append(begins, len(outline))))
    return there


def _by_date(outline: Outline, question: Question) -> Shares:
    if not question.spans:
        return np.zeros(len(outline), dtype=np.float32)
    days, day_of = outline.days
    prior = np.array([max(span.prior(day) for span in question.spans) for day in days], dtype=np.float32)
    by_day: Shares = prior[day_of]
    return by_day
