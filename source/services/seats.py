"""Who is changing which thread's conversation."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from source.domain.thread import ThreadKey, ThreadRef
from source.services.conversation import Conversation


@dataclass(slots=True)
class Seat:
    """The right to change one thread's conversation, held by one turn at a time."""

    thread: ThreadRef
    conversation: Conversation | None = None


@dataclass(slots=True)
class _Chair:
    """Who sits or waits for one thread: a lock alone looks free while it is being handed over."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Seats:
    """One seat for each thread; holds something only for those that somebody sits in or waits for."""

    def __init__(self) -> None:
        self._chairs: dict[ThreadKey, _Chair] = {}

    def __len__(self) -> int:
        return len(self._chairs)

    def __contains__(self, key: object) -> bool:
        return key in self._chairs

    @asynccontextmanager
    async def hold(self, key: ThreadKey) -> AsyncGenerator[None]:
        """Wait for the thread's seat and hold it while the block runs."""
        chair = self._chairs.setdefault(key, _Chair())
        chair.users += 1
        try:
            async with chair.lock:
                yield
        finally:
            chair.users -= 1
            if chair.users == 0:
                del self._chairs[key]

    async def left(self) -> None:
        """Wait until everybody has left who sits or waits now."""
        await asyncio.gather(*map(self._left, list(self._chairs)))

    async def _left(self, key: ThreadKey) -> None:
        async with self.hold(key):
            pass
