"""Echo's threads: which they are, and opening new ones."""

from collections import OrderedDict
from typing import Final

import discord
import structlog

from source.adapters.discord.message_text import thread_name
from source.domain.errors import RefusedInputError
from source.domain.thread import Platform
from source.ports.store import ChannelStore

log = structlog.get_logger(__name__)

# Discord: JSON error codes.
THREAD_EXISTS = 160004
UNKNOWN_MESSAGE = 10008
_ARCHIVE_MINUTES: Final = 1_440
_REMEMBERED = 10_000
_NO_THREAD = "I may not open a thread here. Ask whoever runs this server to let me, or write to me directly."


class Threads:
    """What Echo knows of threads that are not its own, and how it opens new ones."""

    def __init__(self, store: ChannelStore) -> None:
        self._store = store
        self._known: OrderedDict[int, bool] = OrderedDict()
        self._warned: set[tuple[int, str]] = set()

    async def is_echos(self, thread: discord.Thread, me: int) -> bool:
        """Whether nobody needs to mention Echo there: it opened the thread, or accepted the message that did.

        Raises: StoreError: it cannot be told.
        """
        if thread.owner_id == me:
            return True
        if thread.id not in self._known:
            # A thread has the id of the message that it began with.
            accepted = await self._store.is_accepted(Platform.DISCORD, str(thread.id))
            self._remember(thread.id, is_echos=accepted)
        return self._known[thread.id]

    def accepted(self, message_id: int) -> None:
        """A message was taken; a thread that begins with it is Echo's from now on."""
        if self._known.get(message_id) is False:
            self._remember(message_id, is_echos=True)

    def forget(self, thread_id: int) -> None:
        """The thread is gone."""
        self._known.pop(thread_id, None)

    def _remember(self, thread_id: int, *, is_echos: bool) -> None:
        self._known[thread_id] = is_echos
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    async def open_from(self, message: discord.Message, topic: str) -> int | None:
        """Open a thread from a message and return its id; None when Discord does not let Echo.

        Raises: discord.NotFound: the message is gone.
        """
        if not may_open_thread(message.channel):
            self._warn(message.channel.id, "a permission is missing")
            return None
        name = thread_name(topic, message.author.display_name)
        try:
            return (await message.create_thread(name=name, auto_archive_duration=_ARCHIVE_MINUTES)).id
        except discord.HTTPException as error:
            if error.code == THREAD_EXISTS:
                return message.id
            if error.code == UNKNOWN_MESSAGE:
                raise
            self._warn(message.channel.id, f"{error.status}/{error.code}")
            return None

    def _warn(self, channel: int, reason: str) -> None:
        """Say once for each channel and reason that answers stay in the channel."""
        if (channel, reason) not in self._warned and len(self._warned) < _REMEMBERED:
            self._warned.add((channel, reason))
            log.warning("thread_not_opened", channel=channel, reason=reason)

    async def open_in(self, channel: object, user: discord.abc.User, topic: str) -> discord.Thread:
        """Open a thread in a text channel with this person in it.

        Raises: RefusedInputError: this is no place for a thread, or Discord does not let Echo.
        """
        if not isinstance(channel, discord.TextChannel) or not may_open_thread(channel):
            raise RefusedInputError(_NO_THREAD)
        kind = discord.ChannelType.news_thread if channel.is_news() else discord.ChannelType.public_thread
        try:
            thread = await channel.create_thread(
                name=thread_name(topic, user.display_name), type=kind, auto_archive_duration=_ARCHIVE_MINUTES
            )
        except discord.HTTPException as error:
            log.warning("thread_not_opened", status=error.status, code=error.code)
            raise RefusedInputError(_NO_THREAD) from error
        try:
            await thread.add_user(user)
        except discord.HTTPException as error:  # they can still open it themselves
            log.info("person_not_added", status=error.status, code=error.code)
        return thread


def may_open_thread(channel: object) -> bool:
    """Whether Echo has the permissions that a thread takes, as far as it knows."""
    if not isinstance(channel, discord.TextChannel):
        return False
    mine = channel.permissions_for(channel.guild.me)
    return mine.create_public_threads and mine.send_messages_in_threads
