"""What was said, and what of it is kept in process memory so that it can be found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from source.domain.recall.question import ECHO
from source.domain.recall.terms import folded, stems, words_of
from source.domain.stop_words import FIRST_PERSON

MOST_TIME_WORDS: Final = 2
MOST_OF_SELF: Final = 4
_TIME_WORDS: Final = frozenset(
    """
    yesterday today tonight tomorrow morning week weekend weeks month months year years last ago recently lately next
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
    october november december summer winter spring autumn gestern heute morgen woche monat jahr letzte letzten hier
    demain semaine mois annee ayer hoy manana semana mes ieri oggi domani settimana mese anno ontem hoje amanha
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class SaidTurn:
    """One chat message; `speaker` is None for Echo."""

    conversation_id: int
    message_id: int
    said_at: datetime
    speaker: str | None
    text: str

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from every other: the ids of its conversation and message."""
        return self.conversation_id, self.message_id


class IndexedTurn(NamedTuple):
    """A turn without its text: its stems in order and what else can be counted of it."""

    conversation_id: int
    message_id: int
    said_at: datetime
    speaker: str
    terms: tuple[str, ...]
    size_bytes: int
    of_self: int
    time_words: int
    is_question: bool

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from every other: the ids of its conversation and message."""
        return self.conversation_id, self.message_id


def indexed(turn: SaidTurn) -> IndexedTurn:
    """Return what is kept of a turn in process memory."""
    words = words_of(turn.text, singly=True)
    return IndexedTurn(
        conversation_id=turn.conversation_id,
        message_id=turn.message_id,
        said_at=turn.said_at,
        speaker=ECHO if turn.speaker is None else turn.speaker,
        terms=stems(words),
        size_bytes=len(turn.text.encode("utf-8", "surrogatepass")),
        of_self=_count(FIRST_PERSON, words, MOST_OF_SELF),
        time_words=_count(_TIME_WORDS, words, MOST_TIME_WORDS),
        is_question=folded(turn.text[-8:]).rstrip().endswith(("?", "？", "؟")),
    )


def _count(among: frozenset[str], words: Sequence[str], most: int) -> int:
    """Return how many of the words are among others, `most` at the most; in most texts none is."""
    return 0 if among.isdisjoint(words) else min(most, sum(map(among.__contains__, words)))
