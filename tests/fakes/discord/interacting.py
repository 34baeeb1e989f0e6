"""Commands, clicks and forms, as a user's client sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.fakes.discord import command_options, payloads
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.events import Event
from tests.fakes.discord.interaction import Interaction, InteractionType
from tests.fakes.discord.message import Message
from tests.fakes.discord.message_payloads import message_object
from tests.fakes.discord.people import User
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_CHAT_INPUT, _USER, _MESSAGE = 1, 2, 3
_ATTACHMENT_LIMIT = 10 * 1024 * 1024


def use_command(world: World, user: User, channel: Channel, path: str, options: Mapping[str, object]) -> Interaction:
    """Use a slash command that the bot registered: `/search`, or `/memory show`."""
    command, given = _command_data(world, channel, path, options, focused=None)
    return _send(world, InteractionType.COMMAND, user, channel, {**command, **given})


def ask_choices(
    world: World, user: User, channel: Channel, path: str, focused: str, options: Mapping[str, object]
) -> Interaction:
    """Type in an option that has autocompletion."""
    command, given = _command_data(world, channel, path, options, focused=focused)
    return _send(world, InteractionType.AUTOCOMPLETE, user, channel, {**command, **given})


def use_menu(world: World, user: User, channel: Channel, name: str, target: Message | User) -> Interaction:
    """Use a command from the menu of a message or of a user."""
    kind = _MESSAGE if isinstance(target, Message) else _USER
    command = find_command(world, channel, name, kind)
    resolved = _resolved(world, channel, target)
    data: Json = {
        "id": command["id"],
        "name": name,
        "type": kind,
        "target_id": str(target.id),
        "resolved": resolved,
    }
    found = _new(world, InteractionType.COMMAND, user, channel, data)
    found.message = target if isinstance(target, Message) else None
    return _tell(world, found, shows_message=False)


def click(world: World, user: User, message: Message, custom_id: str, values: list[str] | None) -> Interaction:
    """Click a button of a message, or choose from its menu."""
    component = next((one for one in message.buttons if one["custom_id"] == custom_id), None)
    known = [one["custom_id"] for one in message.buttons]
    assert component is not None, f"the message has no {custom_id!r}, only {known}"
    assert not component.get("disabled"), f"{custom_id!r} is disabled"
    data: Json = {"custom_id": custom_id, "component_type": component["type"], "id": component.get("id", 1)}
    if values is not None:
        data["values"] = values
    found = _new(world, InteractionType.COMPONENT, user, message.channel, data)
    found.message = message
    return _tell(world, found)


def submit(world: World, user: User, shown: Interaction, values: Mapping[str, str]) -> Interaction:
    """Send the form that the bot showed."""
    assert shown.modal is not None, "no form was shown"
    rows = [
        {"type": 1, "id": number, "components": [{"type": 4, "id": number, "custom_id": name, "value": value}]}
        for number, (name, value) in enumerate(values.items(), 1)
    ]
    data: Json = {"custom_id": shown.modal["custom_id"], "components": rows}
    found = _new(world, InteractionType.MODAL_SUBMIT, user, shown.channel, data)
    found.message, found.shown_by = shown.message, shown
    return _tell(world, found)


def find_command(world: World, channel: Channel, name: str, kind: int = _CHAT_INPUT) -> Json:
    """A command that can be used in a channel."""
    scopes = [None] + ([channel.guild.id] if channel.guild else [])
    known = [one for scope in scopes for one in world.application.commands.get(scope, [])]
    found = next((one for one in known if one["name"] == name and one["type"] == kind), None)
    assert found is not None, f"no command {name!r} is registered, only {sorted(one['name'] for one in known)}"
    return found


def _command_data(
    world: World, channel: Channel, path: str, options: Mapping[str, object], *, focused: str | None
) -> tuple[Json, Json]:
    name, *rest = path.removeprefix("/").split()
    command = find_command(world, channel, name)
    given = command_options.filled(command, rest, options, focused=focused)
    return {"id": command["id"], "name": name, "type": _CHAT_INPUT}, {"options": given} if given else {}


def _send(world: World, kind: InteractionType, user: User, channel: Channel, data: Json) -> Interaction:
    return _tell(world, _new(world, kind, user, channel, data))


def _new(world: World, kind: InteractionType, user: User, channel: Channel, data: Json) -> Interaction:
    found = Interaction(world, world.snowflakes.next(), kind, user, channel, data)
    found.sent_at = world.monotonic()
    world.interactions[found.token] = found
    return found


def _tell(world: World, interaction: Interaction, *, shows_message: bool = True) -> Interaction:
    guild = interaction.channel.guild
    body = _event_body(world, interaction)
    if interaction.message is not None and shows_message:
        body["message"] = message_object(interaction.message, viewer=world.bot)
    world.emit(Event("INTERACTION_CREATE", body, 0, guild.id if guild else None))
    return interaction


def _event_body(world: World, interaction: Interaction) -> Json:
    channel, user = interaction.channel, interaction.user
    guild = channel.guild
    permissions = str(channel.permissions_of(user))
    body: Json = {
        "id": str(interaction.id),
        "application_id": str(world.application.id),
        "type": int(interaction.kind),
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "channel": {**payloads.channel_object(channel, viewer=world.bot), "permissions": permissions},
        "locale": "en-US",
        "entitlements": [],
        "app_permissions": str(channel.permissions_of(world.bot)),
        "authorizing_integration_owners": {"0": str(guild.id) if guild else "0"},
        "context": 0 if guild else 1,
        "attachment_size_limit": _ATTACHMENT_LIMIT,
    }
    if guild is None:
        return {**body, "user": payloads.user_object(user)}
    member = {**payloads.member_object(guild.members[user.id]), "permissions": permissions}
    place = {"id": str(guild.id), "locale": "en-US", "features": []}
    return {**body, "guild_id": str(guild.id), "guild": place, "guild_locale": "en-US", "member": member}


def _resolved(world: World, channel: Channel, target: Message | User) -> Json:
    if isinstance(target, Message):
        return {"messages": {str(target.id): message_object(target, viewer=world.bot)}}
    found: Json = {"users": {str(target.id): payloads.user_object(target)}}
    if channel.guild is not None and target.id in channel.guild.members:
        member = payloads.member_object(channel.guild.members[target.id], with_user=False)
        found["members"] = {str(target.id): {**member, "permissions": str(channel.permissions_of(target))}}
    return found
