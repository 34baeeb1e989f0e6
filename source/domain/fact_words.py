"""When two wordings say the same, as far as their words tell."""

import re
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


def says(text: str, other: str) -> bool:
    """Whether a text has all the telling words of another, and denies no more and no less than it."""
    return set(telling_words(text)).issuperset(telling_words(other)) and is_negated(unquoted(text)) == is_negated(
        unquoted(other)
    )
