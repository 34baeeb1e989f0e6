"""Edits and deletions of what people wrote, and places that are gone."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime

import discord
import structlog

from source.adapters.discord.inbound import InboundText
from source.adapters.discord.lanes import Lanes
from source.adapters.discord.parts import Corrections
from source.adapters.discord.places import is_from_person, mark_of
from source.adapters.discord.seen import DIRECT, SeenMarks
from source.adapters.discord.threads import Threads
from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.ports.store import ChannelStore
from source.services.owned_tasks import OwnedTasks

log = structlog.get_logger(__name__)


class Changes:
    """Hands corrections on, after the message that they correct."""

    def __init__(
        self,
        corrections: Corrections,
        store: ChannelStore,
        *,
        text: InboundText,
        threads: Threads,
        lanes: Lanes,
        seen: SeenMarks,
        tasks: OwnedTasks,
    ) -> None:
        self._corrections = corrections
        self._store = store
        self._text = text
        self._threads = threads
        self._lanes = lanes
        self._seen = seen
        self._tasks = tasks
        self.is_open = True

    async def on_raw_message_edit(self, change: discord.RawMessageUpdateEvent) -> None:
        """A message changed: by its writer, or because Discord shows a preview of a link now."""
        message = change.message
        # Discord: `edited_timestamp` is set by an edit of the content only.
        if message.edited_at is not None and is_from_person(message):
            self._start(self._edited(message, message.edited_at), f"discord-edit-{message.id}")

    async def on_raw_message_delete(self, change: discord.RawMessageDeleteEvent) -> None:
        """A message is gone."""
        place = _mark(change.channel_id, change.guild_id)
        work = self._deleted(change.channel_id, place, [change.message_id])
        self._start(work, f"discord-delete-{change.message_id}")

    async def on_raw_bulk_message_delete(self, change: discord.RawBulkMessageDeleteEvent) -> None:
        """Many messages of a channel are gone."""
        place = _mark(change.channel_id, change.guild_id)
        work = self._deleted(change.channel_id, place, sorted(change.message_ids))
        self._start(work, f"discord-bulk-{change.channel_id}")

    async def on_raw_thread_delete(self, change: discord.RawThreadDeleteEvent) -> None:
        """A thread is gone; what was said there is kept until it is forgotten by the rules for that."""
        self._threads.forget(change.thread_id)
        self._seen.forget([str(change.thread_id)])
        log.info("thread_deleted", thread=change.thread_id, guild=change.guild_id)

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel is gone."""
        within = [thread.id for thread in channel.guild.threads if thread.parent_id == channel.id]
        self._seen.forget(map(str, [channel.id, *within]))
        log.info("channel_deleted", channel=channel.id, guild=channel.guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Echo was removed from a guild, or the guild is gone."""
        self._seen.forget(str(place.id) for place in (*guild.channels, *guild.threads))
        log.info("guild_left", guild=guild.id)

    async def _edited(self, message: discord.Message, at: datetime) -> None:
        event_id = str(message.id)
        # After the message itself: it is taken in its channel's lane or, on the way to a thread of its own, in its own.
        async with self._lanes.at(message.channel.id, message.id):
            if not await self._is_known(mark_of(message.channel), message.id):
                return
            text = await self._text.of(message)
            if not text:
                return
            work = self._corrections.edited(Platform.DISCORD, event_id, text, at)
            # A correction waits for the running turn; the next message does not wait for the correction.
            correcting = self._tasks.spawn(self._told(work), name=f"discord-correction-{event_id}")
        await asyncio.shield(correcting)

    async def _deleted(self, channel: int, place: str, messages: list[int]) -> None:
        async with self._lanes.at(channel, *messages):
            # People delete much that Echo never took: a look costs less than a write that changes nothing.
            known = [str(message) for message in messages if await self._is_known(place, message)]
            if not known:
                return
            work = self._corrections.deleted(Platform.DISCORD, known)
            correcting = self._tasks.spawn(self._told(work), name=f"discord-deletion-{channel}")
        await asyncio.shield(correcting)

    async def _is_known(self, place: str, message: int) -> bool:
        """Whether Echo took a message, or is taking it: its acceptance may be on the way to the disk then."""
        return self._seen.is_in_hand(place, message) or await self._store.is_accepted(Platform.DISCORD, str(message))

    def _start(self, work: Coroutine[None, None, None], name: str) -> None:
        if self.is_open:
            self._tasks.spawn(self._told(work), name=name)
        else:
            work.close()

    async def _told(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except StoreError as error:
            log.warning("change_not_followed", error=type(error).__name__, reason=str(error))


def _mark(channel: int, guild: int | None) -> str:
    return f"{DIRECT}{channel}" if guild is None else str(channel)
