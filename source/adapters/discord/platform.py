"""Echo on Discord, as the composition root sees it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

import aiohttp
import structlog

from source.adapters.discord.addresses import addressed
from source.adapters.discord.channel_access import ChannelAccess
from source.adapters.discord.client import EchoClient
from source.adapters.discord.connection import Connection
from source.adapters.discord.inbound import InboundText, OwnMessages
from source.adapters.discord.intake import Intake
from source.adapters.discord.owned_tasks import OwnedTasks
from source.adapters.discord.parts import DiscordParts
from source.adapters.discord.reception import Reception
from source.adapters.discord.recovery import Recovery
from source.adapters.discord.settings import DiscordSettings
from source.adapters.discord.telling import Teller
from source.adapters.discord.threads import Threads
from source.domain.thread import Platform
from source.ports.channel import Channel

log = structlog.get_logger(__name__)

# What has begun may end in this time after `stop`; the rest is answered at the next start.
_FINISH = timedelta(seconds=20)


class ReplyChannel(Channel, Protocol):
    """Where replies go, with what it keeps running."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class DiscordPlatform:
    """One bot on Discord."""

    name = Platform.DISCORD.value

    def __init__(
        self,
        parts: DiscordParts,
        settings: DiscordSettings,
        *,
        replies: Callable[[EchoClient], ReplyChannel],
        http_trace: aiohttp.TraceConfig | None = None,
    ) -> None:
        self._settings = settings
        self.client = EchoClient(settings, parts.clock, http_trace=http_trace)
        self.channel = replies(self.client)
        self._tasks = OwnedTasks()
        self._connection = Connection(self.client, settings.token, parts.clock)
        self._recovery = Recovery(parts.turns, self.channel, self._tasks)
        own = OwnMessages()
        teller = Teller(self.client, parts.clock)
        threads = Threads(parts.store)
        access = ChannelAccess(settings.access)
        reception = Reception(self.client, access, threads, InboundText(self.client, own), teller)
        self._intake = Intake(reception, parts.turns, self.channel, own=own, teller=teller, tasks=self._tasks)
        self._listen()

    def _listen(self) -> None:
        """Have discord.py call these; it finds handlers by the names of the client's attributes."""
        handlers = (
            self._intake.on_message,
            self.on_shard_connect,
            self.on_shard_resumed,
            self.on_shard_disconnect,
        )
        for handler in handlers:
            setattr(self.client, handler.__name__, handler)

    async def run(self, stop: asyncio.Event) -> None:
        """Talk until `stop` is set; then take nothing new, let what has begun end, and close.

        Raises: SettingsError: it cannot work until the operator changes something.
        """
        with addressed(self._settings):
            try:
                await self.prepare()
                await self._connection.run(stop)
            finally:
                await self.close()

    async def prepare(self) -> None:
        """Load what was kept of the platform; before the first connection."""
        await self.channel.start()

    async def close(self) -> None:
        """Take nothing new, let what has begun end, and close."""
        self._intake.is_open = False
        await self._tasks.end(_FINISH)
        await self.channel.stop()
        await self.client.close()

    async def on_shard_connect(self, shard_id: int) -> None:
        """A new session: what happened before it is to be looked for."""
        self.client.link.up(shard_id, resumed=False)
        self._connection.connected()
        self._recovery.wanted()

    async def on_shard_resumed(self, shard_id: int) -> None:
        """The old session goes on, and Discord sends what was missed."""
        self.client.link.up(shard_id, resumed=True)
        self._connection.connected()
        self._recovery.wanted()

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """The connection is lost; discord.py tries to get it back."""
        self.client.link.down(shard_id)
