"""Whether a conversation has come to another topic: by how many of their words the messages share, in any language."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from source.domain.stop_words import STOP_WORDS
from source.domain.summary_text import WORD, clipped, words

# So many messages of people in a row have to be about something else; one is a remark, two may be a digression.
_IN_A_ROW: Final = 3
# What they are compared with, in messages of people: how many there have to be, and how many of them count.
_FEWEST_BEFORE: Final = 10
_RECENT: Final = 15
# Looked back at for the same words: who comes back to a topic has not begun a new one.
_REMEMBERED: Final = 25
_PAUSE: Final = 10
LOOKED_AT: Final = _REMEMBERED + _IN_A_ROW + _PAUSE
"""A longer past changes nothing."""

# Shares of the likeness that a conversation has to itself. Strict: who is bothered without reason stops reading.
_MOST_ALIKE_OF_USUAL: Final = 0.4
_MOST_ALIKE_OF_OWN: Final = 0.8
_MOST_KNOWN: Final = 0.6
_FEWEST_WORDS: Final = 9
_LEAST_CHARS: Final = 4
_STEM_CHARS: Final = 6
_MOST_CHARS: Final = 1_000
_FIRST_CJK: Final = "\u3040"


@dataclass(frozen=True, slots=True)
class Exchange:
    """What somebody said, and what was answered to it."""

    said: str
    answer: str = ""


def has_shifted(exchanges: Sequence[Exchange]) -> bool:
    """Whether the last messages are about something else than those before them; true once for each shift."""
    said = _Said(exchanges[-LOOKED_AT:])
    if not said.begins_topic(said.count):
        return False
    # Where it held a moment ago it was told then: nothing is noted, so that a restart changes nothing.
    return not any(said.begins_topic(end) for end in range(said.count - 1, max(0, said.count - 1 - _PAUSE), -1))


def stems(text: str) -> list[str]:
    """Return the beginnings of the words that can tell a topic, as often as they are said."""
    # Only other scripts than Latin need a closer look, which takes twice as long.
    said = WORD.findall(text.casefold()) if text.isascii() else words(text)
    return [
        word[:_STEM_CHARS]
        for word in said
        if (len(word) >= _LEAST_CHARS or word[0] >= _FIRST_CJK) and word not in STOP_WORDS
    ]


class _Said:
    """Exchanges whose words are cut out once, and only where they are looked at."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.count = len(exchanges)
        self._text = cache(lambda number: _folded(exchanges[number]))
        self._stems = cache(lambda number: stems(self._text(number)))

    def begins_topic(self, end: int) -> bool:
        """Whether the exchanges up to `end` end with a new topic."""
        start = end - _IN_A_ROW
        if start < _FEWEST_BEFORE:
            return False
        before = "\n".join(self._text(number) for number in range(max(0, start - _REMEMBERED), start))
        # The newest first: where people stay with their topic, its words are all that is looked for.
        if any(_is_known(self._stems(number), before) for number in range(end - 1, start - 1, -1)):
            return False
        return self._is_apart([self._stems(number) for number in range(max(0, start - _RECENT), end)])

    def _is_apart(self, said: Sequence[list[str]]) -> bool:
        """Whether the last exchanges are less like those before them than these are like each other, and than usual."""
        before, new = said[:-_IN_A_ROW], said[-_IN_A_ROW:]
        if len({stem for each in new for stem in each}) < _FEWEST_WORDS:
            return False
        alike = _likeness(_counted(new), _in_how_many(before))
        # Where words are long or not told apart, nothing is ever alike: it says nothing that this is not.
        usual = _likeness(_counted(before[-_IN_A_ROW:]), _in_how_many(before[:-_IN_A_ROW]))
        own = _likeness(_counted(new[-1:]), _counted(new[:-1]))
        return alike < _MOST_ALIKE_OF_USUAL * usual and alike < _MOST_ALIKE_OF_OWN * own


def _folded(exchange: Exchange) -> str:
    return f"{clipped(exchange.said, _MOST_CHARS)}\n{clipped(exchange.answer, _MOST_CHARS)}".casefold()


def _is_known(said: Sequence[str], before: str) -> bool:
    """Whether most of what is said was said before: looked for as text, which is quick and errs to the safe side."""
    different = set(said)
    return sum(stem in before for stem in different) > _MOST_KNOWN * len(different)


def _counted(said: Sequence[list[str]]) -> Counter[str]:
    return Counter(stem for each in said for stem in each)


def _in_how_many(said: Iterable[list[str]]) -> Counter[str]:
    return Counter(stem for each in said for stem in set(each))


def _likeness(some: Mapping[str, int], others: Mapping[str, int]) -> float:
    """Return the cosine of two counts, each damped: 0 without a common stem."""
    common = sum(_damped(some[stem]) * _damped(others[stem]) for stem in some if stem in others)
    return common / math.sqrt(_square(some) * _square(others)) if common else 0.0


def _square(counts: Mapping[str, int]) -> float:
    return sum(_damped(count) ** 2 for count in counts.values())


def _damped(count: int) -> float:
    return 1 + math.log(count)
