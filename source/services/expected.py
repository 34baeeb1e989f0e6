"""Threads into which something is on its way that takes a while to be made ready, such as a voice message."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from source.domain.thread import ThreadKey


class Expected:
    """Who answers in a thread waits for what is expected there."""

    def __init__(self) -> None:
        self._awaited: defaultdict[ThreadKey, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def on_its_way(self, thread: ThreadKey) -> Iterator[None]:
        """Expect something in this thread while the block runs; whoever enters it bounds how long that is."""
        here = asyncio.Event()
        self._awaited[thread].add(here)
        try:
            yield
        finally:
            here.set()
            self._awaited[thread].discard(here)
            if not self._awaited[thread]:
                del self._awaited[thread]

    async def arrived(self, thread: ThreadKey) -> None:
        """Return once nothing is expected in this thread."""
        while thread in self._awaited:
            await next(iter(self._awaited[thread])).wait()
