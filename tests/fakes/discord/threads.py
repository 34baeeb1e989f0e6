"""What happens to threads: created, archived, renamed, joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.discord import posting
from tests.fakes.discord.channel import Channel, ChannelType, ThreadState
from tests.fakes.discord.events import Event, Intent
from tests.fakes.discord.message import Draft, Message, MessageType, Reference
from tests.fakes.discord.payloads import thread_member_object, thread_object
from tests.fakes.discord.people import User
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World


def create(
    world: World,
    parent: Channel,
    owner: User,
    name: str,
    *,
    kind: ChannelType = ChannelType.PUBLIC_THREAD,
    auto_archive_minutes: int = 1440,
    tags: list[int] | None = None,
) -> Channel:
    """A thread of its own, which the parent shows by a system message."""
    thread = _new(world, parent, owner, name, world.snowflakes.next(), kind, auto_archive_minutes, tags)
    tell(world, "THREAD_CREATE", thread, newly_created=True)
    if kind is not ChannelType.PRIVATE_THREAD and parent.kind is not ChannelType.FORUM:
        reference = Reference(None, thread.id, _guild_id(parent))
        posting.post(world, parent, owner, Draft(name, kind=MessageType.THREAD_CREATED, reference=reference))
    return thread


def create_from(world: World, message: Message, owner: User, name: str, *, auto_archive_minutes: int = 1440) -> Channel:
    """A thread that hangs on a message and has its id."""
    parent = message.channel
    kind = ChannelType.PUBLIC_THREAD
    thread = _new(world, parent, owner, name, message.id, kind, auto_archive_minutes, None)
    message.thread = thread
    tell(world, "THREAD_CREATE", thread, newly_created=True)
    posting.tell(world, "MESSAGE_UPDATE", message)
    reference = Reference(message.id, parent.id, _guild_id(parent))
    starter = Draft(kind=MessageType.THREAD_STARTER_MESSAGE, reference=reference)
    posting.post(world, thread, message.author, starter)
    return thread


def create_post(
    world: World,
    forum: Channel,
    author: User,
    name: str,
    draft: Draft,
    *,
    auto_archive_minutes: int = 1440,
    tags: list[int] | None = None,
) -> tuple[Channel, Message]:
    """A post in a forum: a thread whose first message has the thread's id."""
    kind = ChannelType.PUBLIC_THREAD
    thread = _new(world, forum, author, name, world.snowflakes.next(), kind, auto_archive_minutes, tags)
    forum.last_message_id = thread.id
    tell(world, "THREAD_CREATE", thread, newly_created=True)
    return thread, posting.post(world, thread, author, draft, message_id=thread.id)


def add_many(world: World, parent: Channel, owner: User, count: int, *, archived: bool = False) -> list[Channel]:
    """Threads that were there before; nobody is told of them."""
    found = []
    for number in range(count):
        name, thread_id = f"thread {number}", world.snowflakes.next()
        thread = _new(world, parent, owner, name, thread_id, ChannelType.PUBLIC_THREAD, 1440, None)
        assert thread.thread is not None
        thread.thread.archived = archived
        thread.last_message_id = thread_id
        found.append(thread)
    return found


def set_archived(world: World, thread: Channel, *, archived: bool, locked: bool | None = None) -> None:
    state = _state(thread)
    state.archived, state.changed_at = archived, world.now()
    if locked is not None:
        state.locked = locked
    tell(world, "THREAD_UPDATE", thread)


def rename(world: World, thread: Channel, name: str, who: User) -> None:
    """Give a thread another name, which a system message in it tells."""
    thread.name = name
    tell(world, "THREAD_UPDATE", thread)
    posting.post(world, thread, who, Draft(name, kind=MessageType.CHANNEL_NAME_CHANGE))


def add_member(world: World, thread: Channel, user: User) -> None:
    state = _state(thread)
    if user.id in state.members:
        return
    state.members[user.id] = world.now()
    data: Json = {
        "id": str(thread.id),
        "member_count": len(state.members),
        "added_members": [thread_member_object(thread, user.id)],
        "removed_member_ids": [],
    }
    _emit(world, "THREAD_MEMBERS_UPDATE", thread, data)


def delete(world: World, thread: Channel) -> None:
    assert thread.guild is not None
    assert thread.parent is not None
    thread.guild.threads.pop(thread.id, None)
    world.channels.pop(thread.id, None)
    data: Json = {"id": str(thread.id), "parent_id": str(thread.parent.id), "type": int(thread.kind)}
    _emit(world, "THREAD_DELETE", thread, data)


def tell(world: World, event: str, thread: Channel, *, newly_created: bool = False) -> None:
    if not thread.permissions_of(world.bot):
        world.note_change()
        return
    data = thread_object(thread, viewer=world.bot)
    _emit(world, event, thread, {**data, "newly_created": True} if newly_created else data)


def _new(
    world: World,
    parent: Channel,
    owner: User,
    name: str,
    thread_id: int,
    kind: ChannelType,
    auto_archive_minutes: int,
    tags: list[int] | None,
) -> Channel:
    assert parent.guild is not None
    now = world.now()
    state = ThreadState(owner.id, now, now, auto_archive_minutes=auto_archive_minutes, tags=tags or [])
    state.members[owner.id] = now
    thread = Channel(thread_id, kind, name, parent.guild, parent, thread=state)
    parent.guild.threads[thread.id] = world.channels[thread.id] = thread
    return thread


def _emit(world: World, event: str, thread: Channel, data: Json) -> None:
    assert thread.guild is not None
    world.emit(Event(event, {**data, "guild_id": str(thread.guild.id)}, Intent.GUILDS, thread.guild.id))


def _state(thread: Channel) -> ThreadState:
    assert thread.thread is not None
    return thread.thread


def _guild_id(channel: Channel) -> int | None:
    return channel.guild.id if channel.guild else None
