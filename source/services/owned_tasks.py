"""Background tasks that somebody answers for."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class OwnedTasks:
    """Keeps every task until it has ended, and waits for all of them in the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def spawn(self, work: Coroutine[None, None, _T], *, name: str) -> asyncio.Task[_T]:
        """Run `work` on this event loop."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def drain(self, deadline: timedelta) -> None:
        """Let the tasks end, then stop what still runs."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=deadline.total_seconds())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Whoever still waits for it is told as well; here it is kept from being told to nobody.
            log.debug("task_failed", task=task.get_name(), error=type(error).__name__)
