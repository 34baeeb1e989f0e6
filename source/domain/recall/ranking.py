"""How well each turn of a history bears on a question, by its words, its neighbours', its speaker and its date.

The weights are round numbers set by hand: halving or doubling any of them moves what is found by about a point
(`benchmarks/recall.py --weights`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from source.domain.recall.index import Flags, Numbers, SaidIndex
from source.domain.recall.matching import matches
from source.domain.recall.question import Question
from source.domain.recall.related import RelatedWords
from source.domain.recall.vectors import Likeness

# A speaker who may or may not be meant.
_UNDECIDED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """What each sign counts for; all signs but `size` lie between 0 and about 2."""

    words: float = 2.0
    words_of_the_best: float = 2.0
    alike: float = 2.0
    related: float = 2.0
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
    speaker_related: float = 3.0
    speaker_near: float = 0.5
    speaker_of_self: float = 0.5
    date: float = 2.0
    time_words: float = 1.0
    first: float = 1.0
    meaning: float = 2.0
    size: float = -0.5


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
    found = matches(index, question.terms, related)
    own = found.words / found.total
    near = found.near / found.total
    said = (found.words + found.alike) / found.total
    by_speaker = _by_speaker(index, question)
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


def _by_speaker(index: SaidIndex, question: Question) -> Numbers:
    """Return 1 for turns of those who were asked for, and between for those of others who are named or who may be."""
    if not question.speakers:
        return np.full(len(index), _UNDECIDED)
    theirs = np.zeros(len(index))
    for speakers, value in ((question.besides, _UNDECIDED), (question.speakers, 1.0)):
        for speaker in speakers:
            said = index.speakers.get(speaker)
            if said is not None:
                theirs[said] = value
    return theirs


def _with_them(index: SaidIndex, by_speaker: Numbers) -> Numbers:
    """Return 1 for every turn of a conversation in which those who were asked for spoke."""
    spoke = np.zeros(len(index.conversations))
    np.maximum.at(spoke, index.conversation_of, np.floor(by_speaker))
    return spoke[index.conversation_of]


def _by_date(index: SaidIndex, question: Question) -> Numbers:
    if not question.spans:
        return np.zeros(len(index))
    days, day_of = index.days
    prior = np.array([max(span.prior(day) for span in question.spans) for day in days])
    by_day: Numbers = prior[day_of]
    return by_day
