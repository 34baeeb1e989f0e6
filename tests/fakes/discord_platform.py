"""Echo's Discord adapter, connected to the loopback Discord, with a core that only notes what it is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import discord

from source.adapters.discord.parts import DiscordParts
from source.adapters.discord.platform import DiscordPlatform
from source.adapters.discord.settings import DiscordSettings
from source.domain.errors import EchoError, RefusedInputError, StoreError
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.channel import Channel, LiveReply
from source.ports.clock import SystemClock
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel as Room
from tests.fakes.discord.person import Person
from tests.fakes.running_echo import eventually
from tests.fakes.store import InMemoryStore

TOO_MANY = "That is too much for now."


class QuickClock(SystemClock):
    """Pauses take a hundredth of their time."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


class PlainReply:
    """A reply without streaming: its final text is one message."""

    def __init__(self, client: discord.Client, thread: ThreadRef) -> None:
        self._place = client.get_partial_messageable(int(thread.thread_id))

    async def notice(self, line: str) -> None:
        await self._place.send(line)

    def show(self, delta: str) -> None: ...

    def thinking(self) -> None: ...

    async def deliver(self, text: str, *, interrupted: bool = False) -> None:
        await self._place.send(text)

    async def fail(self, sentence: str) -> None:
        await self._place.send(sentence)


class PlainChannel:
    platform = Platform.DISCORD

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self.is_started = False

    async def start(self) -> None:
        self.is_started = True

    async def stop(self) -> None:
        self.is_started = False

    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> LiveReply:
        return PlainReply(self._client, thread)


@dataclass
class NotedTurns:
    """Accepts each message once and answers it with its own text; `refusing` is raised instead.

    From message number `limit` on, whoever asks first is told that it is too much.
    """

    store: InMemoryStore
    handled: list[InboundMessage] = field(default_factory=list)
    unlimited: list[bool] = field(default_factory=list)
    taken: list[list[InboundMessage]] = field(default_factory=list)
    recoveries: int = 0
    refusing: EchoError | None = None
    limit: int | None = None
    asked: int = 0
    attempts: int = 0
    held: asyncio.Event | None = None
    answers: bool = True
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, inbound: InboundMessage, channel: Channel, *, is_unlimited: bool = False) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        if self.refusing is not None:
            raise self.refusing
        if await self.store.accept(inbound) is None:
            return
        self.handled.append(inbound)
        self.unlimited.append(is_unlimited)
        self._note()
        if self.held is not None:
            await self.held.wait()
        if self.answers:
            await channel.open_reply(inbound.thread).deliver(f"Answer to: {inbound.text}"[:2_000])

    def refusal_of(self, inbound: InboundMessage, *, is_unlimited: bool = False) -> str | None:
        if isinstance(self.refusing, RefusedInputError):
            return str(self.refusing)
        is_over = self.limit is not None and self.asked >= self.limit and not is_unlimited
        return TOO_MANY if is_over else None

    async def take(
        self, inbounds: Sequence[InboundMessage], channel: Channel, *, unlimited: Container[str] = ()
    ) -> None:
        if isinstance(self.refusing, StoreError):
            self.attempts += 1
            self._note()
            raise self.refusing
        new = [each for each in inbounds if await self.store.accept(each) is not None]
        if new:
            self.taken.append(new)
            self.unlimited.extend(each.event_id in unlimited for each in new)
            self._note()

    async def recover(self, channel: Channel) -> None:
        await asyncio.sleep(0)
        self.recoveries += 1
        self._note()

    def stop(self, thread: ThreadKey, *, answering: int | None = None) -> bool:
        return False

    async def drain(self, deadline: timedelta, *platforms: Platform) -> None:
        await asyncio.sleep(0)
        if self.held is not None:
            self.held.set()

    @property
    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.handled]

    async def until(self, count: int) -> InboundMessage:
        """Return message number `count`, once it was handled."""
        async with asyncio.timeout(10):
            while len(self.handled) < count:
                await self.changed.wait()
        return self.handled[count - 1]

    async def until_taken(self, count: int) -> list[InboundMessage]:
        async with asyncio.timeout(10):
            while len(self.taken) < count:
                await self.changed.wait()
        return self.taken[count - 1]

    def _note(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


@dataclass
class NotedCorrections:
    edits: list[tuple[str, str]] = field(default_factory=list)
    deletions: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def edited(self, platform: Platform, event_id: str, text: str, at: datetime) -> None:
        await asyncio.sleep(0)
        self.edits.append((event_id, text))
        self._note()

    async def deleted(self, platform: Platform, event_ids: Sequence[str]) -> None:
        await asyncio.sleep(0)
        self.deletions.extend(event_ids)
        self._note()

    async def until(self, count: int) -> None:
        """Return when so many edits and deletions have come."""
        async with asyncio.timeout(10):
            while len(self.edits) + len(self.deletions) < count:
                await self.changed.wait()

    def _note(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class NoCommands:
    """A core without commands."""

    vocabulary: Any = ()


@dataclass
class Bot:
    """A running platform and what it was given."""

    platform: DiscordPlatform
    turns: NotedTurns
    corrections: NotedCorrections
    store: InMemoryStore
    stop: asyncio.Event
    running: asyncio.Task[None]

    async def has_looked_around(self) -> None:
        """Wait until every guild's places were compared with their marks."""
        client, catch_up = self.platform.client, self.platform._assembly.catch_up

        def looked() -> bool:
            guilds = client.guilds
            return client.user is not None and all(catch_up._looked_at(guild).is_set() for guild in guilds)

        await eventually(lambda: self.turns.recoveries > 0)
        await eventually(looked)

    async def leaves(self) -> None:
        """Stop in order."""
        self.stop.set()
        await self.running


async def _at_once(shard_id: int | None, *, initial: bool = False) -> None:
    await asyncio.sleep(0)


def parts_for(store: InMemoryStore) -> tuple[DiscordParts, NotedTurns, NotedCorrections]:
    turns, corrections = NotedTurns(store), NotedCorrections()
    commands: Any = NoCommands()
    return DiscordParts(turns, corrections, commands, store, QuickClock()), turns, corrections


def settings_for(server: FakeDiscord, **changes: Any) -> DiscordSettings:
    settings = DiscordSettings(token=server.token, api_base=server.api_base, gateway_url=server.gateway_url)
    return replace(settings, **changes)


def start_bot(server: FakeDiscord, *, store: InMemoryStore | None = None, **changes: Any) -> Bot:
    """Begin to connect; who calls it waits for what is to come."""
    store = store or InMemoryStore(SystemClock())
    parts, turns, corrections = parts_for(store)
    platform = DiscordPlatform(parts, settings_for(server, **changes), replies=PlainChannel)
    # discord.py waits for five seconds before each session but the first.
    platform.client.before_identify_hook = _at_once  # type: ignore[method-assign]
    stop = asyncio.Event()
    running = asyncio.create_task(platform.run(stop))
    return Bot(platform, turns, corrections, store, stop, running)


@asynccontextmanager
async def connected_bot(
    server: FakeDiscord, *, store: InMemoryStore | None = None, **changes: Any
) -> AsyncIterator[Bot]:
    """A bot that has its session and was told its guilds."""
    bot = start_bot(server, store=store, **changes)
    try:
        await server.wait_ready()
        yield bot
    finally:
        await bot.leaves()


def empty_store() -> InMemoryStore:
    return InMemoryStore(SystemClock())


async def thread_of(server: FakeDiscord, ada: Person, channel: Room) -> Room:
    """Have Echo open a thread and answer in it."""
    message = await ada.says(channel, "<@bot> let us talk")
    await server.until(lambda: message.id in server.world.channels)
    thread = server.channel(message.id)
    await server.answer_in(thread)
    return thread


async def said(ada: Person, channel: Room) -> Room:
    """Say something that is not for Echo."""
    await ada.says(channel, "good morning everybody")
    return channel


async def marked(bot: Bot, channel: Room) -> None:
    """Wait until the mark of a place stands at its last message."""
    place = str(channel.id) if channel.guild else f"dm:{channel.id}"
    await eventually(lambda: bot.store.marks.get((Platform.DISCORD, place)) == str(channel.last_message_id))
