"""Which accepted events this process answers, from their acceptance to the end of their turn."""

from collections.abc import Iterator
from contextlib import contextmanager

from source.domain.turn import AcceptedEvent
from source.services.mailbox import Waiting


class InHand:
    """Knows each event in hand once, whoever finds it: the channel that brings it or a look into the store."""

    def __init__(self) -> None:
        self._waiting: dict[int, Waiting] = {}
        self._holds: list[set[int]] = []
        self._corrected: dict[int, tuple[AcceptedEvent, bool]] = {}

    @property
    def is_held(self) -> bool:
        """Whether somebody looks for events right now: no turn begins meanwhile."""
        return bool(self._holds)

    def all(self) -> list[Waiting]:
        return list(self._waiting.values())

    @contextmanager
    def holding(self) -> Iterator[set[int]]:
        """Collect the keys of all events that are, or come, into hand while the block runs.

        What it finds is older than what comes in, and is answered first.
        """
        taken = set(self._waiting)
        self._holds.append(taken)
        try:
            yield taken
        finally:
            self._holds = [each for each in self._holds if each is not taken]
            if not self._holds:
                self._corrected.clear()

    def add(self, waiting: Waiting) -> Waiting:
        """Take an event into hand; return how it waits, which is as before when it was in hand already."""
        key = waiting.event.key
        present = self._waiting.get(key)
        if present is not None:
            present.is_caught_up = present.is_caught_up or waiting.is_caught_up
            return present
        for taken in self._holds:
            taken.add(key)
        if key in self._corrected:
            waiting.event, waiting.is_withdrawn = self._corrected[key]
        self._waiting[key] = waiting
        return waiting

    def correct(self, event: AcceptedEvent, *, is_withdrawn: bool = False) -> None:
        """Have the event answered as it reads now, or not at all."""
        waiting = self._waiting.get(event.key)
        if waiting is not None:
            waiting.event, waiting.is_withdrawn = event, is_withdrawn
        elif self._holds:
            # Whoever looks for events may have read it before it was changed.
            self._corrected[event.key] = (event, is_withdrawn)

    def release(self, waiting: Waiting) -> None:
        """Its turn is over."""
        self._waiting.pop(waiting.event.key, None)
