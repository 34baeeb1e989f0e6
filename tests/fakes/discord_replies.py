"""Replies on the loopback Discord, without the rest of Echo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import discord

from source.adapters.discord.addresses import addressed
from source.adapters.discord.replies import DiscordChannel, DiscordReply, answers_trace
from source.adapters.discord.settings import DiscordSettings
from source.domain.reply_text import split
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import SentPart
from source.ports.clock import Clock, SystemClock
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Message
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import inbound


class QuickClock(SystemClock):
    """Sleeps a tenth as long, and says it slept it all: for pauses between attempts, not for paces."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 10)


@dataclass
class ReplyDesk:
    """One process of Echo as far as replies go; `again` is the next one over the same store."""

    server: FakeDiscord
    client: discord.Client
    channel: DiscordChannel
    store: InMemoryStore
    place: Channel
    keys: list[int] = field(default_factory=list)

    @property
    def thread(self) -> ThreadRef:
        return ThreadRef(Platform.DISCORD, str(self.place.id))

    async def accepted(self) -> int:
        """Have the store accept a message of the thread; return its key."""
        event = await self.store.accept(inbound(thread=self.thread))
        assert event is not None
        self.keys.append(event.key)
        return event.key

    async def reply(self) -> DiscordReply:
        """Open a reply to a message that was just accepted."""
        return self.channel.open_reply(self.thread, [await self.accepted()])

    def same_reply(self) -> DiscordReply:
        """Open the last reply again, as the core does after a failure or a crash."""
        return self.channel.open_reply(self.thread, self.keys[-1:])

    @property
    def messages(self) -> list[Message]:
        """What the bot has in the thread now."""
        return [message for message in self.place.visible() if message.author is self.server.bot]

    @property
    def texts(self) -> list[str]:
        return [message.content for message in self.messages]

    def note(self, key: int, message: Message) -> None:
        """Have the store know that a message shows the beginning of a reply."""
        self.store.note_sent(Platform.DISCORD, SentPart(key, 0, str(message.id)))

    async def first_text(self) -> Message:
        """Wait until something can be read."""
        return await self.server.answer_in(self.place)

    async def place_says(self, text: str) -> None:
        """Have somebody else write into the thread."""
        assert self.place.guild is not None
        await self.place.guild.add_member("Ada").says(self.place, text)

    async def crash(self) -> None:
        """Start again with what the store knows; nothing of the process's memory is left."""
        await self.channel.stop()
        self.channel = DiscordChannel(self.client, self.store, SystemClock())
        await self.channel.start()


def shown(text: str) -> list[str]:
    """What the messages of a reply have to say, as Discord shows them."""
    return [chunk.text.strip() for chunk in split(text, 2_000)]


@asynccontextmanager
async def reply_desk(server: FakeDiscord, *, clock: Clock | None = None) -> AsyncIterator[ReplyDesk]:
    """A client that is logged in, and a thread to write into."""
    place = server.add_guild("Workshop").add_text_channel("general")
    clock = clock or SystemClock()
    store = InMemoryStore(clock)
    settings = DiscordSettings(token=server.token, api_base=server.api_base, gateway_url=server.gateway_url)
    client = discord.Client(intents=discord.Intents.none(), http_trace=answers_trace())
    with addressed(settings):
        await client.login(server.token)
        desk = ReplyDesk(server, client, DiscordChannel(client, store, clock), store, place)
        await desk.channel.start()
        try:
            yield desk
        finally:
            await desk.channel.stop()
            await client.close()
