"""What runs beside the turns, for as long as its channel does."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta

import structlog

log = structlog.get_logger(__name__)


class Running:
    """Tasks of one channel, which ends them; what breaks is logged, and breaks nothing else."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None], *, name: str) -> asyncio.Task[None]:
        """Run `work` on its own."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def stop(self, within: timedelta) -> None:
        """End everything, and wait for that so long."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within.total_seconds())

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("discord_reply_broke", task=task.get_name(), exc_info=error)
