"""Channels, direct messages and reactions over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.discord import access, posting, threads
from tests.fakes.discord.call import ROUTES, Answer, Call, snowflake
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.events import Event, Intent
from tests.fakes.discord.message_payloads import emoji_object
from tests.fakes.discord.payloads import channel_object, user_object
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.refusals import CANNOT_DM, UNKNOWN_EMOJI, UNKNOWN_USER, WRONG_CHANNEL_TYPE, RefusedError
from tests.fakes.discord.routes_threads import change_thread

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_CHANNEL = "/channels/{channel_id}"
_REACTIONS = "/channels/{channel_id}/messages/{message_id}/reactions"


@ROUTES.serve("GET", _CHANNEL)
def get_channel(world: World, call: Call) -> Answer:
    channel = call.channel(world)
    access.need(world, channel, Permission.VIEW_CHANNEL)
    return Answer(channel_object(channel, viewer=world.bot))


@ROUTES.serve("PATCH", _CHANNEL)
def change_channel(world: World, call: Call) -> Answer:
    channel = call.channel(world)
    if channel.is_thread:
        return change_thread(world, channel, call.json)
    access.need(world, channel, Permission.MANAGE_CHANNELS)
    channel.name = call.json.get("name", channel.name)
    channel.topic = call.json.get("topic", channel.topic)
    _tell(world, "CHANNEL_UPDATE", channel)
    return Answer(channel_object(channel))


@ROUTES.serve("DELETE", _CHANNEL)
def delete_channel(world: World, call: Call) -> Answer:
    channel = call.channel(world)
    answer = Answer(channel_object(channel, viewer=world.bot))
    if channel.is_thread:
        access.need(world, channel, Permission.MANAGE_THREADS)
        threads.delete(world, channel)
    elif channel.guild is not None:
        access.need(world, channel, Permission.MANAGE_CHANNELS)
        del channel.guild.channels[channel.id], world.channels[channel.id]
        _tell(world, "CHANNEL_DELETE", channel)
    return answer


@ROUTES.serve("POST", _CHANNEL + "/typing")
def start_typing(world: World, call: Call) -> Answer:
    channel = call.channel(world)
    access.need_to_post(world, channel)
    channel.typing.append(world.monotonic())
    posting.tell_typing(world, channel, world.bot)
    return Answer()


@ROUTES.serve("POST", "/users/@me/channels")
def open_dm(world: World, call: Call) -> Answer:
    user = world.users.get(snowflake(call.json.get("recipient_id"), "recipient_id"))
    if user is None:
        raise RefusedError(UNKNOWN_USER)
    if user.is_bot:
        raise RefusedError(CANNOT_DM)
    return Answer(channel_object(world.dm_with(user)))


@ROUTES.serve("PUT", _REACTIONS + "/{emoji}/@me")
def add_reaction(world: World, call: Call) -> Answer:
    message = access.message_of(world, call)
    access.refuse_archived(message.channel)
    emoji = _emoji(call)
    if emoji not in message.reactions:
        access.need(world, message.channel, Permission.ADD_REACTIONS)
    access.need(world, message.channel, Permission.READ_MESSAGE_HISTORY)
    posting.react(world, message, world.bot, emoji)
    return Answer()


@ROUTES.serve("DELETE", _REACTIONS + "/{emoji}/@me")
def remove_own_reaction(world: World, call: Call) -> Answer:
    message = access.message_of(world, call)
    access.refuse_archived(message.channel)
    posting.unreact(world, message, world.bot, _emoji(call))
    return Answer()


@ROUTES.serve("DELETE", _REACTIONS + "/{emoji}/{user_id}")
def remove_reaction(world: World, call: Call) -> Answer:
    message = access.message_of(world, call)
    access.refuse_archived(message.channel)
    access.need(world, message.channel, Permission.MANAGE_MESSAGES)
    user = world.users.get(call.id("user_id"))
    if user is None:
        raise RefusedError(UNKNOWN_USER)
    posting.unreact(world, message, user, _emoji(call))
    return Answer()


@ROUTES.serve("GET", _REACTIONS + "/{emoji}")
def list_reactions(world: World, call: Call) -> Answer:
    message = access.message_of(world, call)
    return Answer([user_object(one) for one in message.reactions.get(_emoji(call), [])])


def _emoji(call: Call) -> str:
    emoji = call.arguments["emoji"]
    if not emoji_object(emoji)["name"] or (emoji.isascii() and ":" not in emoji):
        raise RefusedError(UNKNOWN_EMOJI)
    return emoji


def _tell(world: World, event: str, channel: Channel) -> None:
    if channel.guild is None:
        raise RefusedError(WRONG_CHANNEL_TYPE)
    world.emit(Event(event, channel_object(channel), Intent.GUILDS, channel.guild.id))
