"""Reads facts from the memories that were made before there were facts, a few at a time, while everything goes on."""

import asyncio
from typing import Final

import structlog

from source.domain.errors import EchoError
from source.ports.facts import FactStore

log = structlog.get_logger(__name__)

# A few milliseconds of the writer's time each: no turn waits for it noticeably.
_AT_ONCE: Final = 20


class FactReading:
    """Begun at every start; where nothing is left to be read, that is one look at an index."""

    def __init__(self, store: FactStore) -> None:
        self._store = store
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.create_task(self.read_all(), name="facts of older memories")

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def read_all(self) -> None:
        """Read until there is nothing left; what fails is tried again at the next start."""
        read = 0
        try:
            while number := await self._store.read_memories(limit=_AT_ONCE):
                read += number
                await asyncio.sleep(0)
        except EchoError as error:
            log.warning("facts_not_read", memories=read, reason=type(error).__name__)
        else:
            if read:
                log.info("facts_read_from_older_memories", memories=read)
