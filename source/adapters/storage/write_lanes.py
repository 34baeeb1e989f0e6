"""What waits to be written, and how much of it goes into one transaction."""

import math
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, Generic, Protocol, TypeVar

from source.adapters.storage.operation import Operation

# What is urgent waits for one transaction of the others at the most.
_LONGEST_SECONDS: Final = 0.05
_FIRST: Final = 128
_FEWEST: Final = 16
_MOST: Final = 4_096
_TIMES_THE_LEAST: Final = 3
_FADES: Final = 1.05


class Waiting(Protocol):
    """An operation on its way."""

    @property
    def operation(self) -> Operation[Any]: ...


E = TypeVar("E", bound=Waiting)


class Lanes(Generic[E]):
    """The urgent overtake the others, and take turns with those who were here before; nothing else is overtaken."""

    def __init__(self) -> None:
        self._urgent: deque[tuple[int, E]] = deque()
        self._others: deque[tuple[int, E]] = deque()
        self._added = 0
        self._pressing = 0
        self._urgent_pressing = 0
        self._is_turn_of_others = False

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others)

    @property
    def is_pressing(self) -> bool:
        """Whether something is here that cannot wait."""
        return self._pressing > 0

    def add(self, entries: Iterable[E]) -> None:
        for entry in entries:
            self._added += 1
            lane = self._urgent if entry.operation.is_urgent else self._others
            lane.append((self._added, entry))
            self._count(entry, 1)

    def take(self, most: int) -> list[E]:
        """Return what is to be written next: all that is urgent, or so many others; what is apart ends it.

        What is urgent and can wait goes with the others, unless something urgent that cannot comes before them.
        """
        if not self._urgent_pressing:
            taken = self._taken(self._others, most, self._added + 1)
            return [*taken, *self._taken(self._urgent, len(self._urgent), self._added + 1)]
        until = self._urgent[0][0]
        is_urgent = not (self._is_turn_of_others and self._others and self._others[0][0] < until)
        self._is_turn_of_others = is_urgent
        if is_urgent:
            return self._taken(self._urgent, len(self._urgent), self._added + 1)
        return self._taken(self._others, most, until)

    def _taken(self, lane: "deque[tuple[int, E]]", most: int, until: int) -> list[E]:
        taken: list[E] = []
        while lane and len(taken) < most and lane[0][0] < until:
            entry = lane.popleft()[1]
            taken.append(entry)
            self._count(entry, -1)
            if entry.operation.is_apart:
                break
        return taken

    def _count(self, entry: E, by: int) -> None:
        if not entry.operation.can_wait:
            self._pressing += by
            self._urgent_pressing += by if entry.operation.is_urgent else 0

    def emptied(self) -> list[E]:
        """Return everything, which is here no more."""
        everything = [*self._urgent, *self._others]
        self._urgent.clear()
        self._others.clear()
        self._pressing = self._urgent_pressing = 0
        return [entry for _, entry in everything]


class Bound:
    """How many operations go into one transaction: as many as are written quickly, as far as has been seen.

    Where any commit takes long, as on a slow disk, fewer operations would not make it faster.
    """

    def __init__(self) -> None:
        self.most = _FIRST
        self._least = math.inf

    def took(self, operations: int, seconds: float) -> None:
        """Learn how long a transaction took."""
        self.least(seconds)
        aim = max(_LONGEST_SECONDS, _TIMES_THE_LEAST * self._least)
        if seconds > aim and operations > self.most // 2:
            self.most = max(_FEWEST, self.most // 2)
        elif seconds < aim / 2 and operations >= self.most:
            self.most = min(_MOST, self.most * 2)

    def least(self, seconds: float) -> None:
        """Learn what any transaction takes; what was learned long ago fades."""
        self._least = min(seconds, self._least * _FADES)
