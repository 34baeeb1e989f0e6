"""Echo on Discord, as the composition root sees it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

import aiohttp
import discord
import structlog

from source.adapters.discord.addresses import addressed
from source.adapters.discord.assembly import assemble, sync_commands
from source.adapters.discord.client import EchoClient
from source.adapters.discord.commands import AnyInteraction
from source.adapters.discord.connection import Connection
from source.adapters.discord.parts import DiscordParts
from source.adapters.discord.permissions import PermissionReport
from source.adapters.discord.settings import DiscordSettings
from source.domain.thread import Platform
from source.ports.channel import Channel
from source.ports.metadata import PlatformHistory, SaidStore
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

# What has begun may end in this time after `stop`; the rest is cut, and answered at the next start.
_FINISH: Final = timedelta(seconds=10)
# What hangs on turns that have ended needs no longer than this.
_LAST_STEPS: Final = timedelta(seconds=2)
_FIRST_SHARD: Final = 0


class ReplyChannel(Channel, Protocol):
    """Where replies go, with what it keeps running."""

    async def start(self) -> None:
        """Load what is known of replies that an earlier process began."""
        ...

    async def stop(self) -> None:
        """End what still runs."""
        ...


@dataclass(frozen=True, slots=True)
class Replies:
    """How replies are made for a client, and what the client needs for it."""

    open: Callable[[discord.Client], ReplyChannel]
    http_trace: aiohttp.TraceConfig | None = None


class DiscordPlatform:
    """One bot on Discord; it runs once."""

    def __init__(
        self,
        parts: DiscordParts,
        settings: DiscordSettings,
        *,
        replies: Callable[[discord.Client], ReplyChannel] | None = None,
    ) -> None:
        self._parts = parts
        self._settings = settings
        how = Replies(replies) if replies else _streaming(parts)
        self.client = EchoClient(settings, parts.clock, http_trace=how.http_trace)
        self.channel = how.open(self.client)
        self._tasks, self._background = OwnedTasks(), OwnedTasks()
        self._connection = Connection(self.client, settings.token, parts.clock)
        self._assembly = assemble(
            self.client, self.channel, parts, settings, tasks=self._tasks, background=self._background
        )
        self._permissions = PermissionReport()
        self._is_open = True
        self._is_synced = False
        self._listen()

    @property
    def name(self) -> str:
        return Platform.DISCORD.value

    def history(self, said: SaidStore) -> PlatformHistory:
        """Return what looks back at what was said, beside what the store has of it."""
        from source.adapters.discord.comparison import Comparison
        from source.adapters.discord.history import DiscordHistory

        comparison = Comparison(
            self.client,
            said,
            self._parts.corrections,
            self._assembly.missed,
            seen=self._assembly.seen,
            teller=self._assembly.teller,
            clock=self._parts.clock,
            age=self._settings.catch_up_age,
            tasks=self._tasks,
        )
        return DiscordHistory(self.client, self._assembly.catch_up, comparison)

    async def run(self, stop: asyncio.Event) -> None:
        """Talk until `stop` is set; then take nothing new, let what has begun end, and close.

        Raises: SettingsError: it cannot work until the operator changes something. StoreError: it could not begin.
        """
        with addressed(self._settings):
            try:
                await self.prepare()
                await self._connection.run(stop)
            finally:
                await self.close()

    async def prepare(self) -> None:
        """Load what was kept of the platform.

        Raises: StoreError: it cannot be read.
        """
        if not self._settings.message_content:
            log.warning("discord_message_content_off", effect="in threads only mentions can be read")
        await self._assembly.seen.load()
        await self.channel.start()
        self._background.spawn(self._assembly.seen.keep_flushing(), name="discord-marks")

    async def close(self) -> None:
        """Take nothing new, let what has begun end, and close."""
        self._is_open = self._assembly.intake.is_open = self._assembly.changes.is_open = False
        await self._background.close(timedelta(0))
        deadline = self._parts.clock.monotonic() + _FINISH.total_seconds()
        await self._tasks.settle(_FINISH)
        left = timedelta(seconds=max(0.0, deadline - self._parts.clock.monotonic()))
        # While Discord can still be written to: whoever reads half an answer is told that the rest comes later.
        await self._parts.turns.drain(left, Platform.DISCORD)
        await self._tasks.close(_LAST_STEPS)
        self._assembly.seen.flush()
        await self.channel.stop()
        await self.client.close()

    def _listen(self) -> None:
        """Have discord.py call these; it finds handlers by the names of the client's attributes."""
        intake, changes = self._assembly.intake, self._assembly.changes
        handlers = (
            intake.on_message,
            changes.on_raw_message_edit,
            changes.on_raw_message_delete,
            changes.on_raw_bulk_message_delete,
            changes.on_raw_thread_delete,
            changes.on_guild_channel_delete,
            changes.on_guild_remove,
            self.on_interaction,
            self.on_guild_available,
            self.on_guild_join,
            self.on_thread_join,
            self.on_shard_connect,
            self.on_shard_resumed,
            self.on_shard_disconnect,
        )
        for handler in handlers:
            setattr(self.client, handler.__name__, handler)

    async def on_interaction(self, interaction: AnyInteraction) -> None:
        """Somebody used a command or a button."""
        if self._is_open:
            work = self._assembly.commands.handle(interaction)
            self._tasks.spawn(work, name=f"discord-interaction-{interaction.id}")

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Discord told what a guild holds."""
        self._assembly.catch_up.guild_came(guild)
        self._permissions.look_at(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Echo was invited."""
        log.info("guild_joined", guild=guild.id)
        self._assembly.catch_up.guild_came(guild)
        self._permissions.look_at(guild)

    async def on_thread_join(self, thread: discord.Thread) -> None:
        """Discord told of a thread that was there before."""
        self._assembly.catch_up.thread_came(thread)

    async def on_shard_connect(self, shard_id: int) -> None:
        """A new session: what happened before it is to be looked for."""
        self._assembly.catch_up.session_began(shard_id)
        self._connected(shard_id, resumed=False)
        if shard_id == _FIRST_SHARD and not self._is_synced:
            self._is_synced = True
            syncing = sync_commands(self.client, self._assembly.commands, self._parts)
            self._background.spawn(syncing, name="discord-commands")

    async def on_shard_resumed(self, shard_id: int) -> None:
        """The old session goes on, and Discord sends what was missed."""
        self._connected(shard_id, resumed=True)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """The connection is lost; discord.py tries to get it back."""
        self.client.link.down(shard_id)

    def _connected(self, shard_id: int, *, resumed: bool) -> None:
        self.client.connected(shard_id, resumed=resumed)
        self._connection.connected()
        if self._is_open:
            self._assembly.recovery.wanted()


def _streaming(parts: DiscordParts) -> Replies:
    from source.adapters.discord.replies import DiscordChannel, answers_trace

    return Replies(lambda client: DiscordChannel(client, parts.store, parts.clock), answers_trace())
