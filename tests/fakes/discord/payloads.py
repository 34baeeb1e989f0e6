"""Guilds, channels and people as Discord writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.fakes.discord.channel import Channel, ChannelType
from tests.fakes.discord.people import Member, User
from tests.fakes.discord.permissions import Overwrite, Role
from tests.fakes.discord.wire import Json, id_text, iso

if TYPE_CHECKING:
    from tests.fakes.discord.guild import Guild

_MANY_MEMBERS = 250


def user_object(user: User) -> Json:
    return {
        "id": str(user.id),
        "username": user.name,
        "global_name": None if user.is_bot else user.name,
        "discriminator": "0000" if user.is_bot else "0",
        "avatar": None,
        "bot": user.is_bot,
        "flags": 0,
        "public_flags": 0,
        "primary_guild": None,
    }


def own_user_object(user: User) -> Json:
    """The bot's account as it sees itself."""
    private = {"mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}
    return {**user_object(user), **private}


def member_object(member: Member, *, with_user: bool = True) -> Json:
    found: Json = {
        "nick": member.nick,
        "avatar": None,
        "banner": None,
        "roles": [str(one) for one in member.role_ids],
        "joined_at": iso(member.joined_at),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return {**found, "user": user_object(member.user)} if with_user else found


def role_object(role: Role) -> Json:
    return {
        "id": str(role.id),
        "name": role.name,
        "description": None,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def overwrite_object(overwrite: Overwrite) -> Json:
    kind = 0 if overwrite.kind == "role" else 1
    return {"id": str(overwrite.id), "type": kind, "allow": str(overwrite.allow), "deny": str(overwrite.deny)}


def tag_object(tag_id: int, name: str) -> Json:
    return {"id": str(tag_id), "name": name, "moderated": False, "emoji_id": None, "emoji_name": None}


def channel_object(channel: Channel, *, viewer: User | None = None) -> Json:
    """A channel; a thread says whether `viewer` is a member of it."""
    if channel.is_thread:
        return thread_object(channel, viewer=viewer)
    if channel.kind is ChannelType.DM:
        return _dm_object(channel)
    assert channel.guild is not None
    found: Json = {
        "id": str(channel.id),
        "type": int(channel.kind),
        "guild_id": str(channel.guild.id),
        "name": channel.name,
        "position": list(channel.guild.channels).index(channel.id),
        "parent_id": id_text(channel.parent.id if channel.parent else None),
        "topic": channel.topic,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "last_message_id": id_text(channel.last_message_id),
        "permission_overwrites": [overwrite_object(one) for one in channel.overwrites.values()],
        "flags": 0,
    }
    return {**found, **_of_kind(channel)}


def _of_kind(channel: Channel) -> Json:
    if channel.kind is ChannelType.VOICE:
        return {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if channel.kind is ChannelType.FORUM:
        return {"available_tags": channel.tags, "default_reaction_emoji": None, "default_sort_order": None}
    return {}


def _dm_object(channel: Channel) -> Json:
    return {
        "id": str(channel.id),
        "type": int(ChannelType.DM),
        "last_message_id": id_text(channel.last_message_id),
        "recipients": [user_object(one) for one in channel.recipients],
        "flags": 0,
    }


def thread_object(thread: Channel, *, viewer: User | None = None) -> Json:
    state = thread.thread
    assert state is not None
    assert thread.guild is not None
    assert thread.parent is not None
    found: Json = {
        "id": str(thread.id),
        "type": int(thread.kind),
        "guild_id": str(thread.guild.id),
        "parent_id": str(thread.parent.id),
        "owner_id": str(state.owner_id),
        "name": thread.name,
        "last_message_id": id_text(thread.last_message_id),
        "rate_limit_per_user": 0,
        "message_count": state.message_count,
        "member_count": min(len(state.members), 50),
        "total_message_sent": state.message_count,
        "flags": 0,
        "thread_metadata": {
            "archived": state.archived,
            "archive_timestamp": iso(state.changed_at),
            "auto_archive_duration": state.auto_archive_minutes,
            "locked": state.locked,
            "create_timestamp": iso(state.created_at),
        },
    }
    if thread.parent.kind is ChannelType.FORUM:
        found["applied_tags"] = [str(one) for one in state.tags]
    if viewer is not None and viewer.id in state.members:
        found["member"] = thread_member_object(thread, viewer.id)
    return found


def thread_member_object(thread: Channel, user_id: int) -> Json:
    assert thread.thread is not None
    joined = thread.thread.members[user_id]
    return {"id": str(thread.id), "user_id": str(user_id), "join_timestamp": iso(joined), "flags": 0}


def guild_object(guild: Guild) -> Json:
    """A guild as REST answers it."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner.id),
        "roles": [role_object(one) for one in guild.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "icon": None,
        "splash": None,
        "banner": None,
        "discovery_splash": None,
        "home_header": None,
        "description": None,
        "region": "us-central",
        "preferred_locale": "en-US",
        "verification_level": 1,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw": False,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "premium_progress_bar_enabled_user_updated_at": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "safety_alerts_channel_id": None,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "vanity_url_code": None,
        "application_id": None,
        "widget_enabled": False,
        "widget_channel_id": None,
        "max_members": 500_000,
        "max_presences": None,
        "max_video_channel_users": 25,
        "max_stage_video_channel_users": 50,
        "hub_type": None,
        "incidents_data": None,
        "latest_onboarding_question_id": None,
        "owner_configured_content_level": 0,
    }


def guild_create_object(guild: Guild, viewer: User) -> Json:
    """A guild as the gateway tells of it: with all its channels, but only the active threads that `viewer` may see."""
    return {
        **guild_object(guild),
        "joined_at": iso(guild.members[viewer.id].joined_at) if viewer.id in guild.members else iso(datetime.now(UTC)),
        "large": len(guild.members) > _MANY_MEMBERS,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [member_object(guild.members[viewer.id])],
        "channels": [channel_object(one) for one in guild.channels.values()],
        "threads": [thread_object(one, viewer=viewer) for one in guild.active_threads() if one.permissions_of(viewer)],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }
