"""One request at a time of discord.py's, heard as soon as it is decided."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from typing import Final

from source.adapters.discord.replies.hearing import Listener, listening
from source.adapters.discord.replies.pace import Bucket, Paces
from source.adapters.discord.replies.troubles import UnreachableError

# Sooner than aiohttp's five minutes; what is sent twice for it is one message by its nonce.
_PATIENCE: Final = timedelta(seconds=15)

Request = Coroutine[object, object, object]


class Requests:
    """Runs requests and owns what discord.py still does for one after its answer is known."""

    def __init__(self, paces: Paces) -> None:
        self._paces = paces
        self._running: set[asyncio.Task[object]] = set()

    async def heard(self, request: Request, channel_id: int, *, bucket: Bucket | None = None) -> object:
        """Return the answer: its bytes, or what discord.py made of it where nobody could listen.

        Raises: RefusedError, UnreachableError.
        """
        listener = Listener(channel_id, self._paces, bucket)
        if bucket is not None:
            bucket.sent(self._paces.now())
        task = self._start(request, listener)
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                return await listener.decided
        except TimeoutError:
            raise UnreachableError("no answer in time") from None
        finally:
            if listener.needs_ending:
                task.cancel()
            listener.leave()

    async def stop(self, within: timedelta) -> None:
        """End what still runs."""
        for _ in range(2):  # discord.py may begin to sleep while it is being cancelled
            for task in self._running:
                task.cancel()
            if self._running:
                await asyncio.wait(self._running, timeout=within.total_seconds() / 2)

    def _start(self, request: Request, listener: Listener) -> asyncio.Task[object]:
        task = asyncio.get_running_loop().create_task(_run(request, listener), name="discord-request")
        self._running.add(task)
        task.add_done_callback(partial(self._ended, request, listener))
        return task

    def _ended(self, request: Request, listener: Listener, task: asyncio.Task[object]) -> None:
        self._running.discard(task)
        request.close()  # one that was cancelled before it began would be missed otherwise
        listener.ends(task)


async def _run(request: Request, listener: Listener) -> object:
    listening.set(listener)
    return await request
