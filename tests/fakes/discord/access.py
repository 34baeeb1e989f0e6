"""Whether the bot may do what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Draft, Message
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.refusals import (
    CANNOT_DM,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    NO_TEXT_CHANNEL,
    REPLY_NEEDS_HISTORY,
    THREAD_IS_ARCHIVED,
    THREAD_IS_LOCKED,
    UNKNOWN_MESSAGE,
    RefusedError,
)

if TYPE_CHECKING:
    from tests.fakes.discord.call import Call
    from tests.fakes.discord.world import World


def need(world: World, channel: Channel, permission: Permission) -> None:
    """Refuse with 50001 who cannot see the channel, with 50013 who lacks the permission there."""
    granted = channel.permissions_of(world.bot)
    if not granted & Permission.VIEW_CHANNEL:
        raise RefusedError(MISSING_ACCESS)
    if not granted & permission:
        raise RefusedError(MISSING_PERMISSIONS)


def need_to_post(world: World, channel: Channel) -> None:
    if not channel.has_text:
        raise RefusedError(NO_TEXT_CHANNEL)
    if any(not one.takes_dms for one in channel.recipients):
        raise RefusedError(CANNOT_DM)
    in_thread = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
    need(world, channel, in_thread)
    refuse_locked(world, channel)


def need_for_draft(world: World, channel: Channel, draft: Draft) -> None:
    if draft.attachments:
        need(world, channel, Permission.ATTACH_FILES)
    if draft.reference is not None and not channel.permissions_of(world.bot) & Permission.READ_MESSAGE_HISTORY:
        raise RefusedError(REPLY_NEEDS_HISTORY)


def refuse_locked(world: World, channel: Channel) -> None:
    """A locked thread is for moderators."""
    is_moderator = channel.permissions_of(world.bot) & Permission.MANAGE_THREADS
    if channel.thread is not None and channel.thread.locked and not is_moderator:
        raise RefusedError(THREAD_IS_LOCKED)


def refuse_archived(channel: Channel) -> None:
    if channel.thread is not None and channel.thread.archived:
        raise RefusedError(THREAD_IS_ARCHIVED)


def message_of(world: World, call: Call) -> Message:
    """The message of the path, which has to be there and to be readable."""
    channel = call.channel(world)
    need(world, channel, Permission.VIEW_CHANNEL)
    found = channel.message(call.id("message_id"))
    if found is None:
        raise RefusedError(UNKNOWN_MESSAGE)
    return found
