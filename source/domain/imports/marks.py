"""The marks of direction that WhatsApp puts around what a reader would not miss."""

from typing import Final

# Where text runs from right to left, and where it does not: LRM, RLM, embeddings and isolates; and a BOM.
MARKS: Final = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
LRM: Final = "\u200e"
_NOTHING: Final = str.maketrans("", "", MARKS)


def without_marks(text: str) -> str:
    """Return `text` without any mark."""
    return text.translate(_NOTHING)


def after(text: str, length: int) -> str:
    """Return what follows the first `length` characters that are no marks."""
    seen = 0
    for place, character in enumerate(text):
        if seen == length:
            return text[place:]
        seen += character not in MARKS
    return ""
