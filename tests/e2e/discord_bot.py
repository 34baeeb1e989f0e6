"""Echo on Discord as an operator starts it: `python bot.py`, against a Discord and a model on loopback."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.warm_program import BOT, WarmProgram
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_talks import PATIENCE, Talks
from tests.fakes.openai_server import FakeOpenAIServer


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
            "WEB_ENABLED": "false",
            "LOG_FORMAT": "json",
            **settings,
        }
        self.process: WarmProgram | None = None

    @property
    def log(self) -> str:
        """Everything that it has written to standard error, over all its starts."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    async def start(self) -> None:
        self.process = WarmProgram([BOT], self._environment, stdout=self._log, stderr=self._log)

    async def stop(self) -> int:
        """End it as a system does; return its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, PATIENCE)


class Workshop(Talks):
    """The guild, with Echo as a process."""

    def __init__(self, discord: FakeDiscord, model: FakeOpenAIServer, bot: Bot) -> None:
        super().__init__(discord, model)
        self.bot = bot

    async def started(self) -> None:
        await self.bot.start()
        await self.discord.wait_ready(patience=PATIENCE)


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
