"""Where Echo answers, and what the core is told of the place."""

from enum import StrEnum

import discord

from source.domain.access import Visitor
from source.domain.thread import PersonRef, Platform, ThreadRef


class Kind(StrEnum):
    """What kind of place a message was written in."""

    DIRECT = "direct"
    CHANNEL = "channel"
    THREAD = "thread"
    VOICE = "voice"


class Answer(StrEnum):
    """Whether and where a message is answered."""

    NOT_AT_ALL = "not_at_all"
    HERE = "here"
    IN_NEW_THREAD = "in_new_thread"


def answer_at(kind: Kind, *, is_mentioned: bool, is_echos: bool = False) -> Answer:
    """Decide; `is_echos`: the thread is one of Echo's, where nobody needs to mention it."""
    if kind is Kind.DIRECT or (kind is Kind.THREAD and is_echos):
        return Answer.HERE
    if not is_mentioned:
        return Answer.NOT_AT_ALL
    return Answer.IN_NEW_THREAD if kind is Kind.CHANNEL else Answer.HERE


Place = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
    | discord.GroupChannel
    | discord.PartialMessageable
)


def kind_of(channel: Place) -> Kind | None:
    """Return the kind of a place; None where Echo has no business, or which it does not know."""
    match channel:
        case discord.Thread():
            return Kind.THREAD
        case discord.TextChannel():
            return Kind.CHANNEL
        case discord.VoiceChannel() | discord.StageChannel():
            return Kind.VOICE
        case discord.DMChannel():
            return Kind.DIRECT
        case discord.PartialMessageable(guild_id=None):
            return Kind.DIRECT
        case _:
            return None


def mark_of(channel: Place) -> str:
    """Return the name under which the last message seen in a place is kept."""
    return f"dm:{channel.id}" if kind_of(channel) is Kind.DIRECT else str(channel.id)


def is_from_person(message: discord.Message) -> bool:
    """Whether a person wrote it: no bot, no webhook, nothing that Discord says by itself."""
    written = message.type in (discord.MessageType.default, discord.MessageType.reply)
    return written and not message.author.bot and message.webhook_id is None


def is_mentioned(message: discord.Message, me: int) -> bool:
    """Whether Echo is: by name, by its own role, or by a reply that notifies it; @everyone is not meant for it."""
    by_role = any(role.tags is not None and role.tags.bot_id == me for role in message.role_mentions)
    return by_role or any(user.id == me for user in message.mentions)


def thread_ref(channel: Place) -> ThreadRef:
    """Return the place of a dialogue as the core knows it."""
    guild = getattr(channel, "guild", None)
    if guild is None:
        return ThreadRef(Platform.DISCORD, str(channel.id))
    return ThreadRef(Platform.DISCORD, str(channel.id), str(guild.id), guild.name or None, circle_of(channel))


def circle_of(channel: Place) -> str | None:
    """Return who can read along: None when everyone in the guild, else the id of the closed place."""
    if isinstance(channel, discord.Thread):
        if channel.is_private():
            return str(channel.id)
        if channel.parent is None:  # not among what Discord shows of the guild, so not open to all that is known
            return str(channel.parent_id)
        return _closed(channel.parent)
    if isinstance(channel, discord.abc.GuildChannel):
        return _closed(channel)
    return None


def _closed(channel: discord.abc.GuildChannel) -> str | None:
    everyone = channel.permissions_for(channel.guild.default_role)
    # Discord: the chat of a voice channel can be read by who may connect to it.
    is_voice = isinstance(channel, discord.VoiceChannel | discord.StageChannel)
    is_open = everyone.view_channel and (everyone.connect or not is_voice)
    return None if is_open else str(channel.id)


def visitor(user: discord.abc.User, channel: Place | None) -> Visitor:
    """Return whom the rules of access judge; a thread counts as its parent too."""
    guild = getattr(channel, "guild", None)
    if channel is None or guild is None:
        return Visitor(str(user.id))
    roles = tuple(str(role.id) for role in user.roles) if isinstance(user, discord.Member) else ()
    ids, category = _lineage(channel)
    return Visitor(str(user.id), roles, ids, category, str(guild.id))


def _lineage(channel: Place) -> tuple[tuple[str, ...], str | None]:
    if isinstance(channel, discord.Thread):
        category = channel.parent.category_id if channel.parent is not None else None
        ids: tuple[str, ...] = (str(channel.id), str(channel.parent_id))
    else:
        category = getattr(channel, "category_id", None)
        ids = (str(channel.id),)
    return ids, None if category is None else str(category)


def person(user: discord.abc.User) -> PersonRef:
    """Return who speaks, as people in that place call them."""
    return PersonRef(str(user.id), user.display_name)
