"""Messages that came while Echo was away: found, read and handed over before newer ones of the same place."""

import asyncio
from datetime import timedelta
from typing import Final

import aiohttp
import discord
import structlog

from source.adapters.discord.gaps import Gap, Gaps
from source.adapters.discord.missed import Missed
from source.adapters.discord.pauses import Pauses
from source.adapters.discord.places import Kind, kind_of, mark_of
from source.adapters.discord.seen import SeenMarks
from source.ports.clock import Clock
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)

_MOST_MESSAGES: Final = 500
_MOST_ATTEMPTS: Final = 5
_BETWEEN_PLACES_SECONDS: Final = 0.05  # Discord: 50 requests a second in all
_GUILD_PATIENCE: Final = timedelta(seconds=10)


class CatchUp:
    """Reads gaps one after the other; a place where somebody writes meanwhile comes first."""

    def __init__(
        self,
        gaps: Gaps,
        seen: SeenMarks,
        missed: Missed,
        clock: Clock,
        *,
        tasks: OwnedTasks,
        background: OwnedTasks,
    ) -> None:
        self._gaps = gaps
        self._seen = seen
        self._missed = missed
        self._clock = clock
        self._tasks = tasks
        self._background = background
        self._shards: dict[int, dict[int, asyncio.Event]] = {}
        self._pauses = Pauses()
        self._working: asyncio.Task[None] | None = None

    def session_began(self, shard: int) -> None:
        """A new session: what its guilds hold is not known until Discord tells it."""
        self._shards[shard] = {}
        if shard == 0:  # Discord: direct messages come to shard 0
            self._gaps.in_direct_messages()
            self._work()

    def guild_came(self, guild: discord.Guild) -> None:
        """Discord told what a guild holds."""
        self._gaps.in_guild(guild)
        self._looked_at(guild).set()
        self._work()

    def thread_came(self, thread: discord.Thread) -> None:
        """A thread can be seen that could not be seen before."""
        if self._looked_at(thread.guild).is_set():
            self._gaps.in_thread(thread)
            self._work()

    def is_current(self, message: discord.Message) -> bool:
        """Whether nothing older of this place is left to be read."""
        looked_at = message.guild is None or self._looked_at(message.guild).is_set()
        return looked_at and self._gaps.of(message.channel.id) is None

    async def reached(self, message: discord.Message) -> None:
        """Return when everything older of this place has been handed over."""
        if message.guild is not None:
            await self._wait_for(message.guild)
        gap = self._gaps.of(message.channel.id)
        if gap is None:
            return
        gap.live_from = min(gap.live_from or message.id, message.id)
        await self._read(gap)
        # In a channel each message has a thread of its own, and no order among them.
        if gap.taking is not None and kind_of(gap.channel) is not Kind.CHANNEL:
            await asyncio.shield(gap.taking)

    def _looked_at(self, guild: discord.Guild) -> asyncio.Event:
        return self._shards.setdefault(guild.shard_id or 0, {}).setdefault(guild.id, asyncio.Event())

    async def _wait_for(self, guild: discord.Guild) -> None:
        try:
            async with asyncio.timeout(_GUILD_PATIENCE.total_seconds()):
                await self._looked_at(guild).wait()
        except TimeoutError:
            log.warning("guild_not_told", guild=guild.id)

    def _work(self) -> None:
        if self._working is None or self._working.done():
            self._working = self._background.spawn(self._read_all(), name="discord-catch-up")

    async def _read_all(self) -> None:
        while unread := self._gaps.unread():
            for gap in unread:
                await self._read(gap)
                await self._clock.sleep(self._pauses.delay() if gap.failures else _BETWEEN_PLACES_SECONDS)

    async def _read(self, gap: Gap) -> None:
        if gap.reading is None:
            gap.reading = self._background.spawn(self._fetch(gap), name=f"discord-gap-{gap.channel.id}")
        await asyncio.shield(gap.reading)

    async def _fetch(self, gap: Gap) -> None:
        try:
            history = gap.channel.history(after=discord.Object(gap.after), limit=_MOST_MESSAGES, oldest_first=True)
            messages = [message async for message in history]
        except (discord.NotFound, discord.Forbidden) as error:
            log.info("place_not_readable", channel=gap.channel.id, status=error.status)
            self._gaps.close(gap, up_to=gap.after)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            self._failed(gap, error)
        else:
            gap.failures = 0
            self._pauses.reset()
            if len(messages) == _MOST_MESSAGES:
                log.warning("catch_up_cut", channel=gap.channel.id, messages=_MOST_MESSAGES)
            gap.taking = self._tasks.spawn(self._hand_over(gap, messages), name=f"discord-missed-{gap.channel.id}")

    def _failed(self, gap: Gap, error: Exception) -> None:
        """Leave the gap for another attempt, or after several for another start."""
        gap.failures += 1
        log.warning("catch_up_failed", channel=gap.channel.id, error=type(error).__name__, failures=gap.failures)
        gap.reading = None
        if gap.failures >= _MOST_ATTEMPTS:
            self._gaps.close(gap, up_to=None)

    async def _hand_over(self, gap: Gap, messages: list[discord.Message]) -> None:
        """Have everything taken that does not come over the gateway as well."""
        place = mark_of(gap.channel)
        missed = [
            message
            for message in messages
            if (gap.live_from is None or message.id < gap.live_from) and not self._seen.is_in_hand(place, message.id)
        ]
        is_safe = await self._missed.take(missed)
        up_to = max((message.id for message in missed), default=gap.after)
        self._gaps.close(gap, up_to=up_to if is_safe else None)
