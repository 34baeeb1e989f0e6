"""Text that can be kept: no NUL, no half of a surrogate pair."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether every store and file can give `text` back exactly (PostgreSQL takes no NUL, UTF-8 no lone surrogate)."""
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """Return `text` with what cannot be stored replaced by U+FFFD."""
    return _UNSTORABLE.sub("�", text)
