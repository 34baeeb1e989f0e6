"""All that this Discord knows, in one process and without a disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.fakes.discord import payloads
from tests.fakes.discord.channel import Channel, ChannelType
from tests.fakes.discord.events import Event, Intent
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.message import Message
from tests.fakes.discord.people import User
from tests.fakes.discord.snowflakes import Snowflakes
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.interaction import Interaction

# Guilds are as old as this, a millisecond apart, so that they fall on different shards.
_GUILDS_SINCE = timedelta(days=30)
DEFAULT_TOKEN = "fake.discord.token"
_PERSON_AGE = timedelta(days=400)


@dataclass(slots=True)
class Rules:
    """The limits and deadlines that Discord sets; a test may shorten them."""

    ack: timedelta = timedelta(seconds=3)
    interaction_life: timedelta = timedelta(minutes=15)
    old_message: timedelta = timedelta(hours=1)
    old_edits: int = 3  # Discord does not tell the figure
    old_edits_retry_after: timedelta = timedelta(seconds=1)
    nonce_memory: timedelta = timedelta(minutes=5)
    command_creates_a_day: int = 200
    max_upload_bytes: int = 10 * 1024 * 1024


@dataclass(slots=True)
class Application:
    """The bot's application, and what its owner enabled in the developer portal."""

    id: int
    name: str
    intents: int = int(Intent.MESSAGE_CONTENT)
    commands: dict[int | None, list[Json]] = field(default_factory=dict)
    command_creates: dict[int | None, int] = field(default_factory=dict)

    @property
    def flags(self) -> int:
        """The privileged intents as flags of an application in fewer than 100 guilds."""
        limited = {Intent.GUILD_PRESENCES: 1 << 13, Intent.GUILD_MEMBERS: 1 << 15, Intent.MESSAGE_CONTENT: 1 << 19}
        return sum(flag for intent, flag in limited.items() if self.intents & intent)


class World:
    """Users, guilds, channels and their messages; every change is told to `listener`."""

    def __init__(self, *, listener: Callable[[Event], None], bot_name: str = "Echo") -> None:
        self.rules = Rules()
        self.snowflakes = Snowflakes()
        self.bot = User(self.snowflakes.next(datetime.now(UTC) - _PERSON_AGE), bot_name, is_bot=True)
        self.application = Application(self.bot.id, bot_name)
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[str, Interaction] = {}
        self.nonces: dict[tuple[int, str], tuple[float, Message]] = {}
        self.old_edits: dict[int, int] = {}
        self.files: dict[str, tuple[bytes, str | None]] = {}
        self.cdn_base = ""
        self.gateway_url = ""
        self.recommended_shards = 1
        self._listener = listener
        self._changed = asyncio.Event()

    def emit(self, event: Event) -> None:
        self._listener(event)
        self.note_change()

    def note_change(self) -> None:
        """Let everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], object], *, patience: float = 10.0) -> None:
        """Return when the condition holds; it is looked at after every change."""
        async with asyncio.timeout(patience):
            while not condition():
                await self._changed.wait()

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def add_user(self, name: str, *, is_bot: bool = False) -> User:
        user = User(self.snowflakes.next(datetime.now(UTC) - _PERSON_AGE), name, is_bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, *, owner: User | None = None) -> Guild:
        """A guild with the bot in it; connected sessions hear of it."""
        age = _GUILDS_SINCE - timedelta(milliseconds=len(self.guilds))
        guild_id = self.snowflakes.next(datetime.now(UTC).replace(microsecond=0) - age)
        guild = Guild(self, guild_id, name, owner or self.add_user(f"owner of {name}"))
        guild.add_everyone()
        self.guilds[guild.id] = guild
        guild.welcome(guild.owner)
        guild.welcome(self.bot)
        self.emit(Event("GUILD_CREATE", payloads.guild_create_object(guild, self.bot), Intent.GUILDS, guild.id))
        return guild

    def dm_with(self, user: User) -> Channel:
        """The direct messages of a user and the bot; the channel is made when it is not there."""
        for channel in self.channels.values():
            if channel.kind is ChannelType.DM and user in channel.recipients:
                return channel
        channel = Channel(self.snowflakes.next(), ChannelType.DM, "", recipients=[user])
        self.channels[channel.id] = channel
        return channel

    def keep_file(self, file_id: int, name: str, content: bytes, content_type: str | None) -> str:
        """Keep a file where it can be downloaded; return its address."""
        path = f"attachments/{file_id}/{name}"
        self.files[path] = (content, content_type)
        return f"{self.cdn_base}/{path}"
