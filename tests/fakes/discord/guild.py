"""A guild, and what a test puts into it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from tests.fakes.discord import payloads, threads
from tests.fakes.discord.channel import Channel, ChannelType
from tests.fakes.discord.events import Event, Intent
from tests.fakes.discord.people import Member, User
from tests.fakes.discord.permissions import EVERYONE_DEFAULT, Overwrite, Role, base_permissions
from tests.fakes.discord.person import Person
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World


@dataclass(slots=True, eq=False)
class Guild:
    """A Discord server with its roles, members and channels; the bot is a member from the beginning."""

    world: World = field(repr=False)
    id: int
    name: str
    owner: User
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict, repr=False)
    channels: dict[int, Channel] = field(default_factory=dict, repr=False)
    threads: dict[int, Channel] = field(default_factory=dict, repr=False)

    @property
    def everyone(self) -> Role:
        return self.roles[self.id]

    def permissions_of(self, member: Member) -> int:
        granted = [self.roles[one].permissions for one in member.role_ids if one in self.roles]
        return base_permissions(self.everyone.permissions, granted, is_owner=member.user is self.owner)

    def add_everyone(self) -> None:
        self.roles[self.id] = Role(self.id, "@everyone", EVERYONE_DEFAULT, 0)

    def add_role(self, name: str, permissions: int = 0) -> Role:
        role = Role(self.world.snowflakes.next(), name, int(permissions), len(self.roles))
        self.roles[role.id] = role
        self._tell("GUILD_ROLE_CREATE", {"role": payloads.role_object(role)}, Intent.GUILDS)
        return role

    def add_member(self, name: str, *, roles: Iterable[Role] = (), nick: str | None = None) -> Person:
        """A new person of Discord, who is a member here."""
        return self.welcome(self.world.add_user(name), roles=roles, nick=nick)

    def welcome(self, user: User, *, roles: Iterable[Role] = (), nick: str | None = None) -> Person:
        """Make a user that is already there a member."""
        member = Member(user, datetime.now(UTC), [role.id for role in roles], nick)
        self.members[user.id] = member
        self._tell("GUILD_MEMBER_ADD", payloads.member_object(member), Intent.GUILD_MEMBERS)
        return Person(self.world, user, self)

    def set_roles(self, who: Person | User, *roles: Role) -> None:
        """Give a member exactly these roles."""
        member = self.members[who.id]
        member.role_ids = [role.id for role in roles]
        self._tell("GUILD_MEMBER_UPDATE", payloads.member_object(member), Intent.GUILD_MEMBERS)

    def set_permissions(self, role: Role, permissions: int) -> None:
        role.permissions = int(permissions)
        self._tell("GUILD_ROLE_UPDATE", {"role": payloads.role_object(role)}, Intent.GUILDS)

    def add_text_channel(self, name: str, *, category: Channel | None = None, topic: str | None = None) -> Channel:
        return self._add_channel(ChannelType.TEXT, name, category, topic=topic)

    def add_voice_channel(self, name: str, *, category: Channel | None = None) -> Channel:
        return self._add_channel(ChannelType.VOICE, name, category)

    def add_category(self, name: str) -> Channel:
        return self._add_channel(ChannelType.CATEGORY, name, None)

    def add_forum(self, name: str, *, category: Channel | None = None, tags: Iterable[str] = ()) -> Channel:
        forum = self._add_channel(ChannelType.FORUM, name, category, tells=False)
        forum.tags = [payloads.tag_object(self.world.snowflakes.next(), tag) for tag in tags]
        self._tell_channel("CHANNEL_CREATE", forum)
        return forum

    def add_threads(
        self, parent: Channel, count: int, *, owner: User | None = None, archived: bool = False
    ) -> list[Channel]:
        """Threads that were there before anybody connected; nobody is told of them."""
        return threads.add_many(self.world, parent, owner or self.world.bot, count, archived=archived)

    def overwrite(self, channel: Channel, target: Role | Person | User, *, allow: int = 0, deny: int = 0) -> None:
        """Allow or deny something in one channel."""
        kind: Literal["role", "member"] = "role" if isinstance(target, Role) else "member"
        channel.overwrites[target.id] = Overwrite(target.id, kind, int(allow), int(deny))
        self._tell_channel("CHANNEL_UPDATE", channel)

    def active_threads(self) -> list[Channel]:
        return [one for one in self.threads.values() if one.thread is not None and not one.thread.archived]

    def _add_channel(
        self,
        kind: ChannelType,
        name: str,
        category: Channel | None,
        *,
        topic: str | None = None,
        tells: bool = True,
    ) -> Channel:
        channel = Channel(self.world.snowflakes.next(), kind, name, self, category, topic)
        self.channels[channel.id] = self.world.channels[channel.id] = channel
        if tells:
            self._tell_channel("CHANNEL_CREATE", channel)
        return channel

    def _tell_channel(self, event: str, channel: Channel) -> None:
        self._tell(event, payloads.channel_object(channel), Intent.GUILDS)

    def _tell(self, event: str, data: Json, intent: Intent) -> None:
        self.world.emit(Event(event, {**data, "guild_id": str(self.id)}, intent, self.id))
