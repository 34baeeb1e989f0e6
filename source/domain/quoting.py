"""Whether a text repeats what somebody said."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from source.domain.stop_words import STOP_WORDS

_TOKEN: Final = re.compile(r"[^\W_]+(?:[._@+'’-]+[^\W_]+)*")
_PART: Final = re.compile(r"[^\W_]+")
# So many words in a row are no coincidence; a shorter message is quoted as a whole.
_RUN: Final = 4
_SHORTEST: Final = 2
_LEAST_TELLING_CHARS: Final = 4
_LEAST_CODE_CHARS: Final = 3
# As many words that nobody else used as make a coincidence unlikely.
_OWN_WORDS: Final = 2

_Run = tuple[str, ...]


class Quotes:
    """Knows the words of one person, beside those that others used, and finds them again in other texts.

    It rather finds too much: what it finds is only what Echo said, and it decides what stays after a person has asked
    to be forgotten.
    """

    def __init__(self, said: Iterable[str], others: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        common: set[str] = set()
        for text in others:
            common.update(_parts(text))
        self._common = common
        self._codes: set[str] = set()
        self._own: set[str] = set()
        self._runs: set[_Run] = set()
        for text in said:
            self._learn(text)
        self._names = {part for name in names for part in _parts(name) if len(part) >= _LEAST_CODE_CHARS}
        self._names -= STOP_WORDS | common

    @property
    def is_empty(self) -> bool:
        return not (self._own or self._codes or self._runs or self._names)

    def are_in(self, text: str) -> bool:
        """Whether the text names the person, or has words that must be theirs."""
        words = list(_parts(text))
        found = self._names.union(self._codes).intersection(words)
        return bool(found) or len(self._own.intersection(words)) >= _OWN_WORDS or self._has_run(words)

    def are_word_for_word_in(self, text: str) -> bool:
        """Whether the text has a run of their words, or a code such as a number, an address or a word with digits."""
        words = list(_parts(text))
        return not self._codes.isdisjoint(words) or self._has_run(words)

    def has_any_word_in(self, text: str) -> bool:
        """Whether the text has even one of the words that only they used."""
        words = set(_parts(text))
        return not (words.isdisjoint(self._own | self._codes | self._names)) or self._has_run(list(_parts(text)))

    def _learn(self, text: str) -> None:
        words = list(_parts(text))
        telling = {word for word in words if word not in self._common and word not in STOP_WORDS}
        self._codes.update(word for word in telling if _is_code(word))
        self._own.update(word for word in telling if len(word) >= _LEAST_TELLING_CHARS)
        size = min(_RUN, len(words))
        if size >= _SHORTEST:
            self._runs.update(run for run in _runs(words, size) if not telling.isdisjoint(run))

    def _has_run(self, words: Sequence[str]) -> bool:
        return any(
            run in self._runs for size in range(_SHORTEST, _RUN + 1) if len(words) >= size for run in _runs(words, size)
        )


def _parts(text: str) -> Iterator[str]:
    """Return the words, of an address or a number written with signs its parts and the whole."""
    for match in _TOKEN.finditer(text.casefold()):
        whole = match.group()
        parts = _PART.findall(whole)
        yield from parts
        if len(parts) > 1:
            yield whole


def _is_code(word: str) -> bool:
    return len(word) >= _LEAST_CODE_CHARS and (any(map(str.isdigit, word)) or "@" in word)


def _runs(words: Sequence[str], size: int) -> Iterator[_Run]:
    window: deque[str] = deque(maxlen=size)
    for word in words:
        window.append(word)
        if len(window) == size:
            yield tuple(window)
