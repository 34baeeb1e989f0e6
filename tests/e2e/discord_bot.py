"""Echo on Discord as an operator starts it: `python bot.py`, against a Discord and a model on loopback."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from source.app.settings import ROOT
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.message import Message
from tests.fakes.discord.person import Person
from tests.fakes.openai_server import FakeOpenAIServer

PATIENCE = 20.0


class Bot:
    """The program, which may be ended, killed and started again on the same data folder."""

    def __init__(self, folder: Path, discord: FakeDiscord, model: FakeOpenAIServer, **settings: str) -> None:
        self.folder = folder
        self._log = folder.parent / "bot.log"
        self._environment = {
            **os.environ,
            "CONVERSATIONS_DIR": str(folder),
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_BASE": discord.api_base,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_KEY": "any",
            "OPENAI_MODEL": "test-model",
            "MODEL_MAX_ATTEMPTS": "1",
            "LOG_FORMAT": "json",
            **settings,
        }
        self.process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> str:
        """Everything that it has written to standard error, over all its starts."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, str(ROOT / "bot.py"), env=self._environment, stdout=log, stderr=log
            )

    async def stop(self) -> int:
        """End it as a system does; return its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


class Workshop:
    """A guild with one text channel, two people and Echo."""

    def __init__(self, discord: FakeDiscord, model: FakeOpenAIServer, bot: Bot) -> None:
        self.discord = discord
        self.model = model
        self.bot = bot
        self.guild: Guild = discord.add_guild("Workshop")
        self.channel: Channel = self.guild.add_text_channel("general")
        self.ada: Person = self.guild.add_member("Ada")
        self.ben: Person = self.guild.add_member("Ben")

    async def started(self) -> None:
        await self.bot.start()
        await self.discord.wait_ready(patience=PATIENCE)

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
async def workshop(tmp_path: Path, **settings: str) -> AsyncIterator[Workshop]:
    """Everything but the bot's process, which `started` starts; at the end it is killed if it still runs."""
    async with FakeDiscord() as discord, FakeOpenAIServer() as model:
        bot = Bot(tmp_path / "conversations", discord, model, **settings)
        place = Workshop(discord, model, bot)
        try:
            yield place
        finally:
            if bot.process is not None and bot.process.returncode is None:
                await bot.kill()
