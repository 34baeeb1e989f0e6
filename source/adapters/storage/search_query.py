"""What a person types into a search, as something a database can match."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from source.domain.message_text import storable
from source.domain.unspaced import UNSPACED

_MOST_WORDS: Final = 32
_UNSPACED: Final = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class SearchWords:
    """`indexed` are words as the full-text index has them; `contained` can only be looked for in the text."""

    indexed: tuple[str, ...]
    contained: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.indexed or self.contained)

    @property
    def count(self) -> int:
        return len(self.indexed) + len(self.contained)

    def match(self, *, every: bool) -> str:
        """Return the words as an FTS5 expression in which nothing that was typed has a meaning of its own."""
        return (" AND " if every else " OR ").join(f'"{word}"' for word in self.indexed)


def _is_indexed(character: str) -> bool:
    """Whether every database takes it for part of a word: fractions and circled numbers only some do."""
    return character.isalnum() and unicodedata.category(character) != "No"


def search_words(typed: str) -> SearchWords:
    """Split what was typed; any text is fine."""
    words = list(dict.fromkeys(storable(typed).split()))[:_MOST_WORDS]
    contained = tuple(word for word in words if _UNSPACED.search(word) or not any(map(_is_indexed, word)))
    indexed = tuple(word.replace('"', " ") for word in words if word not in contained)
    return SearchWords(indexed, contained)
