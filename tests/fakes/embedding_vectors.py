"""Vectors that mean something without a model: words of one group of synonyms are one, and spelling counts a little."""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from typing import Final

_SYNONYMS: Final = (
    ("physician", "doctor", "gp", "medic", "arzt"),
    ("car", "automobile", "vehicle", "sedan"),
    ("puppy", "dog", "hound", "terrier"),
    ("holiday", "vacation", "trip", "getaway"),
    ("purchase", "buy", "bought", "acquired"),
    ("job", "employment", "occupation", "profession"),
)
_GROUP: Final[Mapping[str, str]] = {word: group[0] for group in _SYNONYMS for word in group}
_SAYS_NOTHING: Final = frozenset(
    "a an the is was are were to of in on at and i you my your it what which who did do".split()  # noqa: SIM905
)
_BY_SPELLING: Final = 0.15


def vector_of(text: str, size: int = 256) -> list[float]:
    """Return a vector of length one."""
    numbers = [0.0] * size
    for feature, weight in _features(text):
        digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        numbers[int.from_bytes(digest[:4], "big") % size] += weight if digest[4] % 2 else -weight
    length = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return [number / length for number in numbers]


def _features(text: str) -> Iterator[tuple[str, float]]:
    for word in re.findall(r"\w+", text.lower()):
        if word in _SAYS_NOTHING:
            continue
        meant = _GROUP.get(word, word)
        yield meant, 1.0
        marked = f"<{meant}>"
        for at in range(len(marked) - 2):
            yield f"#{marked[at : at + 3]}", _BY_SPELLING
