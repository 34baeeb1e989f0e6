"""Running every channel that is configured, until the system asks for the end."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from source.app.composition import open_echo
from source.app.echo import Echo
from source.app.log_setup import set_up_logging
from source.app.models import warm_up
from source.app.settings import Settings
from source.domain.errors import EchoError, SettingsError

log = structlog.get_logger(__name__)

NOTHING_TO_RUN = (
    "No channel is configured. Talk with Echo here: `python bot.py chat`. "
    "For Discord, put DISCORD_TOKEN into .env: docs/discord.md has the steps."
)


class Platform(Protocol):
    """A channel that runs until it is told to stop."""

    @property
    def name(self) -> str: ...

    async def run(self, stop: asyncio.Event) -> None:
        """Talk until `stop` is set; then take nothing new, let what has begun end, and close.

        Raises: SettingsError: it cannot work until the operator changes something.
        """
        ...


def is_anything_configured(settings: Settings) -> bool:
    """Whether there is a channel to run."""
    return settings.discord_token is not None


async def run_channels(settings: Settings) -> int:
    """Run until cancelled, or until no channel can go on; return the exit code."""
    if not is_anything_configured(settings):
        raise SettingsError(NOTHING_TO_RUN)
    set_up_logging(level=settings.log_level, form=settings.log_format, secrets=settings.secrets)
    async with open_echo(settings, command="bot.py") as echo:
        log.info("echo_started", model=echo.model_name, offline=echo.is_offline)
        preparing = asyncio.create_task(_prepare(echo), name="preparing")
        try:
            return await Running(_platforms(settings, echo)).to_the_end()
        finally:
            preparing.cancel()
            await asyncio.gather(preparing, return_exceptions=True)


def _platforms(settings: Settings, echo: Echo) -> Sequence[Platform]:
    from source.app.discord_channel import discord_platform

    return [discord_platform(settings, echo)]


async def _prepare(echo: Echo) -> None:
    """Load what the first answer needs and write the transcripts that a crash left unwritten."""
    try:
        await warm_up(echo.model)
        await echo.catch_up.run()
    except EchoError as error:
        log.warning("preparation_failed", error=type(error).__name__, reason=str(error))


@dataclass(frozen=True, slots=True)
class Running:
    """Channels side by side: one that ends does not end the others."""

    platforms: Sequence[Platform]

    async def to_the_end(self) -> int:
        """Run them all; 0 when each ended in order.

        Raises: SettingsError: none of them can work as things are set.
        """
        stop = asyncio.Event()
        tasks = [asyncio.create_task(_named(each, each.run(stop)), name=each.name) for each in self.platforms]
        try:
            await asyncio.wait(tasks)
        finally:
            log.info("echo_stopping", until="answers that have begun are finished")
            stop.set()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        if outcomes and all(isinstance(outcome, SettingsError) for outcome in outcomes):
            raise SettingsError("\n".join(map(str, outcomes)))
        return 0 if not any(outcomes) else 1


async def _named(platform: Platform, work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except SettingsError as error:
        log.error("channel_cannot_run", channel=platform.name, reason=str(error))  # noqa: TRY400  (no trace: the sentence says it)
        raise
    except Exception:
        log.exception("channel_broke", channel=platform.name)
        raise
