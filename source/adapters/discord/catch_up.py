"""Messages that came while Echo was away: found, read and handed over before newer ones of the same place."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import discord
import structlog

from source.adapters.discord.gaps import Gap, Gaps
from source.adapters.discord.missed import Missed
from source.adapters.discord.places import Kind, Place, kind_of, mark_of
from source.adapters.discord.seen import SeenMarks
from source.domain.errors import DeliveryError, StoreUnavailableError
from source.ports.clock import Clock
from source.services.owned_tasks import OwnedTasks
from source.services.pauses import Pauses

log = structlog.get_logger(__name__)

# A place with more to read is left for the others' sake after so many, and gone on with later.
_MOST_READ: Final = 2_000
_MOST_KEPT: Final = 500
_MOST_ATTEMPTS: Final = 60
_MOST_WAITED_FOR: Final = 3
_BETWEEN_PLACES_SECONDS: Final = 0.05  # Discord: 50 requests a second in all
_GUILD_PATIENCE: Final = timedelta(seconds=10)
# Who asks for a look need not wait for long answers to what it finds.
_PATIENCE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Portion:
    """What was read of a gap in one go: the messages that may be for Echo, and how far that is."""

    messages: list[discord.Message]
    up_to: int
    owed: frozenset[int]
    is_last: bool


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
        self._pauses = Pauses(clock)
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

    async def compared(self, message: discord.Message) -> None:
        """Return when it is known whether something older of this place is missing."""
        if message.guild is None:
            return
        try:
            async with asyncio.timeout(_GUILD_PATIENCE.total_seconds()):
                await self._looked_at(message.guild).wait()
        except TimeoutError:
            log.warning("guild_not_told", guild=message.guild.id)

    async def reached(self, message: discord.Message) -> None:
        """Return when everything older of this place has been handed over, or could not be read several times.

        Raises: StoreUnavailableError: it was read but not taken; this message has to come after it.
        """
        await self.compared(message)
        gap = self._gaps.of(message.channel.id)
        if gap is None:
            return
        gap.live_from = min(gap.live_from or message.id, message.id)
        if kind_of(gap.channel) is Kind.CHANNEL:
            return  # each message there has a thread of its own, and no order among them
        while not gap.is_closed and gap.failures < _MOST_WAITED_FOR:
            await self._read_and_take(gap)
        if gap.is_unsaved and not gap.is_closed:
            raise StoreUnavailableError("earlier messages of this place are not taken yet")

    async def look_again(self, place: Place) -> int:
        """Take in what was missed of a place, if anything was; return how many messages that were.

        Raises: DeliveryError: it cannot be read or kept now, and is tried again without being asked.
        """
        guild = getattr(place, "guild", None)
        gap = self._gaps.at(place) if guild is None or self._looked_at(guild).is_set() else None
        if gap is None:
            return 0
        with suppress(TimeoutError):  # what is being answered slowly is taken all the same
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                while not gap.is_closed and gap.failures < _MOST_WAITED_FOR:
                    await self._read_and_take(gap)
        if gap.failures and not gap.is_closed:
            raise DeliveryError("What was missed there cannot be read or kept now; it is tried again by itself.")
        return gap.taken

    def owe(self, message: discord.Message) -> None:
        """A live message could not be made durable: it is read again a little later, before newer ones."""
        self._gaps.owe(message.channel, message.id)
        self._work()

    def _looked_at(self, guild: discord.Guild) -> asyncio.Event:
        return self._shards.setdefault(guild.shard_id or 0, {}).setdefault(guild.id, asyncio.Event())

    def _work(self) -> None:
        if self._working is None or self._working.done():
            self._working = self._background.spawn(self._read_all(), name="discord-catch-up")

    async def _read_all(self) -> None:
        while unread := self._gaps.unread():
            for gap in unread:
                await self._read(gap)
                await self._clock.sleep(_BETWEEN_PLACES_SECONDS)

    async def _read_and_take(self, gap: Gap) -> None:
        await self._read(gap)
        if gap.taking is not None:
            await asyncio.shield(gap.taking)

    async def _read(self, gap: Gap) -> None:
        """Read one portion of a gap; whoever comes while it is being read waits for the same one."""
        if gap.is_closed:
            return
        if gap.reading is None:
            gap.reading = self._background.spawn(self._advance(gap), name=f"discord-gap-{gap.channel.id}")
        await asyncio.shield(gap.reading)

    async def _advance(self, gap: Gap) -> None:
        if gap.failures:
            await self._clock.sleep(self._pauses.delay())
        try:
            portion = await self._portion(gap)
        except (discord.NotFound, discord.Forbidden) as error:
            log.info("place_not_readable", channel=gap.channel.id, status=error.status)
            self._gaps.close(gap, up_to=gap.after)
        except Exception as error:  # noqa: BLE001  (whatever it was, the place must not be lost or block others)
            self._failed(gap, type(error).__name__)
        else:
            taking = self._hand_over(gap, portion)
            gap.taking = self._tasks.spawn(taking, name=f"discord-missed-{gap.channel.id}")

    async def _portion(self, gap: Gap) -> _Portion:
        owed, kept, up_to, read = frozenset(gap.owed), list[discord.Message](), gap.after, 0
        async for message in gap.channel.history(after=discord.Object(gap.after), limit=_MOST_READ, oldest_first=True):
            if gap.ends_before(message.id):
                break
            read, up_to = read + 1, message.id
            if self._missed.may_concern(message):
                kept.append(message)
            if read == _MOST_READ or len(kept) == _MOST_KEPT:
                return _Portion(kept, up_to, owed, is_last=False)
        return _Portion(kept, up_to, owed, is_last=True)

    async def _hand_over(self, gap: Gap, portion: _Portion) -> None:
        """Have everything taken that does not come over the gateway as well."""
        place = mark_of(gap.channel)

        def is_missed(message: int) -> bool:
            return message in portion.owed or (gap.is_missed(message) and not self._seen.is_in_hand(place, message))

        missed = [message for message in portion.messages if is_missed(message.id)]
        try:
            taken = await self._missed.take(missed)
        except Exception:
            log.exception("missed_messages_broke", channel=gap.channel.id)
            self._failed(gap, "broke")
            return
        gap.is_unsaved = taken is None
        if taken is None:
            self._failed(gap, "not saved")
            return
        gap.taken += taken
        gap.failures = 0
        self._pauses.reset()
        self._gaps.passed(gap, up_to=portion.up_to, owed=portion.owed, is_last=portion.is_last)
        self._work()

    def _failed(self, gap: Gap, cause: str) -> None:
        """Leave the gap for another attempt, or after many for another session."""
        gap.failures += 1
        gap.reading = gap.taking = None
        log.warning("catch_up_failed", channel=gap.channel.id, error=cause, failures=gap.failures)
        if gap.failures >= _MOST_ATTEMPTS:
            self._gaps.close(gap, up_to=None)
        self._work()
