"""Work in the background that somebody answers for."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class OwnedTasks:
    """Tasks of one owner, who ends them; what breaks is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[None, None, _T], *, name: str) -> asyncio.Task[_T]:
        """Run `work` on its own."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def settle(self, within: timedelta) -> None:
        """Wait until nothing runs, or for so long."""
        if running := self._running():
            await asyncio.wait(running, timeout=within.total_seconds())

    async def end(self, within: timedelta) -> None:
        """Wait for what runs, then stop what still does."""
        await self.settle(within)
        running = self._running()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _running(self) -> list[asyncio.Task[object]]:
        present = asyncio.current_task()
        return [task for task in self._tasks if task is not present]

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("discord_work_broke", task=task.get_name(), exc_info=error)
