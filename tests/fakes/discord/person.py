"""What people do on Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.fakes.discord import posting, threads
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Attachment, Draft, Message, MessageType, Reference
from tests.fakes.discord.people import User

if TYPE_CHECKING:
    from tests.fakes.discord.guild import Guild
    from tests.fakes.discord.world import World


@dataclass(frozen=True, slots=True)
class Person:
    """Someone at a keyboard; `<@bot>` in what they say is the bot's mention."""

    world: World = field(repr=False)
    user: User
    guild: Guild | None = field(default=None, repr=False)

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def mention(self) -> str:
        return self.user.mention

    @property
    def dm(self) -> Channel:
        """The direct messages with the bot."""
        return self.world.dm_with(self.user)

    async def says(
        self,
        channel: Channel,
        text: str,
        *,
        replying_to: Message | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Message:
        await asyncio.sleep(0)
        return posting.post(self.world, channel, self.user, self._draft(text, replying_to, files))

    async def opens_thread(self, message: Message, name: str) -> Channel:
        await asyncio.sleep(0)
        return threads.create_from(self.world, message, self.user, name)

    async def posts(self, forum: Channel, title: str, text: str) -> tuple[Channel, Message]:
        """Start a post in a forum."""
        await asyncio.sleep(0)
        return threads.create_post(self.world, forum, self.user, title, self._draft(text, None, None))

    async def edits(self, message: Message, text: str) -> None:
        assert message.author is self.user, f"{self.name} cannot edit what {message.author.name} wrote"
        await asyncio.sleep(0)
        posting.edit(self.world, message, replace(message.draft, content=self._addressed(text)))

    async def deletes(self, message: Message) -> None:
        await asyncio.sleep(0)
        posting.delete(self.world, message)

    async def reacts(self, message: Message, emoji: str) -> None:
        await asyncio.sleep(0)
        posting.react(self.world, message, self.user, emoji)

    async def types_in(self, channel: Channel) -> None:
        await asyncio.sleep(0)
        posting.tell_typing(self.world, channel, self.user)

    async def archives(self, thread: Channel, *, locked: bool | None = None) -> None:
        await asyncio.sleep(0)
        threads.set_archived(self.world, thread, archived=True, locked=locked)

    def _draft(self, text: str, replying_to: Message | None, files: Mapping[str, bytes] | None) -> Draft:
        draft = Draft(self._addressed(text), attachments=tuple(self._attached(files or {})))
        if replying_to is None:
            return draft
        place = replying_to.channel
        reference = Reference(replying_to.id, place.id, place.guild.id if place.guild else None)
        return replace(draft, kind=MessageType.REPLY, reference=reference)

    def _addressed(self, text: str) -> str:
        return text.replace("<@bot>", self.world.bot.mention)

    def _attached(self, files: Mapping[str, bytes]) -> list[Attachment]:
        found = []
        for name, content in files.items():
            file_id = self.world.snowflakes.next()
            url = self.world.keep_file(file_id, name, content, None)
            found.append(Attachment(file_id, name, content, None, url))
        return found
