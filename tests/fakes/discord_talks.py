"""People who talk with a whole Echo on the loopback Discord, and how they see its answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from source.adapters.discord.platform import DiscordPlatform
from source.app.composition import open_echo
from source.app.discord_channel import discord_platform
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.message import Message
from tests.fakes.discord.person import Person
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import settings_for

PATIENCE = 20.0


class Talks:
    """A guild with one text channel, two people and Echo."""

    def __init__(self, discord: FakeDiscord, model: FakeOpenAIServer) -> None:
        self.discord = discord
        self.model = model
        self.guild: Guild = discord.add_guild("Workshop")
        self.channel: Channel = self.guild.add_text_channel("general")
        self.ada: Person = self.guild.add_member("Ada")
        self.ben: Person = self.guild.add_member("Ben")

    async def thread_of(self, message: Message) -> Channel:
        """Return the thread that Echo opens from a message."""
        await self.discord.until(lambda: message.thread is not None, patience=PATIENCE)
        assert message.thread is not None
        return message.thread

    async def talk(self, text: str = "Hello") -> Channel:
        """Have Ada begin a dialogue and return its thread, once the first answer is whole."""
        thread = await self.thread_of(await self.ada.says(self.channel, f"<@bot> {text}"))
        await self.whole_answers(thread)
        return thread

    def answers(self, place: Channel) -> list[Message]:
        """Echo's messages in a place, but for small notices."""
        said = (message for message in place.visible() if message.author is self.discord.bot)
        return [message for message in said if not message.content.startswith("-# ")]

    async def whole_answers(self, place: Channel, count: int = 1) -> list[Message]:
        """Return Echo's answers once there are so many and the last one can be retried: it is whole."""
        await self.discord.until(
            lambda: len(self.answers(place)) >= count and can_be_retried(self.answers(place)[-1]), patience=PATIENCE
        )
        return self.answers(place)

    async def says(self, text: str, place: Channel, *, who: Person | None = None) -> Message:
        """Have somebody say something and return Echo's whole answer to it."""
        before = len(self.answers(place))
        await (who or self.ada).says(place, text)
        return (await self.whole_answers(place, before + 1))[-1]


def can_be_retried(message: Message) -> bool:
    return any(button["custom_id"].startswith("echo:retry:") for button in message.buttons)


def custom_id(message: Message, control: str) -> str:
    """Return the custom id of a button of a message."""
    return next(found for b in message.buttons if (found := str(b["custom_id"])).startswith(f"echo:{control}:"))


@asynccontextmanager
async def talks(folder: Path, **settings: object) -> AsyncIterator[Talks]:
    """Run a whole Echo in this process: its own store and transcripts in `folder`."""
    async with FakeDiscord() as discord, FakeOpenAIServer() as model, echo_at(discord, model, folder, **settings):
        yield Talks(discord, model)


@asynccontextmanager
async def echo_at(
    discord: FakeDiscord, model: FakeOpenAIServer, folder: Path, **settings: object
) -> AsyncIterator[None]:
    """Run Echo until the block ends; it is connected and has its commands registered."""
    chosen = settings_for(
        folder,
        model,
        discord_token=SecretStr(discord.token),
        discord_api_base=discord.api_base,
        discord_gateway_url=discord.gateway_url,
        **settings,
    )
    async with open_echo(chosen) as echo, _connected(discord_platform(chosen, echo)):
        await discord.wait_ready()
        await discord.until(lambda: discord.world.application.commands, patience=PATIENCE)
        yield


@asynccontextmanager
async def _connected(platform: DiscordPlatform) -> AsyncIterator[None]:
    stop = asyncio.Event()
    running = asyncio.create_task(platform.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running
