"""How far each place has been read, so that nothing is lost while Echo is away."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import structlog

from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.ports.clock import Clock
from source.ports.store import ChannelStore

log = structlog.get_logger(__name__)

DIRECT: Final = "dm:"
_FLUSH_SECONDS: Final = 3.0


class SeenMarks:
    """By place, the id up to which every message was taken or is none of Echo's business.

    A message in hand holds the mark before it: after a crash it is looked for again.
    """

    def __init__(self, store: ChannelStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._newest: dict[str, int] = {}
        self._kept: dict[str, int] = {}
        self._in_hand: dict[str, set[int]] = {}
        self._held: dict[str, int] = {}
        self._moved: set[str] = set()

    async def load(self) -> None:
        """Read the marks of earlier processes.

        Raises: StoreError: they cannot be read.
        """
        kept = await self._store.seen(Platform.DISCORD)
        self._kept = {place: int(last) for place, last in kept.items() if _is_mark(place, last)}
        self._newest = dict(self._kept)

    def mark(self, place: str) -> int | None:
        """Return up to where a place was read; None when it never was."""
        newest = self._newest.get(place)
        if newest is None:
            return None
        in_hand = self._in_hand.get(place)
        return min(newest, self._held.get(place, newest), min(in_hand) - 1 if in_hand else newest)

    def direct(self) -> Iterator[tuple[int, int]]:
        """The channel and mark of each direct message there was."""
        for place in self._newest:
            if place.startswith(DIRECT) and (mark := self.mark(place)) is not None:
                yield int(place.removeprefix(DIRECT)), mark

    def is_in_hand(self, place: str, message: int) -> bool:
        """Whether a message was begun and not ended."""
        return message in self._in_hand.get(place, ())

    def pass_by(self, place: str, message: int) -> None:
        """Neither a message nor what came before it needs anything more."""
        if message > self._newest.get(place, -1):
            self._newest[place] = message
            self._moved.add(place)

    def begin(self, place: str, message: int) -> None:
        """Take a message in hand until `end`."""
        self._in_hand.setdefault(place, set()).add(message)
        self.pass_by(place, message)

    def end(self, place: str, message: int) -> None:
        """Let go of a message: it was taken, or refused."""
        in_hand = self._in_hand.get(place)
        if in_hand is not None:
            in_hand.discard(message)
            if not in_hand:
                del self._in_hand[place]
        self._moved.add(place)

    def hold(self, place: str, mark: int) -> None:
        """Leave the mark where it is until `release`, whatever is seen there."""
        self._held[place] = mark
        self.pass_by(place, mark)

    def release(self, place: str) -> None:
        """What was missed there is taken: the mark may move."""
        self._held.pop(place, None)
        self._moved.add(place)

    def forget(self, places: Iterable[str]) -> None:
        """These places are gone."""
        known = [place for place in places if place in self._newest]
        for place in known:
            del self._newest[place]
            self._held.pop(place, None)
            self._kept.pop(place, None)
            self._moved.discard(place)
        if known:
            self._note(dict.fromkeys(known))

    def flush(self) -> None:
        """Hand over the marks that moved."""
        moved: dict[str, int] = {}
        for place in self._moved:
            mark = self.mark(place)
            if mark is not None and mark > self._kept.get(place, -1):
                moved[place] = mark
        self._moved.clear()
        if moved:
            self._kept |= moved
            self._note(moved)

    async def keep_flushing(self) -> None:
        """Flush every few seconds."""
        while True:
            await self._clock.sleep(_FLUSH_SECONDS)
            self.flush()

    def _note(self, moved: Mapping[str, int | None]) -> None:
        marks = {place: None if mark is None else str(mark) for place, mark in moved.items()}
        try:
            self._store.note_seen(Platform.DISCORD, marks)
        except StoreError as error:
            log.warning("marks_not_kept", error=type(error).__name__, reason=str(error))


def _is_mark(place: str, last: str) -> bool:
    return place.removeprefix(DIRECT).isdecimal() and last.isdecimal()
