"""Of whom a sentence tells something: of the person whose it is, of somebody of theirs, or of another."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from source.domain.fact_slot_patterns import PARTNER_WORDS
from source.domain.stop_words import STOP_WORDS

_I: Final = frozenset({"i", "we", "me"})
# By which words a note speaks of the person.
_THEY: Final = frozenset(
    """
    user customer client person speaker he she they er sie él ella il elle lui lei ele ela hij zij он она
    """.split()  # noqa: SIM905
)
_OF_OTHERS: Final = frozenset({"his", "her", "their"})
_MY: Final = r"my|mein|meine|mi|mon|ma|meu|minha|mijn|мой|моя"
_THEIR: Final = rf"{_MY}|his|her|their|ihr|ihre|sein|seine|su|son|sa"
_CONTRACTED: Final = re.compile(r"['’](?:m|ve|re|s)$")
_ARTICLES: Final = frozenset({"the", "der", "die", "el", "la", "le"})
_MOST_NAME_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Telling:
    """How a sentence names the person: in their own words, or in a note's about them; `others` may be told of too."""

    selves: Collection[str]
    is_a_note: bool
    others: bool = True

    @classmethod
    def by_oneself(cls, *, others: bool) -> "Telling":
        return cls(_I, is_a_note=False, others=others)

    @classmethod
    def of_somebody(cls, names: Collection[str]) -> "Telling":
        called = {part for name in names for part in (name.casefold(), name.casefold().split(" ")[0])}
        return cls(_I | _THEY | called, is_a_note=True)

    def subject(self, who: str | None) -> str | None:
        """Return of whom it is told: empty, of the person; None, of somebody of whom there may be several."""
        if who is None:
            return ""
        plain = " ".join(word for word in who.casefold().split() if word not in _ARTICLES)
        if _CONTRACTED.sub("", plain) in self.selves:
            return ""
        relative = re.fullmatch(rf"(?:{self._possessives}|(?P<owner>.+?)['’]s)\s+(?P<relation>.+)", plain)
        if relative is not None:
            is_own = relative["owner"] is None or relative["owner"] in self.selves
            partner = known_as(PARTNER_WORDS, relative["relation"])
            return partner if is_own and partner in PARTNER_WORDS else None
        is_a_name = who[:1].isupper() and len(plain.split()) <= _MOST_NAME_WORDS
        return plain if self.others and is_a_name and STOP_WORDS.isdisjoint(plain.split()) else None

    def owner(self, whose: str) -> str | None:
        """Return whose something is, by the word or the name before it; as `subject`."""
        word = whose.casefold()
        plain = _CONTRACTED.sub("", word).removeprefix("the ")
        if word in _OF_OTHERS:
            return "" if self.is_a_note else None
        if plain == word or plain in self.selves:
            return ""
        return plain if self.others else None

    @property
    def _possessives(self) -> str:
        return _THEIR if self.is_a_note else _MY


def known_as(names: Mapping[str, str], word: str) -> str:
    """Return the name of a thing, in whatever language it is called."""
    plain = word.casefold()
    return next((name for name, others in names.items() if plain in others.split("|")), plain)
