"""Showing people that what they wrote was read and is being answered; never in the way of the answer."""

import asyncio
from collections import OrderedDict
from datetime import timedelta
from typing import Final

import structlog

from source.adapters.whatsapp.graph import Sending
from source.domain.errors import DeliveryError
from source.domain.thread import ThreadKey, ThreadRef
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

# The sign goes after 25 seconds, or with the answer.
_SHOWN_AGAIN_AFTER: Final = 20.0
_MOST_TIMES: Final = 15
_MOST_REMEMBERED: Final = 10_000


class TypingSign:
    """Remembers the newest message of each thread while this process runs."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._tasks = OwnedTasks()
        self._newest: OrderedDict[ThreadKey, str] = OrderedDict()
        self._ends: dict[ThreadKey, asyncio.Event] = {}

    def heard(self, thread: ThreadRef, wamid: str) -> None:
        """Remember the message that an answer in this thread will be to."""
        self._newest[thread.key] = wamid
        self._newest.move_to_end(thread.key)
        if len(self._newest) > _MOST_REMEMBERED:
            self._newest.popitem(last=False)

    def answering(self, thread: ThreadRef) -> None:
        """An answer to what was said last in this thread is being made."""
        wamid = self._newest.get(thread.key)
        if wamid is not None and thread.key not in self._ends:
            self._ends[thread.key] = end = asyncio.Event()
            self._tasks.spawn(self._show(wamid, end), name="typing")

    def answered(self, thread: ThreadRef) -> None:
        """It is on its way, or there is none."""
        end = self._ends.pop(thread.key, None)
        if end is not None:
            end.set()

    async def close(self) -> None:
        """Show nothing any more."""
        await self._tasks.close(timedelta(0))

    async def _show(self, wamid: str, end: asyncio.Event) -> None:
        """Show it at once, and again for as long as the answer takes."""
        for _ in range(_MOST_TIMES):
            try:
                await self._sending.seen(wamid)
                async with asyncio.timeout(_SHOWN_AGAIN_AFTER):
                    await end.wait()
            except TimeoutError:
                continue
            except DeliveryError as error:
                log.info("typing_not_shown", error=str(error))
            return
