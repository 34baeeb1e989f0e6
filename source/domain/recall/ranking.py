"""How well each turn of a history bears on a question, by its words, its neighbours', its speaker and its date.

The weights are round numbers set by hand: halving or doubling any of them moves what is found by about a point
(`benchmarks/recall.py --weights`).
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from source.domain.recall.index import WIDEST_WINDOW, Flags, Numbers, SaidIndex
from source.domain.recall.question import Question
from source.domain.recall.related import RelatedWords
from source.domain.recall.vectors import Likeness

# BM25. Turns are short and of similar length: long ones are punished less than documents are.
_SATURATION: Final = 1.2
_BY_LENGTH: Final = 0.4
_NEAR: Final = 2
# A speaker who may or may not be meant.
_UNDECIDED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """What each sign counts for; all signs but `size` lie between 0 and about 2."""

    words: float = 2.0
    words_of_the_best: float = 2.0
    alike: float = 2.0
    related: float = 3.0
    before: float = 1.5
    after: float = 0.5
    two_away: float = 0.5
    near: float = 4.0
    wide: float = 3.0
    related_near: float = 1.0
    answers: float = 1.0
    speaker: float = 2.0
    speaker_there: float = 2.0
    speaker_words: float = 1.5
    speaker_related: float = 4.0
    speaker_near: float = 0.5
    speaker_of_self: float = 0.5
    date: float = 2.0
    time_words: float = 1.0
    first: float = 1.0
    meaning: float = 2.0
    size: float = -0.5


@dataclass(frozen=True, slots=True)
class _Matches:
    """By turn: how well it matches the words themselves, words that begin alike, and words that are related.

    `near` and `wide` are how much of the question is said around a turn; `total` is what all of its words weigh;
    `count` is how many of them a turn itself has.
    """

    words: Numbers
    alike: Numbers
    related: Numbers
    near: Numbers
    wide: Numbers
    related_near: Numbers
    count: Numbers
    total: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """By turn: a number that is greater for better ones, and whether it bears on the question at all.

    `words` is how many of the question's words are in the turn itself.
    """

    scores: Numbers
    bears: Flags
    words: Numbers


def ranked(
    index: SaidIndex,
    question: Question,
    related: RelatedWords,
    weights: Weights | None = None,
    *,
    alike: Likeness | None = None,
) -> Ranking:
    """Rank all turns of an index; `alike` is how like the question they are in meaning, where that is known."""
    w = weights or Weights()
    found = _matches(index, question.terms, related)
    own = found.words / found.total
    near = found.near / found.total
    said = (found.words + found.alike) / found.total
    by_speaker = _by_speaker(index, question.speakers)
    by_date = _by_date(index, question)
    after_question = index.later(index.questions, 1)
    best = float((found.words + found.alike).max(initial=0.0)) or 1.0
    score = (
        w.words * own
        + w.words_of_the_best * found.words / best
        + w.alike * found.alike / found.total
        + w.related * found.related / found.total
        + w.before * index.later(said, 1)
        + w.after * index.earlier(said, 1)
        + w.two_away * (index.later(said, 2) + index.earlier(said, 2))
        + w.near * near
        + w.wide * found.wide / found.total
        + w.related_near * found.related_near / found.total
        + w.answers * after_question * index.later(near, 1)
        + w.date * by_date
        + by_speaker
        * (
            w.speaker
            + w.speaker_words * said
            + w.speaker_related * found.related / found.total
            + w.speaker_near * near
            + w.speaker_of_self * index.of_self
        )
        + w.speaker_there * _with_them(index, by_speaker)
        + w.time_words * index.time_words * (2.0 if question.asks_when else 1.0)
        + w.first * index.first
    )
    bears = (found.wide + found.related_near > 0) if question.terms else (by_speaker == 1.0)
    if alike is not None:
        score = score + w.meaning * alike.values
        bears = bears | alike.bears
    return Ranking(score + w.size * np.log(np.maximum(index.sizes, 1.0)), bears | (by_date >= 1.0), found.count)


def _matches(index: SaidIndex, terms: Iterable[str], related: RelatedWords) -> _Matches:
    count = len(index)
    sums = {name: np.zeros(count) for name in ("words", "alike", "related", "near", "wide", "related_near", "count")}
    total = 0.0
    for term in terms:
        exact = _together(index, [term])
        alike = _together(index, index.beginning_alike(term), but=exact)
        akin = _together(index, related.of(term), but=exact + alike)
        rarity = _rarity(count, max(1, int(np.count_nonzero(exact))))
        total += rarity
        sums["count"] += np.sign(exact + alike)
        sums["words"] += rarity * _saturated(index, exact)
        said = exact + alike
        if said.any():
            sums["alike"] += min(rarity, _rarity(count, max(1, int(np.count_nonzero(alike))))) * _saturated(
                index, alike
            )
            has = np.sign(said)
            sums["near"] += rarity * index.around(has, _NEAR)
            sums["wide"] += rarity * index.around(has, WIDEST_WINDOW)
        if akin.any():
            of_related = min(rarity, _rarity(count, int(np.count_nonzero(exact + akin))))
            sums["related"] += of_related * _saturated(index, akin)
            sums["related_near"] += of_related * index.around(np.sign(akin), _NEAR)
    return _Matches(**sums, total=total or 1.0)


def _together(index: SaidIndex, terms: Collection[str], *, but: Numbers | None = None) -> Numbers:
    """Return how often any of the terms is in each turn, but for turns that `but` has counted already."""
    counted = np.zeros(len(index))
    for term in terms:
        found = index.counts(term)
        if found is not None:
            counted[found[0]] += found[1]
    if but is not None:
        counted[but > 0] = 0.0
    return counted


def _saturated(index: SaidIndex, counted: Numbers) -> Numbers:
    by_length = 1 - _BY_LENGTH + _BY_LENGTH * index.lengths / index.mean_length
    return counted * (_SATURATION + 1) / (counted + _SATURATION * by_length)


def _rarity(count: int, having: int) -> float:
    return math.log(1 + (count - having + 0.5) / (having + 0.5))


def _by_speaker(index: SaidIndex, speakers: Collection[str]) -> Numbers:
    """Return 1 for turns of those who were asked for, and between where nobody was."""
    if not speakers:
        return np.full(len(index), _UNDECIDED)
    theirs = np.zeros(len(index))
    for speaker in speakers:
        said = index.speakers.get(speaker)
        if said is not None:
            theirs[said] = 1.0
    return theirs


def _with_them(index: SaidIndex, by_speaker: Numbers) -> Numbers:
    """Return 1 for every turn of a conversation in which those who were asked for spoke."""
    spoke = np.zeros(len(index.conversations))
    np.maximum.at(spoke, index.conversation_of, np.floor(by_speaker))
    return spoke[index.conversation_of]


def _by_date(index: SaidIndex, question: Question) -> Numbers:
    if not question.spans:
        return np.zeros(len(index))
    days = {turn.said_at.date() for turn in index.turns}
    prior = {day: max(span.prior(day) for span in question.spans) for day in days}
    return np.array([prior[turn.said_at.date()] for turn in index.turns])
