"""Counts which conversations are found again, so that what is often recalled is not put away."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from typing import Final, Protocol

import structlog

from source.domain.errors import StoreError
from source.ports.clock import Clock

log = structlog.get_logger(__name__)

_MOST_NOTED: Final = 10_000

Recalled = Callable[[Iterable[int]], None]
"""Is told which conversations a search showed to somebody; takes no time."""


def not_counted(_conversation_ids: Iterable[int]) -> None:
    """Where nobody counts recalls."""


class RecallStore(Protocol):
    """Where recalls are counted."""

    async def note_recalled(self, conversation_ids: Collection[int]) -> None:
        """Count that these conversations were found again; raises StoreError."""
        ...


class RecallNotes:
    """Gathers what searches find and writes it down now and then: no search waits for it.

    Between two writes a conversation counts once, however many of its messages are found.
    """

    def __init__(self, store: RecallStore, clock: Clock, *, every: timedelta = timedelta(minutes=1)) -> None:
        self._store = store
        self._clock = clock
        self._every = every
        self._noted: dict[int, None] = {}

    def note(self, conversation_ids: Iterable[int]) -> None:
        """These conversations were shown to somebody who looked for something."""
        for conversation_id in conversation_ids:
            if len(self._noted) < _MOST_NOTED:
                self._noted[conversation_id] = None

    async def run(self, stop: asyncio.Event) -> None:
        """Write down what was noted, every so often and once more when it stops."""
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                pause = asyncio.ensure_future(self._clock.sleep(self._every.total_seconds()))
                await asyncio.wait({pause, stopping}, return_when=asyncio.FIRST_COMPLETED)
                pause.cancel()
                await self.flush()
        finally:
            stopping.cancel()

    async def flush(self) -> None:
        """Write down what was noted; what cannot be written is noted still."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            await self._store.note_recalled(list(noted))
        except StoreError as error:
            log.warning("recalls_not_counted", error=type(error).__name__, conversations=len(noted))
            self._noted = noted | self._noted
