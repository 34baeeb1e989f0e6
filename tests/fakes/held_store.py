"""A store in memory that can be caught in the middle of a commit."""

import asyncio

from source.domain.message import Message
from source.domain.turn import TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore


class HeldStore(InMemoryStore):
    """Waits after each commit, whether it was made or failed, until it is let go."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.reached = asyncio.Event()
        self.let_go = asyncio.Event()

    async def commit_turn(self, record: TurnRecord) -> tuple[Message, ...]:
        try:
            return await super().commit_turn(record)
        finally:
            self.reached.set()
            await self.let_go.wait()
