"""Words that stand together in quotation marks: where they stand together in what was said."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from source.domain.recall.terms import stem, unspaced_in, words_of

if TYPE_CHECKING:  # which takes numpy with it
    from source.domain.recall.index import SaidIndex


def holding_all(index: "SaidIndex", phrases: Sequence[str]) -> set[int]:
    """Return the places of turns that hold all of these phrases in some form of their words."""
    return set.intersection(*(set(_holding(index, phrase)) for phrase in phrases)) if phrases else set()


def holds_all(text: str, phrases: Sequence[str]) -> bool:
    """Whether a text holds all of these phrases, word for word; case, accents and marks make no difference."""
    said = _together(words_of(text))
    return all(_together([phrase]) in said for phrase in phrases)


def _holding(index: "SaidIndex", phrase: str) -> Iterator[int]:
    stems = [stem(word) for word in phrase.split()]
    found = [index.counts(each) for each in stems]
    having = [set(each[0].tolist()) for each in found if each is not None]
    if len(having) < len(stems):
        return
    asked = _together(_but_single(stems))
    for place in set.intersection(*having):
        if asked in _together(_but_single(index.turns[place].terms)):
            yield place


def _together(words: Iterable[str]) -> str:
    return f" {' '.join(words)} ".replace("  ", " ")


def _but_single(terms: Iterable[str]) -> list[str]:
    """Leave out characters that are indexed alone as well as in pairs, and so stand between words."""
    return [term for term in terms if len(term) > 1 or not unspaced_in(term)]
