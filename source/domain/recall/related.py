"""Words that stand for each other when something is looked for: whoever asks for a hobby may mean fishing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from source.domain.recall.terms import SAY_NOTHING, stem, words_of

_MAY_MEAN: Final = ">"
_SAME: Final = "="

_Stems = defaultdict[str, set[str]]


@dataclass(frozen=True, slots=True)
class RelatedWords:
    """By stem, the stems that mean the same, and those that may be meant."""

    alike: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meant: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def same_as(self, term: str) -> tuple[str, ...]:
        """Return other words for it."""
        return self.alike.get(term, ())

    def of(self, term: str) -> tuple[str, ...]:
        """Return what whoever asks for it may mean."""
        return self.meant.get(term, ())


def read_related(lines: Iterable[str]) -> RelatedWords:
    """Read a list of words: `pet > dog cat` (who asks for the first may mean the others), `job = gig position`.

    Raises: ValueError: a line has neither of both signs.
    """
    same: _Stems = defaultdict(set)
    meant: list[tuple[set[str], set[str]]] = []
    for number, line in enumerate(lines, 1):
        told = line.split("#")[0].strip()
        if not told:
            continue
        left, sign, right = told.partition(_MAY_MEAN if _MAY_MEAN in told else _SAME)
        if not sign:
            raise ValueError(f"line {number} has neither {_MAY_MEAN} nor {_SAME}")
        asked, said = _stems(left), _stems(right)
        if sign == _MAY_MEAN:
            meant.append((asked, said))
        else:
            _add(same, asked | said, asked | said)
    leads: _Stems = defaultdict(set)
    for asked, said in meant:
        _add(leads, _with_same(asked, same), _with_same(said, same))
    return RelatedWords(_sorted(same), _sorted(leads))


def _add(found: _Stems, asked: set[str], said: set[str]) -> None:
    for term in asked:
        found[term] |= said - {term}


def _with_same(terms: set[str], same: Mapping[str, set[str]]) -> set[str]:
    return terms.union(*(same.get(term, ()) for term in terms))


def _sorted(found: Mapping[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {term: tuple(sorted(others)) for term, others in found.items() if others}


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words_of(text) if word not in SAY_NOTHING}
