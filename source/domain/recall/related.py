"""Words that stand for each other when something is looked for: whoever asks for a hobby may mean fishing."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from source.domain.recall.terms import SAY_NOTHING, stem, words_of

_KINDS: Final = ">"
_SAME: Final = "="


@dataclass(frozen=True, slots=True)
class RelatedWords:
    """By stem, the stems that bear on it."""

    by_stem: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, term: str) -> tuple[str, ...]:
        return self.by_stem.get(term, ())


def read_related(lines: Iterable[str]) -> RelatedWords:
    """Read a list of words: `pet > dog cat` (who asks for the first may mean the second), `job = gig position`.

    Raises: ValueError: a line has neither of both signs.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for number, line in enumerate(lines, 1):
        told = line.split("#")[0].strip()
        if not told:
            continue
        sign = next((sign for sign in (_KINDS, _SAME) if sign in told), None)
        if sign is None:
            raise ValueError(f"line {number} has neither {_KINDS} nor {_SAME}")
        left, right = told.split(sign, 1)
        _relate(found, _stems(left), _stems(right), both_ways=sign == _SAME)
    return RelatedWords({term: tuple(sorted(others)) for term, others in found.items()})


def _relate(found: defaultdict[str, set[str]], asked: set[str], said: set[str], *, both_ways: bool) -> None:
    for term in asked:
        found[term] |= (said | asked if both_ways else said) - {term}
    if both_ways:
        for term in said:
            found[term] |= asked - {term}


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words_of(text) if word not in SAY_NOTHING}
