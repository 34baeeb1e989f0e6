"""The fake Discord, driven by an unmodified discord.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.fakes.discord import FakeDiscord


class EchoingClient(discord.Client):
    """Answers every message of a person with the same words."""

    def __init__(self) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
        super().__init__(intents=intents, allowed_mentions=discord.AllowedMentions.none())
        self.heard: list[discord.Message] = []

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)
        if not message.author.bot:
            await message.channel.send(f"You said: {message.content}")


@asynccontextmanager
async def connected(server: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EchoingClient]:
    monkeypatch.setattr(Route, "BASE", server.api_base)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(server.gateway_url))
    client = EchoingClient()
    running = asyncio.create_task(client.start(server.token))
    try:
        await server.wait_ready()
        yield client
    finally:
        await client.close()
        await running


async def test_a_client_logs_in_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel = guild.add_text_channel("general")
        ada = guild.add_member("Ada")
        async with connected(server, monkeypatch) as client:
            await ada.says(channel, "<@bot> hello")
            answer = await server.answer_in(channel)
            assert answer.content == f"You said: <@{server.bot.id}> hello"
            assert not answer.pings
            assert client.heard[0].author.name == "Ada"
