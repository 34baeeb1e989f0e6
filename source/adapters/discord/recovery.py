"""What was left undone is done on each connection."""

import asyncio

import structlog

from source.adapters.discord.parts import Turns
from source.domain.errors import StoreError
from source.ports.channel import Channel
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)


class Recovery:
    """Runs once for each wish, one run at a time, and never in the way of the connection."""

    def __init__(self, turns: Turns, channel: Channel, tasks: OwnedTasks) -> None:
        self._turns = turns
        self._channel = channel
        self._tasks = tasks
        self._running: asyncio.Task[None] | None = None
        self._is_wanted = False

    def wanted(self) -> None:
        """There is a connection: deliver and answer what waits for one."""
        self._is_wanted = True
        if self._running is None or self._running.done():
            self._running = self._tasks.spawn(self._run(), name="discord-recovery")

    async def _run(self) -> None:
        while self._is_wanted:
            self._is_wanted = False
            try:
                await self._turns.recover(self._channel)
            except StoreError as error:
                log.warning("recovery_failed", error=type(error).__name__, reason=str(error))
