"""Which of many patterns are worth trying on a text: those with a word that the text has."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, Generic, TypeVar

from source.domain.stop_words import STOP_WORDS
from source.domain.summary_text import words

T = TypeVar("T")

# Endings differ, and patterns leave them open.
_SIGNS: Final = 3
_ESCAPE: Final = re.compile(r"\\[A-Za-z]|%\(\w+\)s")
_WORD: Final = re.compile(r"[^\W\d_]+")
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


class Triggered(Generic[T]):
    """Things by the patterns that belong to them; looking up costs the text's words, not the patterns."""

    def __init__(self, things: Iterable[tuple[T, Sequence[str]]]) -> None:
        self._by_beginning: defaultdict[str, dict[int, T]] = defaultdict(dict)
        for number, (thing, patterns) in enumerate(things):
            for beginning in {each for pattern in patterns for each in _beginnings(pattern)}:
                self._by_beginning[beginning][number] = thing

    def among(self, text: str) -> list[T]:
        """Return what may match the text, in order."""
        beginnings = {word[:_SIGNS] for word in words(text)}
        if _UNSPACED.search(text):
            beginnings.add("")
        found: dict[int, T] = {}
        for beginning in beginnings & self._by_beginning.keys():
            found |= self._by_beginning[beginning]
        return [found[number] for number in sorted(found)]


def _beginnings(pattern: str) -> Iterable[str]:
    """Yield how the telling words of a pattern begin; empty for scripts without spaces, where nothing begins."""
    for word in _WORD.findall(_ESCAPE.sub(" ", pattern).casefold()):
        if _UNSPACED.search(word):
            yield ""
        elif len(word) >= _SIGNS and word not in STOP_WORDS:
            yield word[:_SIGNS]
