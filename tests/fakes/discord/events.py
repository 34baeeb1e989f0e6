"""Events of the gateway, and who gets to know what of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING

from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.message import Message


class Intent(IntFlag):
    """Discord's documentation, "List of Intents"."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


ALL_INTENTS = (1 << 26) - 1
PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
_CONTENT_FIELDS: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be told to the sessions that asked for any of `intents` (0: to all)."""

    name: str
    data: Json
    intents: int = 0
    guild_id: int | None = None
    message: Message | None = None

    def concerns(self, intents: int, shard: tuple[int, int]) -> bool:
        """Whether a session with these intents hears of it; direct messages go to the first shard."""
        if self.intents and not self.intents & intents:
            return False
        return shard_of(self.guild_id, shard[1]) == shard[0]

    def data_for(self, intents: int, bot_id: int) -> Json:
        """The data, without the content that a session may not read."""
        message = self.message
        if message is None or intents & Intent.MESSAGE_CONTENT or self.guild_id is None:
            return self.data
        if message.author.id == bot_id or any(one["id"] == str(bot_id) for one in self.data["mentions"]):
            return self.data
        return {**self.data, **_CONTENT_FIELDS}


def shard_of(guild_id: int | None, count: int) -> int:
    return 0 if guild_id is None else (guild_id >> 22) % count
