"""What waits to be written, and how much of it goes into one transaction."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Final, Generic, Protocol, TypeVar

from source.adapters.storage.operation import Operation

# What is urgent waits for one transaction of the others at the most.
_LONGEST_SECONDS: Final = 0.05
_FIRST: Final = 128
_FEWEST: Final = 16
_MOST: Final = 4_096


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
            self._pressing += not entry.operation.can_wait

    def take(self, most: int) -> list[E]:
        """Return what is to be written next: all that is urgent, or so many others; what is apart ends it."""
        until = self._urgent[0][0] if self._urgent else self._added + 1
        is_urgent = bool(self._urgent) and not (self._is_turn_of_others and self._others and self._others[0][0] < until)
        self._is_turn_of_others = is_urgent
        lane = self._urgent if is_urgent else self._others
        taken: list[E] = []
        while lane and (is_urgent or (len(taken) < most and lane[0][0] < until)):
            entry = lane.popleft()[1]
            taken.append(entry)
            self._pressing -= not entry.operation.can_wait
            if entry.operation.is_apart:
                break
        return taken

    def emptied(self) -> list[E]:
        """Return everything, which is here no more."""
        everything = [*self._urgent, *self._others]
        self._urgent.clear()
        self._others.clear()
        self._pressing = 0
        return [entry for _, entry in everything]


class Bound:
    """How many operations go into one transaction: as many as are written quickly, as far as has been seen."""

    def __init__(self) -> None:
        self.most = _FIRST

    def took(self, operations: int, seconds: float) -> None:
        """Learn how long a transaction took."""
        if seconds > _LONGEST_SECONDS:
            self.most = max(_FEWEST, min(self.most, operations) // 2)
        elif operations >= self.most and seconds < _LONGEST_SECONDS / 2:
            self.most = min(_MOST, self.most * 2)
