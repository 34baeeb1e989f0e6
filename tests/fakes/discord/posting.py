"""What happens to messages, whoever does it: posted, edited, deleted, reacted to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from tests.fakes.discord import threads
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.events import Event, Intent
from tests.fakes.discord.mentions import pings_of
from tests.fakes.discord.message import Draft, Message
from tests.fakes.discord.message_payloads import emoji_object, event_object
from tests.fakes.discord.payloads import member_object
from tests.fakes.discord.people import User
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.snowflakes import time_of
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World


def post(world: World, channel: Channel, author: User, draft: Draft, *, message_id: int | None = None) -> Message:
    """Show a message in a channel; an archived thread comes back by it."""
    if channel.thread is not None and channel.thread.archived:
        threads.set_archived(world, channel, archived=False)
    message = build(world, channel, author, draft, message_id=message_id)
    channel.keep(message)
    if channel.thread is not None and message.id != channel.id and not message.kind.is_system:
        channel.thread.message_count += 1
    tell(world, "MESSAGE_CREATE", message)
    return message


def build(
    world: World,
    channel: Channel,
    author: User,
    draft: Draft,
    *,
    message_id: int | None = None,
    at: datetime | None = None,
) -> Message:
    """A message that is in no channel yet."""
    chosen = message_id or world.snowflakes.next(at)
    pings = pings_of(draft, author, channel, answered=_answered(channel, draft))
    message = Message(chosen, channel, author, time_of(chosen), draft, pings, pings)
    message.note_version(world.monotonic())
    return message


def put_into_the_past(world: World, channel: Channel, author: User, draft: Draft, at: datetime) -> Message:
    """A message that was there before; nobody is told of it."""
    message = build(world, channel, author, draft, at=at)
    channel.keep(message)
    world.note_change()
    return message


def edit(world: World, message: Message, changed: Draft) -> None:
    """Show a message with other contents."""
    message.draft = replace(changed, nonce=message.nonce, reference=message.reference)
    message.edited_at = world.now()
    message.mentions = pings_of(message.draft, message.author, message.channel, answered=None)
    message.note_version(world.monotonic())
    if message.is_ephemeral:
        world.note_change()
    else:
        tell(world, "MESSAGE_UPDATE", message)


def delete(world: World, message: Message) -> None:
    message.deleted_at = world.monotonic()
    if message.is_ephemeral:
        world.note_change()
        return
    channel = message.channel
    channel.drop(message)
    data: Json = {"id": str(message.id), "channel_id": str(channel.id)}
    _tell_of_channel(world, "MESSAGE_DELETE", channel, data, _message_intent(channel))


def react(world: World, message: Message, user: User, emoji: str) -> None:
    users = message.reactions.setdefault(emoji, [])
    if user not in users:
        users.append(user)
        _tell_reaction(world, "MESSAGE_REACTION_ADD", message, user, emoji)


def unreact(world: World, message: Message, user: User, emoji: str) -> None:
    users = message.reactions.get(emoji, [])
    if user in users:
        users.remove(user)
        if not users:
            del message.reactions[emoji]
        _tell_reaction(world, "MESSAGE_REACTION_REMOVE", message, user, emoji)


def tell(world: World, event: str, message: Message) -> None:
    """Let the bot know, where it may look."""
    channel = message.channel
    if not channel.permissions_of(world.bot) & Permission.VIEW_CHANNEL:
        world.note_change()
        return
    guild_id = channel.guild.id if channel.guild else None
    data = event_object(message, viewer=world.bot)
    world.emit(Event(event, data, _message_intent(channel), guild_id, message))


def tell_typing(world: World, channel: Channel, user: User) -> None:
    guild = channel.guild
    data: Json = {
        "channel_id": str(channel.id),
        "user_id": str(user.id),
        "timestamp": int(world.now().timestamp()),
    }
    if guild is not None and user.id in guild.members:
        data["member"] = member_object(guild.members[user.id])
    intent = Intent.GUILD_MESSAGE_TYPING if guild else Intent.DIRECT_MESSAGE_TYPING
    _tell_of_channel(world, "TYPING_START", channel, data, intent)


def _tell_reaction(world: World, event: str, message: Message, user: User, emoji: str) -> None:
    channel = message.channel
    guild = channel.guild
    data: Json = {
        "user_id": str(user.id),
        "channel_id": str(channel.id),
        "message_id": str(message.id),
        "message_author_id": str(message.author.id),
        "emoji": emoji_object(emoji),
        "burst": False,
        "type": 0,
    }
    if guild is not None and user.id in guild.members:
        data["member"] = member_object(guild.members[user.id])
    intent = Intent.GUILD_MESSAGE_REACTIONS if guild else Intent.DIRECT_MESSAGE_REACTIONS
    _tell_of_channel(world, event, channel, data, intent)


def _tell_of_channel(world: World, event: str, channel: Channel, data: Json, intent: Intent) -> None:
    if not channel.permissions_of(world.bot) & Permission.VIEW_CHANNEL:
        world.note_change()
        return
    guild_id = channel.guild.id if channel.guild else None
    if guild_id is not None:
        data["guild_id"] = str(guild_id)
    world.emit(Event(event, data, intent, guild_id))


def _message_intent(channel: Channel) -> Intent:
    return Intent.GUILD_MESSAGES if channel.guild else Intent.DIRECT_MESSAGES


def _answered(channel: Channel, draft: Draft) -> User | None:
    """Who is answered by a reply."""
    if draft.reference is None or draft.reference.message_id is None or draft.kind.is_system:
        return None
    original = channel.message(draft.reference.message_id)
    return original.author if original else None
