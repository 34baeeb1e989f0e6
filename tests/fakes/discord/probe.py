"""An unmodified discord.py client, to try the server with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.fakes.discord.server import FakeDiscord

INTENTS = discord.Intents(
    guilds=True, guild_messages=True, dm_messages=True, message_content=True, guild_reactions=True
)


class Probe(discord.Client):
    """Remembers what it is told; what it does, the test says."""

    def __init__(self, *, intents: discord.Intents = INTENTS, shard: tuple[int, int] = (0, 1)) -> None:
        super().__init__(intents=intents, guild_ready_timeout=0.05, shard_id=shard[0], shard_count=shard[1])
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.events: list[tuple[str, object]] = []
        self._changed = asyncio.Event()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify again at once; the library would wait for five seconds."""

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)
        self._note("message", message)

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        self._note("edit", payload)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        self._note("delete", payload)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        self._note("reaction", payload)

    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        self._note("thread", payload)

    async def on_resumed(self) -> None:
        self._note("resumed", None)

    async def on_ready(self) -> None:
        self._note("ready", None)

    async def told(self, name: str, count: int = 1) -> object:
        """Wait for event number `count` of a name."""
        async with asyncio.timeout(10):
            while len(found := [one for kind, one in self.events if kind == name]) < count:
                await self._changed.wait()
        return found[count - 1]

    async def hears(self, text: str) -> discord.Message:
        """Wait for a message with exactly this text."""
        async with asyncio.timeout(10):
            while not (found := [one for one in self.heard if one.content == text]):
                await self._changed.wait()
        return found[0]

    def text_channel(self, channel_id: int) -> discord.TextChannel:
        found = self.get_channel(channel_id)
        assert isinstance(found, discord.TextChannel)
        return found

    def _note(self, name: str, what: object) -> None:
        self.events.append((name, what))
        self._changed.set()
        self._changed = asyncio.Event()


@asynccontextmanager
async def connected(server: FakeDiscord, probe: Probe | None = None) -> AsyncIterator[Probe]:
    """Run a client against the server until it knows its guilds, and end it in peace."""
    client = probe or Probe()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Route, "BASE", server.api_base)
        patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
        running = asyncio.create_task(client.start(server.token))
        try:
            ready = asyncio.create_task(client.told("ready"))
            await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
            yield client
        finally:
            await client.close()
            await asyncio.wait([running])
    running.result()
