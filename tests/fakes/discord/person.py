"""What people do on Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.fakes.discord import interacting, posting, threads
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.interaction import Interaction
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
        assert channel.permissions_of(self.user), f"{self.name} cannot see {channel.name!r}"
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

    async def uses(self, command: str, channel: Channel, *, options: Mapping[str, object] | None = None) -> Interaction:
        """Use a slash command that the bot registered: `/search`, or `/memory show`."""
        await asyncio.sleep(0)
        return interacting.use_command(self.world, self.user, channel, command, options or {})

    async def autocompletes(
        self, command: str, channel: Channel, option: str, typed: str, *, options: Mapping[str, object] | None = None
    ) -> Interaction:
        """Type into an option with autocompletion; the choices come with the acknowledgement."""
        await asyncio.sleep(0)
        given = {**(options or {}), option: typed}
        return interacting.ask_choices(self.world, self.user, channel, command, option, given)

    async def uses_context_menu(
        self, name: str, target: Message | Person, channel: Channel | None = None
    ) -> Interaction:
        """Use a command from the menu of a message, or of a person in a channel."""
        await asyncio.sleep(0)
        if isinstance(target, Message):
            return interacting.use_menu(self.world, self.user, target.channel, name, target)
        assert channel is not None, "a person's menu is opened in a channel"
        return interacting.use_menu(self.world, self.user, channel, name, target.user)

    async def clicks(self, message: Message, custom_id: str, *, values: list[str] | None = None) -> Interaction:
        """Click a button, or choose from a menu."""
        await asyncio.sleep(0)
        return interacting.click(self.world, self.user, message, custom_id, values)

    async def submits(self, shown: Interaction, values: Mapping[str, str]) -> Interaction:
        """Send the form that an interaction was answered with."""
        await asyncio.sleep(0)
        return interacting.submit(self.world, self.user, shown, values)

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
