"""discord.py's client, with as little access and memory as Echo needs, and patient with a gateway that is away."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.shard import EventItem, Shard
from discord.utils import MISSING

from source.adapters.discord.addresses import at_gateway
from source.adapters.discord.link import Link
from source.adapters.discord.refused_connection import settings_error
from source.adapters.discord.settings import DiscordSettings
from source.ports.clock import Clock
from source.services.pauses import Pauses

_CONNECT_TIMEOUT = timedelta(seconds=60)
_CLOSE_TIMEOUT = timedelta(seconds=3)


class EchoClient(discord.AutoShardedClient):
    """A client that can be opened again after it was closed, so that whoever holds it need not care.

    Opening again and launching shards touch what discord.py 2.7.1 keeps to itself: a test breaks when that moves.
    """

    def __init__(
        self, settings: DiscordSettings, clock: Clock, *, http_trace: aiohttp.TraceConfig | None = None
    ) -> None:
        _quieten()
        options: dict[str, Any] = {} if http_trace is None else {"http_trace": http_trace}
        if settings.shard_ids is not None:
            options["shard_ids"] = list(settings.shard_ids)
        super().__init__(
            intents=intents(settings),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            shard_count=settings.shard_count,
            **options,
        )
        self.link = Link()
        self._clock = clock
        self._wanted_shards = settings.shard_count
        self._pauses: dict[int, Pauses] = {}
        if settings.gateway_url is not None:
            self._stay_at(settings.gateway_url)

    def _stay_at(self, gateway_url: str) -> None:
        """Connect to this gateway whatever Discord names: `GET /gateway/bot` and READY both bring an address."""
        connect = self.http.ws_connect

        async def ws_connect(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
            return await connect(at_gateway(url, gateway_url), compress=compress)

        self.http.ws_connect = ws_connect  # type: ignore[method-assign]  # every connection goes through it

    async def reopen(self) -> None:
        """Make ready for `start`, also after `close`."""
        if self.is_closed():
            self.clear()
            self.http.connector = MISSING  # the old one is closed
        self.shard_count = self._wanted_shards  # type: ignore[assignment]  # None: as many as Discord recommends
        await self._async_setup_hook()

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard, however long it takes: the original calls itself for each attempt until the stack ends."""
        pauses = Pauses(self._clock)
        while not self.is_closed():
            connecting = DiscordWebSocket.from_client(self, initial=initial, gateway=gateway, shard_id=shard_id)
            try:
                socket = await asyncio.wait_for(connecting, timeout=_CONNECT_TIMEOUT.total_seconds())
            except Exception as error:
                if (refused := settings_error(error)) is not None:
                    raise refused from error
                self.link.unreachable(error)
                await self._clock.sleep(pauses.delay())
            else:
                self._adopt(socket, shard_id)
                return

    def _adopt(self, socket: DiscordWebSocket, shard_id: int) -> None:
        queue: asyncio.PriorityQueue[EventItem] = self._AutoShardedClient__queue  # type: ignore[attr-defined]
        shards: dict[int, Shard] = self._AutoShardedClient__shards  # type: ignore[attr-defined]
        shards[shard_id] = shard = Shard(socket, self, queue.put_nowait)
        # Its own waits for up to 17 minutes, and is silent or loud.
        self._pauses[shard_id] = ReconnectPauses(self.link, self._clock)
        shard._backoff = self._pauses[shard_id]  # type: ignore[assignment]
        shard.launch()

    def connected(self, shard_id: int, *, resumed: bool) -> None:
        """A shard has a session: the next failure is a first one."""
        self.link.up(shard_id, resumed=resumed)
        if (pauses := self._pauses.get(shard_id)) is not None:
            pauses.reset()

    async def hang_up(self) -> None:
        """Leave the gateway, so that nothing more comes in; requests can still be made."""
        leaving = [shard.disconnect() for shard in self.shards.values()]
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT.total_seconds()):
                await asyncio.gather(*leaving, return_exceptions=True)
        except TimeoutError:
            self.link.slow_to_close()

    async def close(self) -> None:
        """Close within seconds; the original waits half a minute for a gateway that does not answer."""
        if not hasattr(self, "_AutoShardedClient__queue"):  # never opened, which the original does not foresee
            return
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT.total_seconds()):
                await super().close()
        except TimeoutError:
            self._stop_heartbeats()
            await self.http.close()

    def _stop_heartbeats(self) -> None:
        """End the threads of sockets that could not be closed, which would go on without an event loop."""
        shards: dict[int, Shard] = self._AutoShardedClient__shards  # type: ignore[attr-defined]
        for shard in shards.values():
            if (heartbeat := shard.ws._keep_alive) is not None:
                heartbeat.stop()

    async def on_error(self, event_method: str, /, *_args: Any, **_kwargs: Any) -> None:
        """A handler broke: the original logs a line without saying on whose side."""
        self.link.handler_broke(event_method)


class ReconnectPauses(Pauses):
    """What a shard asks for before each new attempt; that Discord is away is told then."""

    def __init__(self, link: Link, clock: Clock) -> None:
        super().__init__(clock)
        self._link = link

    def delay(self) -> float:
        self._link.unreachable(ConnectionError("the gateway takes no connection"))
        return super().delay()


def intents(settings: DiscordSettings) -> discord.Intents:
    """What Echo asks to be told of."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.guild_messages = True
    wanted.dm_messages = True
    wanted.message_content = settings.message_content
    return wanted


def _quieten() -> None:
    # Its errors are attempts to connect, each with a trace; the state of the connection is told by `Link`.
    logging.getLogger("discord.shard").setLevel(logging.CRITICAL)
    # Echo does not speak.
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False
