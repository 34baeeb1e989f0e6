"""Messages as Discord writes them."""

from __future__ import annotations

from itertools import count

from tests.fakes.discord.message import Attachment, Message, Reference
from tests.fakes.discord.payloads import member_object, thread_object, user_object
from tests.fakes.discord.people import User
from tests.fakes.discord.wire import Json, id_text, iso

_SELECTS = (3, 5, 6, 7, 8)


def message_object(message: Message, *, viewer: User, follows_reference: bool = True) -> Json:
    """A message as REST answers it."""
    found: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "type": int(message.kind),
        "author": user_object(message.author),
        "content": message.content,
        "timestamp": iso(message.created_at),
        "edited_timestamp": iso(message.edited_at),
        "tts": message.draft.tts,
        "pinned": False,
        "flags": message.flags,
        "mention_everyone": message.mentions.everyone,
        "mentions": [user_object(one) for one in mentioned_users(message)],
        "mention_roles": [str(one) for one in sorted(message.mentions.role_ids)],
        "attachments": [attachment_object(one) for one in message.attachments],
        "embeds": [{"type": "rich", **one} for one in message.embeds],
        "components": numbered(message.components),
    }
    if message.nonce is not None:
        found["nonce"] = message.nonce
    if message.reactions:
        found["reactions"] = [reaction_object(one, users, viewer) for one, users in message.reactions.items()]
    if message.thread is not None:
        found["thread"] = thread_object(message.thread, viewer=viewer)
    if message.draft.interaction is not None:
        found |= message.draft.interaction
    if message.reference is not None:
        found |= _reference_fields(message, message.reference, viewer, follows=follows_reference)
    return found


def event_object(message: Message, *, viewer: User) -> Json:
    """A message as the gateway tells of it: with its guild and its author's membership."""
    found = message_object(message, viewer=viewer)
    guild = message.channel.guild
    if guild is None:
        return found
    found["guild_id"] = str(guild.id)
    if (member := guild.members.get(message.author.id)) is not None:
        found["member"] = member_object(member, with_user=False)
    for mention in found["mentions"]:
        if (member := guild.members.get(int(mention["id"]))) is not None:
            mention["member"] = member_object(member, with_user=False)
    return found


def numbered(components: tuple[Json, ...]) -> list[Json]:
    """Components as they come back: each with an id, and with the defaults that were left out."""
    numbers = count(1)

    def completed(component: Json) -> Json:
        found = {"id": next(numbers), **_component_defaults(component), **component}
        if "components" in component:
            found["components"] = [completed(one) for one in component["components"]]
        if isinstance(component.get("accessory"), dict):
            found["accessory"] = completed(component["accessory"])
        return found

    return [completed(one) for one in components]


def _component_defaults(component: Json) -> Json:
    return {"min_values": 1, "max_values": 1} if component.get("type") in _SELECTS else {}


def attachment_object(attachment: Attachment) -> Json:
    found: Json = {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": len(attachment.content),
        "url": attachment.url,
        "proxy_url": attachment.url,
    }
    return {**found, "content_type": attachment.content_type} if attachment.content_type else found


def emoji_object(emoji: str) -> Json:
    """An emoji from the form that it has in paths: a character, or `name:id`."""
    name, _, emoji_id = emoji.partition(":")
    return {"id": emoji_id or None, "name": name}


def reaction_object(emoji: str, users: list[User], viewer: User) -> Json:
    return {
        "emoji": emoji_object(emoji),
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "burst_colors": [],
        "me": viewer in users,
        "me_burst": False,
    }


def mentioned_users(message: Message) -> list[User]:
    known = message.channel.guild.world.users if message.channel.guild else {}
    dm = {one.id: one for one in (*message.channel.recipients, message.author)}
    ids = sorted(message.mentions.user_ids)
    return [known.get(one) or dm[one] for one in ids if one in known or one in dm]


def _reference_fields(message: Message, reference: Reference, viewer: User, *, follows: bool) -> Json:
    found: Json = {"type": 0, "channel_id": str(reference.channel_id)}
    if reference.guild_id is not None:
        found["guild_id"] = id_text(reference.guild_id)
    if reference.message_id is None:
        return {"message_reference": found}
    fields: Json = {"message_reference": {**found, "message_id": str(reference.message_id)}}
    if follows:
        original = _referenced(message, reference)
        answered = None if original is None else message_object(original, viewer=viewer, follows_reference=False)
        fields["referenced_message"] = answered
    return fields


def _referenced(message: Message, reference: Reference) -> Message | None:
    assert reference.message_id is not None
    places = [message.channel] + ([message.channel.parent] if message.channel.parent else [])
    found = (place.message(reference.message_id) for place in places if place.id == reference.channel_id)
    return next(found, None)
