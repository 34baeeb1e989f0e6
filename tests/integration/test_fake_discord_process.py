"""The fake Discord as a process, told what to do by a synchronous test."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from source.app.settings import ROOT
from tests.fakes.discord.remote import RemoteDiscord, remote_discord

WORLD: list[dict[str, object]] = [
    {"do": "add_guild", "name": "Workshop"},
    {"do": "add_channel", "name": "general"},
    {"do": "add_member", "name": "Ada"},
]
# A bot in a process of its own, which learns from its settings where Discord is.
BOT = """
import os, discord, yarl
from discord import app_commands
discord.http.Route.BASE = os.environ["DISCORD_API_BASE"]
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
client = discord.Client(intents=discord.Intents(guilds=True, guild_messages=True, message_content=True))
tree = app_commands.CommandTree(client)

@tree.command(description="Say hello")
async def hello(interaction):
    await interaction.response.send_message("Hello.", ephemeral=True)

@client.event
async def setup_hook():
    await tree.sync()

@client.event
async def on_message(message):
    if not message.author.bot:
        await (await message.reply("…")).edit(content=message.content.upper())

client.run(os.environ["DISCORD_TOKEN"], log_handler=None)
"""


@contextmanager
def bot(discord: RemoteDiscord) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", BOT], env=discord.settings, cwd=ROOT) as process:
        try:
            discord.do("wait_ready")
            yield
        finally:
            process.kill()


def test_a_synchronous_test_talks_with_a_bot_in_another_process() -> None:
    with remote_discord(script=WORLD) as discord, bot(discord):
        asked = discord.do("says", person="Ada", channel="general", text="bread")
        answer = discord.do("wait_messages", channel="general", contains="BREAD")[0]
        assert answer["replies_to"] == asked["id"]
        assert [one["content"] for one in answer["versions"]] == ["…", "BREAD"]
        used = discord.do("uses", person="Ada", command="/hello", channel="general")
        answered = discord.do("interaction", key=used["id"], wait="answer")
        assert answered["responses"][0]["content"] == "Hello."
        assert answered["is_ephemeral"]
        assert [one["status"] for one in discord.do("requests", method="PATCH")] == [200]


def test_what_was_said_while_the_bot_was_away_comes_with_its_session() -> None:
    with remote_discord(script=WORLD) as discord, bot(discord):
        discord.do("gateway", action="go_offline")
        discord.do("says", person="Ada", channel="general", text="missed")
        discord.do("gateway", action="go_online")
        assert discord.do("wait_messages", channel="general", contains="MISSED")
        assert discord.do("state")["resumes"] == 1


def test_a_mistake_is_told_in_words() -> None:
    with remote_discord(script=WORLD) as discord:
        with pytest.raises(AssertionError, match="no channel 'kitchen'"):
            discord.do("says", person="Ada", channel="kitchen", text="hi")
        with pytest.raises(AssertionError, match="no verb 'shouts'"):
            discord.do("shouts")
