"""When two wordings say the same, as far as their words tell."""

import math
import re
from collections.abc import Collection
from typing import Final

from source.domain.stop_words import STOP_WORDS
from source.domain.summary_text import words

# A rule quotes its speaker: `Ana: “I live in Lisbon.”`
_QUOTE: Final = re.compile(r"[^“”]{0,80}: “(?P<quoted>.*)”\.?")
_NEGATED: Final = re.compile(
    r"""(?ix)
    \b(?: not | no | never | without | no\s+longer | cannot | \w+n['’]?t
      | nicht | kein\w* | nie | nunca | jamás | ya\s+no | pas | jamais | não | nem | non | mai | niet | geen | nooit
      | не | нет | никогда
    )\b | 不 | 没 | ない | ません
    """
)
_DENIED: Final = "¬"
# Two forms of a word have this many signs in common at least, and this share of the shorter one.
BEGINNING: Final = 3
_STEM_SHARE: Final = 0.6
# One word alone is in too many sentences.
_FEWEST_WORDS: Final = 2


def unquoted(text: str) -> str:
    """Return the words of whoever is quoted, or the text itself."""
    found = _QUOTE.fullmatch(text.strip())
    return found["quoted"] if found else text


def is_negated(text: str) -> bool:
    """Whether something in it is denied."""
    return _NEGATED.search(text) is not None


def telling_words(text: str) -> tuple[str, ...]:
    """Return the words that tell something, in order; a text of nothing else has all its words."""
    said = words(unquoted(text))
    return tuple(word for word in said if word not in STOP_WORDS) or tuple(said)


def plain_form(text: str) -> str:
    """Return what two wordings have in common that say the same: the telling words, and whether they are denied."""
    said = unquoted(text)
    return " ".join([*telling_words(said), *([_DENIED] if is_negated(said) else [])])


def tells_of(text: str, other: str, names: Collection[str] = ()) -> bool:
    """Whether a text has, in some form, all the telling words of another; of whom it is told need not be there."""
    told = {word for name in names for word in words(name)}
    wanted = [word for word in telling_words(other) if word not in told] or telling_words(other)
    having = set(words(text))
    if len(wanted) < _FEWEST_WORDS:
        return plain_form(text) == plain_form(other)
    return all(any(is_form(word, each) for each in having) for word in wanted)


def is_form(word: str, other: str) -> bool:
    """Whether one is taken for a form of the other: `allergy`, `allergic`."""
    if word == other:
        return True
    shorter = min(len(word), len(other))
    stem = max(BEGINNING, math.ceil(shorter * _STEM_SHARE))
    return shorter > BEGINNING and word[:stem] == other[:stem] and not word.isdigit()
