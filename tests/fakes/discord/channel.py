"""Places where messages are: channels, threads, direct messages."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING

from tests.fakes.discord.permissions import DIRECT, Overwrite, Permission, in_channel
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.guild import Guild
    from tests.fakes.discord.message import Message
    from tests.fakes.discord.people import User


class ChannelType(IntEnum):
    """Discord's documentation, "Channel Types"."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13
    FORUM = 15


THREADS = (ChannelType.ANNOUNCEMENT_THREAD, ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD)
WITH_TEXT = (ChannelType.TEXT, ChannelType.DM, ChannelType.VOICE, ChannelType.ANNOUNCEMENT, ChannelType.STAGE, *THREADS)


@dataclass(slots=True)
class ThreadState:
    """What a thread has beyond a channel."""

    owner_id: int
    created_at: datetime
    changed_at: datetime
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 1440
    members: dict[int, datetime] = field(default_factory=dict)
    message_count: int = 0
    tags: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Channel:
    """A channel of any kind; `thread` is there in threads, `recipients` in direct messages."""

    id: int
    kind: ChannelType
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    topic: str | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    recipients: list[User] = field(default_factory=list)
    tags: list[Json] = field(default_factory=list)
    thread: ThreadState | None = None
    last_message_id: int | None = None
    typing: list[float] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict, repr=False)
    _visible_ids: list[int] = field(default_factory=list, repr=False)

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    @property
    def is_thread(self) -> bool:
        return self.thread is not None

    @property
    def has_text(self) -> bool:
        return self.kind in WITH_TEXT

    def permissions_of(self, user: User) -> int:
        """What a user may do here; nothing in a guild of which the user is no member."""
        if self.guild is None:
            return DIRECT if user in self.recipients or user.is_bot else 0
        member = self.guild.members.get(user.id)
        if member is None:
            return 0
        place = self.parent if self.is_thread and self.parent else self
        base = self.guild.permissions_of(member)
        granted = in_channel(
            base, place.overwrites, everyone_id=self.guild.id, role_ids=member.role_ids, member_id=user.id
        )
        return granted if self._lets_in(user, granted) else 0

    def _lets_in(self, user: User, granted: int) -> bool:
        """Whether a private thread knows the user."""
        if self.kind is not ChannelType.PRIVATE_THREAD or self.thread is None:
            return True
        return user.id in self.thread.members or bool(granted & Permission.MANAGE_THREADS)

    def keep(self, message: Message) -> None:
        self.messages[message.id] = message
        insort(self._visible_ids, message.id)
        self.last_message_id = max(message.id, self.last_message_id or 0)

    def drop(self, message: Message) -> None:
        """Show a message no more; `last_message_id` stays, as it does at Discord."""
        self._visible_ids.remove(message.id)

    def visible(self) -> list[Message]:
        """The messages that can be read, oldest first."""
        return [self.messages[one] for one in self._visible_ids]

    def message(self, message_id: int) -> Message | None:
        found = self.messages.get(message_id)
        return None if found is None or found.is_deleted else found

    def page(
        self, limit: int, *, before: int | None = None, after: int | None = None, around: int | None = None
    ) -> list[Message]:
        """At most `limit` messages, newest first; those nearest to the given id."""
        ids = self._visible_ids
        if around is not None:
            middle = bisect_left(ids, around)
            chosen: Iterable[int] = ids[max(0, middle - limit // 2) :][:limit]
        elif after is not None:
            start = bisect_right(ids, after)
            chosen = ids[start : start + limit]
        else:
            end = len(ids) if before is None else bisect_left(ids, before)
            chosen = ids[max(0, end - limit) : end]
        return [self.messages[one] for one in reversed(list(chosen))]
