"""Staying connected, whatever happens to Discord or the network."""

import asyncio
from contextlib import suppress

import structlog

from source.adapters.discord.client import EchoClient
from source.adapters.discord.refused_connection import settings_error
from source.ports.clock import Clock
from source.services.pauses import Pauses

log = structlog.get_logger(__name__)


class Connection:
    """Logs in, connects, and begins again from the start when discord.py gives up."""

    def __init__(self, client: EchoClient, token: str, clock: Clock) -> None:
        self._client = client
        self._token = token
        self._clock = clock
        self._pauses = Pauses(clock)

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until `stop`, then leave the gateway; requests can be made until the client is closed.

        Raises: SettingsError: trying again would not help.
        """
        staying = asyncio.create_task(self._stay(), name="discord-connection")
        stopping = asyncio.create_task(stop.wait(), name="discord-stop")
        try:
            await asyncio.wait({staying, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if staying.done():
                staying.result()
        finally:
            stopping.cancel()
            staying.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await staying
            await self._client.hang_up()

    def connected(self) -> None:
        """There is a session: the next failure is a first one."""
        self._pauses.reset()

    async def _stay(self) -> None:
        while True:
            try:
                await self._client.reopen()
                await self._client.start(self._token)
                reason: BaseException = ConnectionError("the connection was closed")
            except Exception as error:  # noqa: BLE001  (a parser of discord.py that broke is no reason to go silent)
                reason = error
            await self._client.close()
            if (refused := settings_error(reason)) is not None:
                raise refused from reason
            self._client.link.unreachable(reason)
            await self._clock.sleep(self._pauses.delay())
