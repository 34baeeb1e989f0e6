"""What is shown of what was found: turns that stood together, under the day and place where they were said."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Final

from source.domain.recall.turns import SaidTurn
from source.domain.summary_text import one_line, shortened, size_of
from source.domain.thread import ThreadRef

# A long answer is shown by its beginning: what bears on a question is rarely all of it.
LONGEST_TURN_BYTES: Final = 1_200


@dataclass(frozen=True, slots=True)
class RecallBudget:
    """How much may be found: bytes of text as it is shown, and turns.

    `bearing_only` leaves out what merely fills the budget; `holding_words` finds only turns with words of the question
    in them, those with most of them first.
    """

    max_bytes: int
    max_turns: int = 1_000
    bearing_only: bool = True
    holding_words: bool = False


@dataclass(frozen=True, slots=True)
class RecalledTurn:
    """A message that was found; `event_id` is the platform's id of a person's message, `who` a name.

    Of something that is known without being a message, `cites` are the messages that show it, and it has no thread.
    """

    said: SaidTurn
    thread: ThreadRef | None
    who: str
    score: float = 0.0
    event_id: str | None = None
    cites: tuple[tuple[int, int], ...] = ()

    @property
    def line(self) -> str:
        """The turn as it is shown."""
        return f"{self.who}: {shortened(one_line(self.said.text), LONGEST_TURN_BYTES)}"

    @property
    def heading(self) -> str:
        """The line above turns of one day and conversation."""
        guild = self.thread.guild_name if self.thread else None
        place = f", {one_line(guild)}" if guild else ""
        return f"[{_day(self.said.said_at.date())}{place}]"


@lru_cache(maxsize=4_096)
def _day(day: date) -> str:
    return f"{day:%A, %d %B %Y}"


@dataclass(frozen=True, slots=True)
class Recollection:
    """What was found for a question, the best first; `text` shows it in the order in which it was said."""

    turns: tuple[RecalledTurn, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.turns)

    @property
    def text(self) -> str:
        return "\n".join(lines_of(self.turns))

    @property
    def size_bytes(self) -> int:
        return size_of(self.text)


def in_order(turns: Iterable[RecalledTurn]) -> list[RecalledTurn]:
    """Return turns in the order in which they were said."""
    return sorted(turns, key=lambda turn: (turn.said.said_at, turn.said.conversation_id, turn.said.message_id))


def lines_of(turns: Iterable[RecalledTurn]) -> list[str]:
    """Return turns in the order in which they were said, a heading before those of each day and conversation."""
    lines: list[str] = []
    for _, together in groupby(in_order(turns), key=lambda turn: (turn.said.conversation_id, turn.heading)):
        group = list(together)
        lines += [group[0].heading, *(turn.line for turn in group)]
    return lines


def within(ranked: Sequence[RecalledTurn], budget: RecallBudget) -> Recollection:
    """Return the best turns that fit; one that does not leaves its room to later ones that do.

    What is known is left out where all the messages that show it are there already.
    """
    kept: list[RecalledTurn] = []
    shown: set[tuple[int, int]] = set()
    headings: set[tuple[int, str]] = set()
    left = budget.max_bytes
    for turn in ranked:
        if len(kept) >= budget.max_turns or left <= 0:
            break
        if turn.cites and shown.issuperset(turn.cites):
            continue
        heading = (turn.said.conversation_id, turn.heading)
        cost = size_of(turn.line) + 1 + (0 if heading in headings else size_of(heading[1]) + 1)
        if cost <= left:
            kept.append(turn)
            shown.add(turn.said.key)
            headings.add(heading)
            left -= cost
    return Recollection(tuple(kept))


def likely_to_fit(order: Sequence[int], size_of_turn: Callable[[int], int], budget: RecallBudget) -> list[int]:
    """Return the places of turns that are worth reading: somewhat more than fit."""
    chosen: list[int] = []
    left = budget.max_bytes + budget.max_bytes // 4 + LONGEST_TURN_BYTES
    for place in order:
        if len(chosen) >= budget.max_turns or left <= 0:
            break
        chosen.append(place)
        left -= min(size_of_turn(place), LONGEST_TURN_BYTES)
    return chosen
