"""What is sent as one message, and how long it may be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """One message of a reply.

    `text` is what to send: `opened`, `source` without the blank lines before it and the whitespace after it, `closed`.
    `opened` and `closed` are added: fence lines, a table's head, a quote's mark. Joined sources are the reply, exactly.
    """

    text: str
    source: str
    opened: str = ""
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """How long a message and the parts of it may be, in UTF-16 code units."""

    limit: int

    @property
    def least(self) -> int:
        """With less than this a chunk is worth sending only if something stays whole for it."""
        return self.limit // 4

    @property
    def reopening(self) -> int:
        """The longest info string or table head that is repeated."""
        return self.limit // 4

    @property
    def mark(self) -> int:
        """The longest indentation and fence of a line that counts as a fence."""
        return self.limit // 5

    @property
    def reach(self) -> int:
        """How many characters from a chunk's beginning decide where it ends."""
        # Enough to see whether the next chunk would hold what follows a small one and an introduction to it.
        return self.limit + 2 * self.least + self.mark + 64


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, which no platform's own count exceeds."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def longest_prefix(text: str, units: int) -> int:
    """Return how many characters of `text` fit into `units`."""
    count = min(len(text), max(units, 0))
    while (excess := utf16_length(text[:count]) - units) > 0 and count:
        count -= (excess + 1) // 2
    return count
