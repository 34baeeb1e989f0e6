"""The words of a text as recall compares them: folded, stemmed, scripts without spaces in pairs of characters."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import Stemmer

from source.domain.stop_words import STOP_WORDS
from source.domain.unspaced import UNSPACED

_MOST_CHARACTERS: Final = 20_000
_MOST_LETTERS: Final = 40
_WORD: Final = re.compile(rf"[{UNSPACED}]+|[^\W_{UNSPACED}]+")
_PLAIN_WORD: Final = re.compile("[a-z0-9]+")
_UNSPACED_START: Final = re.compile(f"[{UNSPACED}]")
_UNSPACED_RUN: Final = re.compile(f"[{UNSPACED}]+")
_MARKS: Final = re.compile("[\u0300-\u036f]+")
_ASKING: Final = frozenset(
    """
    did does would could should might may much many how when where what which who whose whom why kind type sort ever
    during ago both often
    cuando donde quien cual wann wo wer wieso warum welche welcher welches quand qui quel quelle quale dove quanto
    quando quem onde qual
    """.split()  # noqa: SIM905
)

_stemmer: Final = Stemmer.Stemmer("porter", 0)


def folded(text: str) -> str:
    """Return `text` in small letters without accents."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", lowered)))


def stem(word: str) -> str:
    """Return the stem of a folded word; of one that is nothing but long, as a key, the beginning tells it."""
    return _stem(word[:_MOST_LETTERS])


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    stemmed: str = _stemmer.stemWord(word)
    return stemmed


def words_of(text: str, *, singly: bool = False) -> list[str]:
    """Return the folded words of a text in order; what is written without spaces comes in pairs of characters.

    `singly`: and as single ones, so that a word of one character is found too.
    """
    plain = folded(text[:_MOST_CHARACTERS])
    if plain.isascii():  # as most are: three times as fast
        return _PLAIN_WORD.findall(plain)
    found: list[str] = []
    for word in _WORD.findall(plain):
        if _UNSPACED_START.match(word):
            found.extend(word[at : at + 2] for at in range(max(1, len(word) - 1)))
            if singly and len(word) > 1:
                found.extend(word)
        else:
            found.append(word)
    return found


def unspaced_in(text: str) -> list[str]:
    """Return what of a text is written without spaces between words."""
    return _UNSPACED_RUN.findall(text)


def stems(words: Sequence[str]) -> tuple[str, ...]:
    """Return the stem of each folded word."""
    if max(map(len, words), default=0) <= _MOST_LETTERS:  # as in nearly every text: twice as fast
        return tuple(map(_stem, words))
    return tuple(map(stem, words))


def terms_of(text: str) -> tuple[str, ...]:
    """Return the stems of a text's words in order, as they are indexed."""
    return stems(words_of(text))


_SAY_NOTHING: Final = frozenset(folded(word) for word in STOP_WORDS) | _ASKING
SAY_NOTHING: Final = _SAY_NOTHING | frozenset(stem(word) for word in _SAY_NOTHING)

# They frame a question more than they tell what it asks for.
SAYS_LITTLE: Final = frozenset(
    _stemmer.stemWords(
        """
        say says said tell tells told talk talks talked mention mentioned speak spoke discuss conversation
        use using thing something someone people person way currently current recently recent lately likely probably
        potentially possibly particular specific certain according regarding besides various main
        """.split()  # noqa: SIM905
    )
)


def telling(words: list[str]) -> list[str]:
    """Return those of folded words that tell what is asked for, each once."""
    return [word for word in dict.fromkeys(words) if word not in SAY_NOTHING and (len(word) > 1 or word.isdigit())]
