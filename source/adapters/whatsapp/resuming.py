"""Sending again what could not be sent: once Meta lets the number, and once people write."""

import asyncio
from datetime import timedelta
from typing import Final, Protocol

import structlog

from source.adapters.whatsapp.standing import Standing
from source.domain.errors import DeliveryError, StoreError
from source.domain.thread import Platform
from source.ports.clock import Clock
from source.ports.parked import ParkedReplies
from source.services.turn_service import TurnService

log = structlog.get_logger(__name__)

_DROPPED_EVERY: Final = timedelta(hours=1)


class AsksForNumber(Protocol):
    """Asks Meta something that the token has to be good for."""

    async def number(self) -> str:
        """Raises: DeliveryError."""
        ...


class Resuming:
    """Runs beside the channel."""

    def __init__(
        self,
        *,
        standing: Standing,
        graph: AsksForNumber,
        turns: TurnService,
        parked: ParkedReplies,
        parked_for: timedelta,
        clock: Clock,
    ) -> None:
        self._standing = standing
        self._graph = graph
        self._turns = turns
        self._parked = parked
        self._parked_for = parked_for
        self._clock = clock

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._try_again(), name="whatsapp-standing")
            group.create_task(self._drop(), name="whatsapp-parked")

    async def _try_again(self) -> None:
        """Whenever Meta let the number send nothing, see whether it does again, and then send what has waited."""
        while True:
            await self._standing.until_stopped()
            await self._standing.until_again()
            await self._send_what_waits()
            if self._standing.is_due:
                await self._see_without_message()
            if not self._standing.is_stopped:
                await self._send_what_waits()

    async def _send_what_waits(self) -> None:
        channel = self._turns.channel_of(Platform.WHATSAPP)
        if channel is None:
            return
        try:
            await self._turns.recover(channel)
        except StoreError as error:
            log.warning("recovery_waits", reason=str(error))

    async def _see_without_message(self) -> None:
        """Nothing waits that could have shown it: whether a token is good, Meta says when asked."""
        if not self._standing.is_token_refused:
            self._standing.put_off()
            return
        try:
            await self._graph.number()
        except DeliveryError:
            self._standing.put_off()
        else:
            self._standing.works()

    async def _drop(self) -> None:
        """Let go of what has waited for so long that nobody expects it any more."""
        while True:
            try:
                dropped = await self._parked.drop(Platform.WHATSAPP, self._clock.now() - self._parked_for)
            except StoreError as error:
                log.warning("parked_not_dropped", reason=str(error))
            else:
                if dropped:
                    log.warning("parked_dropped", replies=len(dropped), after_days=self._parked_for.days)
            await self._clock.sleep(_DROPPED_EVERY.total_seconds())
