"""What people wish for by one word: no messages that they did not ask for, or those again."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

# The longest of the words is a few dozen characters; nothing longer is worth folding.
_MOST_CHARS = 80


class Wish(StrEnum):
    """Whether somebody wants to be written to without having asked."""

    STOP = "stop"
    START = "start"


@dataclass(frozen=True, slots=True)
class WishWords:
    """The words that say it, as they compare."""

    meanings: Mapping[str, Wish]

    @classmethod
    def of(cls, words: Mapping[Wish, Iterable[str]]) -> "WishWords":
        """Take the words as people write them.

        Raises: ValueError: a word says nothing, or both.
        """
        meanings: dict[str, Wish] = {}
        for wish, written in words.items():
            for word in written:
                folded = _folded(word)
                if not folded:
                    raise ValueError(f"{word!r} has no letter")
                if meanings.setdefault(folded, wish) is not wish:
                    raise ValueError(f"{word!r} says both: stop and start")
        return cls(meanings)

    def wish_in(self, text: str) -> Wish | None:
        """Return what a message wishes for, if it is nothing but such a word; case and signs around do not count."""
        return self.meanings.get(_folded(text)) if len(text) <= _MOST_CHARS else None


def _folded(text: str) -> str:
    """Return the letters and digits of a text, without accents and case, with one space between words."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    # The two letters i of Turkish are one here: phones that know no Turkish have only one of them.
    letters = (" " if unicodedata.category(sign)[0] in "ZPSC" else sign for sign in plain.replace("ı", "i"))
    return " ".join("".join(sign for sign in letters if unicodedata.category(sign) != "Mn").split())
