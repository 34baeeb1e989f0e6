"""Whether a text repeats what somebody said."""

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from source.domain.stop_words import STOP_WORDS

_CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN: Final = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:[._@+'’-]+[^\W_{_CJK}]+)*")
_WITHOUT_SPACES: Final = re.compile(rf"[{_CJK}]")
# Where no space tells words apart, so many characters stand for one.
_CJK_WORD_CHARS: Final = 2
_PART: Final = re.compile(r"[^\W_]+")
# So many words in a row are no coincidence; a shorter message is quoted as a whole.
_RUN: Final = 4
_SHORTEST: Final = 2
_LEAST_TELLING_CHARS: Final = 3
# One word so long, or as many shorter ones, that nobody else used, make a coincidence unlikely.
_LONG_CHARS: Final = 8
_LEAST_CODE_CHARS: Final = 3
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
        self._telling: set[str] = set()
        self._codes: set[str] = set()
        self._own: set[str] = set()
        self._runs: set[_Run] = set()
        for text in said:
            self._learn(text)
        self._names = {part for name in names for part in _parts(name) if len(part) >= _LEAST_CODE_CHARS}
        self._names -= STOP_WORDS | common

    def are_in(self, text: str) -> bool:
        """Whether the text names the person, or has words that must be theirs."""
        words = list(_parts(text))
        if not (self._names | self._codes).isdisjoint(words):
            return True
        own = self._own.intersection(words)
        return _is_no_coincidence(own) or self._has_run(words)

    def are_word_for_word_in(self, text: str, *, known: Collection[str] = frozenset()) -> bool:
        """Whether the text has a run of their words, or a code such as a number, an address or a word with digits.

        The words that are `known` say nothing: others used them there too (`words_in`).
        """
        words = list(_parts(text))
        telling = self._telling.intersection(words).difference(known)
        if not telling:
            return False
        return not self._codes.isdisjoint(telling) or any(
            _is_no_coincidence(telling.intersection(run)) for run in self._runs_in(words)
        )

    def has_any_word_in(self, text: str) -> bool:
        """Whether the text has even one of the words that only they used."""
        words = list(_parts(text))
        return not (self._telling | self._names).isdisjoint(words) or self._has_run(words)

    def _learn(self, text: str) -> None:
        words = list(_parts(text))
        telling = {word for word in words if word not in self._common and word not in STOP_WORDS}
        self._telling |= telling
        self._codes.update(word for word in telling if _is_code(word))
        self._own.update(word for word in telling if _is_long(word))
        size = min(_RUN, len(words))
        if size >= _SHORTEST:
            self._runs.update(run for run in _runs(words, size) if not telling.isdisjoint(run))

    def _has_run(self, words: Sequence[str]) -> bool:
        # Every run has a word that tells.
        return not self._telling.isdisjoint(words) and next(self._runs_in(words), None) is not None

    def _runs_in(self, words: Sequence[str]) -> Iterator[_Run]:
        sizes = range(_SHORTEST, min(_RUN, len(words)) + 1)
        return (run for size in sizes for run in _runs(words, size) if run in self._runs)


def words_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of some texts, as they are compared."""
    return frozenset(word for text in texts for word in _parts(text))


def _is_no_coincidence(telling: Collection[str]) -> bool:
    return len(telling) >= _OWN_WORDS or any(len(word) >= _LONG_CHARS for word in telling)


def _parts(text: str) -> Iterator[str]:
    """Return the words, of an address or a number written with signs its parts and the whole."""
    for match in _TOKEN.finditer(text.casefold()):
        whole = match.group()
        if _WITHOUT_SPACES.match(whole):
            yield from _cut(whole)
            continue
        if not whole.isalnum():
            yield from _PART.findall(whole)
        yield whole


def _cut(text: str) -> Iterator[str]:
    if len(text) <= _CJK_WORD_CHARS:
        yield text
    else:
        yield from (text[start : start + _CJK_WORD_CHARS] for start in range(len(text) - _CJK_WORD_CHARS + 1))


def _is_long(word: str) -> bool:
    return len(word) >= _LEAST_TELLING_CHARS or _WITHOUT_SPACES.match(word) is not None


def _is_code(word: str) -> bool:
    return len(word) >= _LEAST_CODE_CHARS and (any(map(str.isdigit, word)) or "@" in word)


def _runs(words: Sequence[str], size: int) -> Iterator[_Run]:
    window: deque[str] = deque(maxlen=size)
    for word in words:
        window.append(word)
        if len(window) == size:
            yield tuple(window)
