"""What a person types into a search, as something a database can match."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from source.domain.message_text import storable

_MOST_WORDS: Final = 32
# Scripts that write without spaces, or join endings to the word so that no stemmer here knows it:
# Thai, Lao, Burmese, Khmer, kana, CJK ideographs, Hangul.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)


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
