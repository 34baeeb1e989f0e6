"""Background tasks that somebody answers for."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import TypeVar

import structlog

from source.domain.errors import EchoError

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class OwnedTasks:
    """Keeps every task until it has ended, and waits for all of them in the end; what breaks is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_closed = False

    def spawn(self, work: Coroutine[None, None, _T], *, name: str) -> asyncio.Task[_T]:
        """Run `work` on this event loop; after `close` it is stopped before its first step."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        if self._is_closed:
            task.cancel()
        return task

    async def settle(self, within: timedelta) -> None:
        """Wait until nothing runs, or for so long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within.total_seconds()
        while (running := self._running()) and (left := deadline - loop.time()) > 0:
            await asyncio.wait(running, timeout=left)

    async def drain(self, deadline: timedelta) -> None:
        """Let the tasks end, then stop what still runs."""
        await self.settle(deadline)
        running = self._running()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def close(self, deadline: timedelta) -> None:
        """As `drain`; nothing begins afterwards."""
        await self.settle(deadline)
        self._is_closed = True
        await self.drain(timedelta(0))

    def _running(self) -> list[asyncio.Task[object]]:
        present = asyncio.current_task()
        return [task for task in self._tasks if task is not present]

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, EchoError):
            # Whoever waits for it is told; here it is kept from being told to nobody.
            log.debug("task_failed", task=task.get_name(), error=type(error).__name__)
        else:
            log.error("task_broke", task=task.get_name(), exc_info=error)
