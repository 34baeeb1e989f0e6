"""Noting what was seen to: many at once, and again for as long as the store does not take it."""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

import structlog

from source.domain.errors import StoreError
from source.ports.clock import Clock
from source.ports.webhooks import WebhookStore
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

_RETRY_SECONDS: Final = 5.0


class SeenToNotes:
    """What is noted is not seen to again; nobody waits for that, and what waits here is done."""

    def __init__(
        self, webhooks: WebhookStore, clock: Clock, tasks: OwnedTasks, noted: Callable[[Collection[int]], None]
    ) -> None:
        """`noted` is told what is durable."""
        self._webhooks = webhooks
        self._clock = clock
        self._tasks = tasks
        self._noted = noted
        self._waiting: dict[int, int] = {}
        self._written = asyncio.Condition()
        self._writing: asyncio.Task[None] | None = None

    def add(self, number: int, contact_id: int) -> None:
        """Have it noted that this one, of somebody, was seen to."""
        self._waiting[number] = contact_id
        if self._writing is None or self._writing.done():
            self._writing = self._tasks.spawn(self._write(), name="whatsapp-seen-to")

    async def written_of(self, contact_id: int) -> None:
        """Return when nothing of somebody waits: what they did before must not look as if it were still to be done."""
        async with self._written:
            await self._written.wait_for(lambda: contact_id not in self._waiting.values())

    async def _write(self) -> None:
        while self._waiting:
            numbers = tuple(self._waiting)
            try:
                await self._webhooks.seen_to(numbers)
            except StoreError as error:
                log.warning("seen_to_waits", things=len(numbers), reason=str(error))
                await self._clock.sleep(_RETRY_SECONDS)
            else:
                for number in numbers:
                    del self._waiting[number]
                self._noted(numbers)
                async with self._written:
                    self._written.notify_all()
