"""Which places have messages that came while Echo was away, by what Discord tells of them without being asked."""

import asyncio
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import discord
import structlog
from discord.utils import time_snowflake

from source.adapters.discord.places import Place, mark_of
from source.adapters.discord.seen import SeenMarks
from source.ports.clock import Clock

log = structlog.get_logger(__name__)

# Discord lists no direct messages: each that may have something new costs a request.
_MOST_DIRECT: Final = 500


Readable = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread


@dataclass(slots=True, eq=False)
class Gap:
    """A place where something came after `after`; `live_from` is the first message that came over the gateway since.

    `taken` counts the messages that were missed there and are taken now.
    `owed` are such live messages that could not be taken then; it `is_unsaved` while the store takes nothing of it.
    """

    channel: Place
    after: int
    newest: int
    live_from: int | None = None
    reading: asyncio.Task[None] | None = None
    taking: asyncio.Task[None] | None = None
    failures: int = 0
    is_unsaved: bool = False
    portions: int = 0
    taken: int = 0
    owed: set[int] = field(default_factory=set)
    is_closed: bool = False

    def is_missed(self, message: int) -> bool:
        """Whether a message did not come over the gateway."""
        return self.live_from is None or message < self.live_from

    def ends_before(self, message: int) -> bool:
        """Whether nothing from this message on is to be read."""
        return not self.is_missed(message) and message > max(self.owed, default=0)


class Gaps:
    """Compares the last message of each place with its mark; nothing older than `age` is looked for."""

    def __init__(self, client: discord.Client, seen: SeenMarks, clock: Clock, age: timedelta) -> None:
        self._client = client
        self._seen = seen
        self._clock = clock
        self._age = age
        self._gaps: dict[int, Gap] = {}

    def of(self, channel: int) -> Gap | None:
        """Return the gap of a channel."""
        return self._gaps.get(channel)

    def unread(self) -> list[Gap]:
        """The gaps that nobody reads yet, in the order in which people are likely to wait for them."""
        unread = (gap for gap in self._gaps.values() if gap.reading is None)
        return sorted(unread, key=lambda gap: (gap.failures, gap.portions, -gap.newest))

    def close(self, gap: Gap, *, up_to: int | None) -> None:
        """The gap was read up to a message; None: it could not be, and the mark stays for another time."""
        gap.is_closed = True
        if self._gaps.get(gap.channel.id) is gap:
            del self._gaps[gap.channel.id]
        if up_to is not None:
            place = mark_of(gap.channel)
            self._seen.pass_by(place, up_to)
            self._seen.release(place)

    def passed(self, gap: Gap, *, up_to: int, owed: Set[int], is_last: bool) -> None:
        """A portion of a gap was taken, with those of the `owed` messages that it reached or that are gone."""
        gap.owed -= {message for message in owed if is_last or message <= up_to}
        if gap.live_from is not None and is_last:
            up_to = min(up_to, gap.live_from - 1)
        if is_last and not gap.owed:
            self.close(gap, up_to=up_to)
            return
        gap.after = min([up_to, *(message - 1 for message in gap.owed)])
        gap.portions += 1
        gap.reading = gap.taking = None
        self._seen.hold(mark_of(gap.channel), gap.after)

    def owe(self, channel: Place, message: int) -> None:
        """A live message of this place was not taken: it is to be read as if it had been missed."""
        place = mark_of(channel)
        gap = self._gaps.get(channel.id)
        if gap is None:
            # From the mark on: a gap that was given up in this place is read along with it.
            after = min(message - 1, self._seen.mark(place) or message - 1)
            self._open(channel, after=after, newest=message)
            gap = self._gaps[channel.id]
            gap.failures = 1  # the message itself was the first attempt
        elif gap.reading is None:
            gap.after = min(gap.after, message - 1)
            self._seen.hold(place, gap.after)
        gap.owed.add(message)

    def in_guild(self, guild: discord.Guild) -> None:
        """Look at every place of a guild."""
        # Threads first: a channel's mark tells which of its threads are new, and moves when the channel is looked at.
        for thread in guild.threads:
            self.in_thread(thread)
        channels: list[discord.TextChannel | discord.VoiceChannel | discord.StageChannel] = []
        channels += [*guild.text_channels, *guild.voice_channels, *guild.stage_channels]
        for channel in channels:
            self._compare(channel, channel.last_message_id, self._seen.mark(str(channel.id)))
        for forum in guild.forums:
            self._seen.pass_by(str(forum.id), forum.last_message_id or 0)

    def in_thread(self, thread: discord.Thread) -> None:
        """Look at one thread; one that is newer than what was seen of its channel is read from its beginning."""
        mark = self._seen.mark(str(thread.id))
        parent = self._seen.mark(str(thread.parent_id))
        if mark is None and parent is not None and thread.id > parent:
            mark = thread.id - 1
        self._compare(thread, thread.last_message_id, mark)

    def at(self, place: Place) -> Gap | None:
        """Look at one place; return its gap, if it has one now."""
        if isinstance(place, discord.Thread):
            self.in_thread(place)
        elif isinstance(place, discord.TextChannel | discord.VoiceChannel | discord.StageChannel):
            self._compare(place, place.last_message_id, self._seen.mark(mark_of(place)))
        elif (mark := self._seen.mark(mark_of(place))) is not None:
            self._open(place, after=mark, newest=mark)  # Discord tells nothing of it without being asked
        return self.of(place.id)

    def in_direct_messages(self) -> None:
        """Look at direct messages; whether something is new there has to be asked, however long nothing was."""
        marks = sorted(self._seen.direct(), key=lambda each: each[1], reverse=True)
        if len(marks) > _MOST_DIRECT:
            log.warning("direct_messages_not_looked_at", places=len(marks) - _MOST_DIRECT)
        for channel, mark in marks[:_MOST_DIRECT]:
            place = self._client.get_partial_messageable(channel, type=discord.ChannelType.private)
            self._open(place, after=mark, newest=mark)

    def _compare(self, channel: Readable, last: int | None, mark: int | None) -> None:
        place = mark_of(channel)
        if mark is None or last is None or last <= mark or last < self._oldest() or not is_readable(channel):
            # What is there was seen, is too old, was there before Echo was, or is hidden from it.
            self._seen.pass_by(place, last or 0)
            return
        self._open(channel, after=mark, newest=last)

    def _open(self, channel: Place, *, after: int, newest: int) -> None:
        if channel.id in self._gaps:
            return
        self._seen.hold(mark_of(channel), after)
        self._gaps[channel.id] = Gap(channel, max(after, self._oldest()), newest)

    def _oldest(self) -> int:
        return time_snowflake(self._clock.now() - self._age)


def is_readable(channel: Readable) -> bool:
    """Whether Echo may read what was said there; Discord tells of channels that it may not read, too."""
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return True  # nothing is known that speaks against it
    mine = channel.permissions_for(channel.guild.me)
    return mine.view_channel and mine.read_message_history
