"""Discord as the core sees it: the place where replies go."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import discord

from source.adapters.discord.replies.complaints import Complaints
from source.adapters.discord.replies.messages import HttpMessages
from source.adapters.discord.replies.pace import Paces
from source.adapters.discord.replies.reply import DiscordReply, ReplyParts
from source.adapters.discord.replies.shown import ShownReplies
from source.domain.thread import Platform, ThreadRef
from source.ports.clock import Clock
from source.ports.store import ChannelStore
from source.services.owned_tasks import OwnedTasks

_STOP: Final = timedelta(seconds=2)


class DiscordChannel:
    """Implements Channel over discord.py's HTTP client; its client needs `answers_trace()` as `http_trace`."""

    platform = Platform.DISCORD

    def __init__(self, client: discord.Client, store: ChannelStore, clock: Clock) -> None:
        self._messages = HttpMessages(client, Paces(clock))
        self._parts = ReplyParts(self._messages, ShownReplies(store), clock, OwnedTasks(), Complaints())

    async def start(self) -> None:
        """Bring back which messages show replies that an earlier process did not finish; raises StoreError."""
        await self._parts.replies.load()

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> DiscordReply:
        return DiscordReply(self._parts, int(thread.thread_id), tuple(answering))

    async def stop(self) -> None:
        """End what runs in the background; nothing is sent afterwards but by who delivers a reply."""
        await self._parts.running.close(timedelta(0))
        await self._messages.stop(_STOP)
