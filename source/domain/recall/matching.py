"""How well the words of each turn match those of a question: the same, others for them, and what may be meant."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from source.domain.recall.index import WIDEST_WINDOW, Numbers, SaidIndex
from source.domain.recall.related import RelatedWords
from source.domain.recall.terms import SAYS_LITTLE, stem

# BM25. Turns are short and of similar length: long ones are punished less than documents are.
_SATURATION: Final = 1.2
_BY_LENGTH: Final = 0.4
_RELATED_BY_LENGTH: Final = 0.2
_NEAR: Final = 2
# Of a word that says little.
_LITTLE: Final = 0.5
# Several related words in a turn weigh as much as so many of the word that is asked for.
_MOST_RELATED: Final = 2.0


@dataclass(frozen=True, slots=True)
class Matches:
    """By turn: how well it matches the words themselves, others that mean or begin like them, and related ones.

    `near` and `wide` are how much of the question is said around a turn; `total` is what all of its words weigh;
    `count` is how many of them a turn itself has, or words that begin alike.
    """

    words: Numbers
    alike: Numbers
    related: Numbers
    near: Numbers
    wide: Numbers
    related_near: Numbers
    count: Numbers
    total: float


def matches(index: SaidIndex, terms: Sequence[str], related: RelatedWords) -> Matches:
    """Match the terms of a question with every turn of an index."""
    sums = {name: np.zeros(len(index)) for name in Matches.__slots__ if name != "total"}
    total = 0.0
    for at, term in enumerate(terms):
        exact = _together(index, [term])
        begun = {*index.beginning_alike(term), *_joined(terms, at)}
        alike = _together(index, begun.union(related.same_as(term)), but=exact)
        weight = (index.rarity.get(term) or _rarity(index, exact)) * (_LITTLE if term in SAYS_LITTLE else 1.0)
        total += weight
        said = exact + alike
        if said.any():
            has = np.sign(said)
            sums["count"] += np.sign(_together(index, {term, *begun}))
            sums["words"] += weight * _saturated(index, exact)
            sums["alike"] += min(weight, _rarity(index, alike)) * _saturated(index, alike)
            sums["near"] += weight * index.around(has, _NEAR)
            sums["wide"] += weight * index.around(has, WIDEST_WINDOW)
        akin = np.where(said > 0, 0.0, _related(index, related.of(term), weight))
        if akin.any():
            by_length = 1 - _RELATED_BY_LENGTH + _RELATED_BY_LENGTH * index.lengths / index.mean_length
            sums["related"] += np.minimum(akin, _MOST_RELATED * weight) / by_length
            sums["related_near"] += index.around(np.minimum(akin, weight), _NEAR)
    return Matches(**sums, total=total or 1.0)


def _joined(terms: Sequence[str], at: int) -> Iterator[str]:
    """Yield a term as one word with the one before it and the one after it: who asks for a road trip, a roadtrip."""
    if at > 0:
        yield stem(terms[at - 1] + terms[at])
    if at + 1 < len(terms):
        yield stem(terms[at] + terms[at + 1])


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


def _related(index: SaidIndex, terms: Collection[str], most: float) -> Numbers:
    """Return what the related words in each turn weigh: each by how rare it is, none more than what is asked for."""
    found = [counted[0] for term in terms if (counted := index.counts(term)) is not None]
    if not found:
        return np.zeros(len(index))
    weights = [min(most, _rare(len(index), len(places))) for places in found]
    spread = np.repeat(weights, [len(places) for places in found])
    return np.bincount(np.concatenate(found), spread, minlength=len(index)).astype(np.float64)


def _saturated(index: SaidIndex, counted: Numbers) -> Numbers:
    by_length = 1 - _BY_LENGTH + _BY_LENGTH * index.lengths / index.mean_length
    return counted * (_SATURATION + 1) / (counted + _SATURATION * by_length)


def _rarity(index: SaidIndex, counted: Numbers) -> float:
    return _rare(len(index), max(1, int(np.count_nonzero(counted))))


def _rare(count: int, having: int) -> float:
    return math.log(1 + (count - having + 0.5) / (having + 0.5))
