"""What was said on Discord while Echo was away, or looked elsewhere."""

from dataclasses import replace
from typing import Final

import discord

from source.adapters.discord.catch_up import CatchUp
from source.adapters.discord.comparison import Comparison
from source.adapters.discord.gaps import is_readable
from source.adapters.discord.places import Place
from source.adapters.discord.replies.troubles import VENDOR_ERRORS, translated
from source.domain.errors import DeliveryError, UndeliverableError
from source.domain.thread import ThreadRef
from source.ports.metadata import Synced

_KINDS: Final = (discord.Thread, discord.TextChannel, discord.VoiceChannel, discord.StageChannel)

_NOT_CONNECTED: Final = "Discord is not connected now; the next sync tries again."


class DiscordHistory:
    """Implements PlatformHistory: reads on from each place's mark and, in full, compares what Echo has of it."""

    def __init__(self, client: discord.AutoShardedClient, catch_up: CatchUp, comparison: Comparison) -> None:
        self._client = client
        self._catch_up = catch_up
        self._comparison = comparison

    async def sync(self, thread: ThreadRef, *, full: bool) -> Synced:
        if not thread.thread_id.isdecimal():
            raise UndeliverableError("That is no id of a place on Discord.")
        if self._client.user is None:
            raise DeliveryError(_NOT_CONNECTED)
        try:
            place = self._known_place(thread)
            if place is None:
                # An archived thread: nothing new is in it as long as nobody opens it again.
                place = await self._client_place(int(thread.thread_id)) if full else None
            return Synced() if place is None else await self._compared(thread, place, full=full)
        except VENDOR_ERRORS as error:
            raise translated(error, int(thread.thread_id)) from error

    async def _compared(self, thread: ThreadRef, place: Place, *, full: bool) -> Synced:
        if isinstance(place, _KINDS) and not is_readable(place):
            raise UndeliverableError("Echo may not read there: it needs View Channel and Read Message History.")
        found = await self._catch_up.look_again(place)
        if not full:
            return Synced(found)
        compared = await self._comparison.compare(thread, place)
        return replace(compared, found=compared.found + found)

    def _known_place(self, thread: ThreadRef) -> Place | None:
        """Return a place as discord.py has it; None when it does not know it."""
        number = int(thread.thread_id)
        if thread.guild_id is None:
            return self._client.get_partial_messageable(number, type=discord.ChannelType.private)
        guild = self._client.get_guild(int(thread.guild_id))
        if guild is None and not self._client.is_ready():
            raise DeliveryError(_NOT_CONNECTED)
        if guild is None:
            raise UndeliverableError("Echo is not in that Discord server any more.")
        if guild.unavailable:
            raise DeliveryError("That Discord server has an outage; the next sync tries again.")
        return _as_place(guild.get_channel_or_thread(number))

    async def _client_place(self, number: int) -> Place | None:
        return _as_place(await self._client.fetch_channel(number))


def _as_place(found: object) -> Place | None:
    return found if isinstance(found, _KINDS) else None
