"""Answers that are still being streamed."""

import asyncio
from collections.abc import Awaitable

RequestTask = asyncio.Task[object] | None


class OpenStreams:
    """Knows which requests are streaming, so that they can be ended in order when Echo stops."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()
        self._ended: set[asyncio.Task[object]] = set()
        self._none_open = asyncio.Event()
        self._none_open.set()

    def note(self, task: RequestTask) -> None:
        """Note that this task's request has begun to stream."""
        if task is not None:
            self._tasks.add(task)
            self._none_open.clear()

    async def is_answered(self, task: RequestTask, work: Awaitable[None]) -> bool:
        """Await the work of a request, whose task this is; False: `end_all` has ended it."""
        try:
            await work
            return True
        except asyncio.CancelledError:
            if task is None or task not in self._ended or task.uncancel():
                raise
            return False
        finally:
            if task is not None:
                self._forget(task)

    def end_all(self) -> None:
        """Have every stream end now; its request then closes the answer properly."""
        for task in self._tasks - self._ended:
            self._ended.add(task)
            task.cancel()

    async def none_open(self) -> None:
        """Return when nothing is being streamed."""
        await self._none_open.wait()

    def _forget(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        self._ended.discard(task)
        if not self._tasks:
            self._none_open.set()
