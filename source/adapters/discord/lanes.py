"""One thing at a time in each place, in the order of arrival."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Lanes:
    """A queue for each key, there only while somebody is in it."""

    def __init__(self) -> None:
        self._lanes: dict[int, _Lane] = {}

    def __len__(self) -> int:
        return len(self._lanes)

    @asynccontextmanager
    async def at(self, *keys: int) -> AsyncIterator[None]:
        """Wait for whoever came before to any of these keys."""
        async with AsyncExitStack() as held:
            for key in sorted(set(keys)):  # in one order for all, so that no two wait for each other
                await held.enter_async_context(self._at(key))
            yield

    @asynccontextmanager
    async def _at(self, key: int) -> AsyncIterator[None]:
        lane = self._lanes.setdefault(key, _Lane())
        lane.users += 1
        try:
            async with lane.lock:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[key]
