"""Running every channel that is configured, and what goes on beside them, until the system asks for the end."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from source.app.composition import open_echo
from source.app.echo import Echo
from source.app.embeddings import filler_of
from source.app.log_scrubbing import scrub_of
from source.app.log_setup import set_up_logging
from source.app.models import warm_up
from source.app.settings import Settings
from source.domain.errors import EchoError, SettingsError
from source.domain.thread import Platform

if TYPE_CHECKING:
    from fastapi import APIRouter

    from source.app.operations import Operations

log = structlog.get_logger(__name__)

NOTHING_TO_RUN = (
    "No channel is configured and WEB_ENABLED is false. Talk with Echo here: `python bot.py chat`. "
    "For Discord, put DISCORD_TOKEN into .env: docs/discord.md has the steps."
)

NO_WEBHOOK = (
    "WhatsApp is set up and WEB_ENABLED is false: Meta calls Echo's API, which has to run. Set WEB_ENABLED=true."
)


class Part(Protocol):
    """Something that runs until it is told to stop."""

    @property
    def name(self) -> str: ...

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then take nothing new, let what has begun end, and close.

        Raises: SettingsError: it cannot work until the operator changes something.
        """
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """A part that is a function."""

    name: str
    run: Callable[[asyncio.Event], Coroutine[None, None, None]]


def is_anything_configured(settings: Settings) -> bool:
    """Whether there is a channel to run."""
    return settings.discord_token is not None or settings.web_enabled or settings.has_whatsapp


async def run_channels(settings: Settings) -> int:
    """Run until cancelled, or until no channel can go on; return the exit code."""
    if not is_anything_configured(settings):
        raise SettingsError(NOTHING_TO_RUN)
    if settings.has_whatsapp and not settings.web_enabled:
        raise SettingsError(NO_WEBHOOK)
    set_up_logging(
        level=settings.log_level, form=settings.log_format, secrets=settings.secrets, scrub=scrub_of(settings)
    )
    from source.app.operations import Operations  # before other threads use what it imports

    async with open_echo(settings, command="bot.py") as echo:
        log.info("echo_started", model=echo.model_name, offline=echo.is_offline)
        preparing = asyncio.create_task(_prepare(echo), name="preparing")
        try:
            return await (await _running(echo, Operations(echo))).to_the_end()
        finally:
            preparing.cancel()
            await asyncio.gather(preparing, return_exceptions=True)


async def _running(echo: Echo, operations: "Operations") -> "Running":
    """Return the parts: talking is what keeps Echo up, the rest goes on beside it.

    Raises: SettingsError: the only one that talks could not.
    """
    from source.app.health_parts import connected_part, health_parts

    settings = echo.settings
    health = health_parts(echo, operations)
    channels: list[Part] = []
    beside: list[Part] = [
        Named("tasks", operations.engine.run),
        Named("schedule", operations.schedule.run),
        Named("recalls", echo.recalls.run),
    ]
    if echo.embeddings is not None:
        beside.append(Named("embeddings", filler_of(echo.embeddings, echo.store, echo.clock).run))
    if settings.discord_token is not None:
        from source.app.discord_channel import discord_platform

        discord = discord_platform(settings, echo)
        operations.histories[Platform.DISCORD] = discord.history(operations.sync_table)
        health[discord.name] = connected_part(discord.client.is_ready, "Discord")
        channels.append(discord)
    webhooks: dict[str, int] = {}
    more_routes: list[APIRouter] = []
    if settings.has_whatsapp:
        from source.adapters.whatsapp.ingress import MOST_BYTES, PATH
        from source.app.whatsapp_channel import whatsapp_platform

        whatsapp = whatsapp_platform(settings, echo)
        webhooks[PATH] = MOST_BYTES
        more_routes.append(whatsapp.router())
        health[whatsapp.name] = whatsapp.outlet.health
        channels.append(whatsapp)
    if settings.web_enabled:
        from source.app.web_channel import web_of

        web = web_of(echo, operations, health, webhooks=webhooks, more_routes=more_routes)
        if channels:
            beside.append(web.platform)
        else:
            # With nobody else to talk to, the API is the channel; where it cannot be, no task engine begins and ends.
            await web.platform.check()
            channels.append(web.platform)
        beside.append(web.chat)
    return Running(channels, beside)


async def _prepare(echo: Echo) -> None:
    """Load what the first answer needs and write the transcripts that a crash left unwritten."""
    try:
        await warm_up(echo.model)
        await echo.catch_up.run()
    except EchoError as error:
        log.warning("preparation_failed", error=type(error).__name__, reason=str(error))
    except Exception:
        log.exception("preparation_broke")  # nobody awaits this task before the end
        raise


@dataclass(frozen=True, slots=True)
class Running:
    """Parts side by side: one that ends does not end the others, but the last of the `channels` does."""

    channels: Sequence[Part]
    beside: Sequence[Part] = ()

    async def to_the_end(self) -> int:
        """Run them all; 0 when each ended in order.

        Raises: SettingsError: no channel can work as things are set.
        """
        stop = asyncio.Event()
        beside = [_begun(each, stop) for each in self.beside]
        channels = [_begun(each, stop) for each in self.channels]
        try:
            await asyncio.wait(channels)
        finally:
            log.info("echo_stopping", until="answers that have begun are finished")
            stop.set()
            outcomes = await asyncio.gather(*channels, return_exceptions=True)
            others = await asyncio.gather(*beside, return_exceptions=True)
        if outcomes and all(isinstance(outcome, SettingsError) for outcome in outcomes):
            raise SettingsError("\n".join(map(str, outcomes)))
        return 1 if any((*outcomes, *others)) else 0


def _begun(part: Part, stop: asyncio.Event) -> "asyncio.Task[None]":
    return asyncio.create_task(_named(part, part.run(stop)), name=part.name)


async def _named(part: Part, work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except SettingsError as error:
        log.error("part_cannot_run", part=part.name, reason=str(error))  # noqa: TRY400  (no trace: the sentence says it)
        raise
    except Exception:
        log.exception("part_broke", part=part.name)
        raise
