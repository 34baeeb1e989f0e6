"""The bot's side of an interaction: one acknowledgement in time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fakes.discord import posting
from tests.fakes.discord.call import ROUTES, Answer, Call
from tests.fakes.discord.drafts import changed_draft, new_draft
from tests.fakes.discord.interaction import Ack, Interaction, InteractionType, is_loading
from tests.fakes.discord.message import Draft, Message, MessageFlag, MessageType
from tests.fakes.discord.message_payloads import message_object
from tests.fakes.discord.payloads import user_object
from tests.fakes.discord.refusals import ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION, RefusedError, invalid
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_FITTING = {
    InteractionType.COMMAND: (Ack.MESSAGE, Ack.DEFERRED_MESSAGE, Ack.MODAL),
    InteractionType.COMPONENT: (Ack.MESSAGE, Ack.DEFERRED_MESSAGE, Ack.DEFERRED_UPDATE, Ack.UPDATE, Ack.MODAL),
    InteractionType.AUTOCOMPLETE: (Ack.AUTOCOMPLETE,),
    InteractionType.MODAL_SUBMIT: (Ack.MESSAGE, Ack.DEFERRED_MESSAGE, Ack.DEFERRED_UPDATE, Ack.UPDATE),
}
_CHAT_INPUT = 1
_MOST_CHOICES = 25


@ROUTES.serve("POST", "/interactions/{webhook_id}/{webhook_token}/callback", needs_token=False)
def acknowledge(world: World, call: Call) -> Answer:
    interaction = _in_time(world, call)
    body = call.json
    ack = _ack_of(interaction, body)
    data: Json = body.get("data") or {}
    match ack:
        case Ack.MESSAGE:
            draft = new_draft(world, call, data)
            interaction.original = show(world, interaction, draft)
        case Ack.DEFERRED_MESSAGE:
            flags = MessageFlag.LOADING | (int(data.get("flags") or 0) & MessageFlag.EPHEMERAL)
            interaction.original = show(world, interaction, Draft(flags=int(flags)))
        case Ack.DEFERRED_UPDATE:
            interaction.original = interaction.message
        case Ack.UPDATE:
            interaction.original = message = _clicked(interaction)
            posting.edit(world, message, changed_draft(world, call, data, message))
        case Ack.AUTOCOMPLETE:
            interaction.choices = _choices(data)
        case Ack.MODAL:
            interaction.modal = data
    interaction.ack, interaction.ack_delay_ms = ack, interaction.age_seconds * 1000
    return Answer(_callback_object(world, interaction)) if call.query.get("with_response") in _TRUE else Answer()


_TRUE = ("1", "true", "True")


def show(world: World, interaction: Interaction, draft: Draft, *, kind: MessageType | None = None) -> Message:
    """Post an answer; an ephemeral one is in no channel, and no event tells of it."""
    chosen = _kind_of(interaction) if kind is None else kind
    answer = replace(draft, kind=chosen, interaction=_origin(world, interaction))
    if answer.flags & MessageFlag.EPHEMERAL:
        return posting.build(world, interaction.channel, world.bot, answer)
    return posting.post(world, interaction.channel, world.bot, answer)


def _in_time(world: World, call: Call) -> Interaction:
    """The interaction of the path, which still waits for its acknowledgement."""
    interaction = world.interactions.get(call.arguments["webhook_token"])
    if interaction is None or str(interaction.id) != call.arguments["webhook_id"]:
        raise RefusedError(UNKNOWN_INTERACTION)
    if interaction.ack is not None:
        raise RefusedError(ALREADY_ACKNOWLEDGED)
    if interaction.age_seconds > world.rules.ack.total_seconds():
        interaction.late_acks_ms.append(interaction.age_seconds * 1000)
        raise RefusedError(UNKNOWN_INTERACTION)
    return interaction


def _ack_of(interaction: Interaction, body: Json) -> Ack:
    fitting = _FITTING[interaction.kind]
    from_message = interaction.kind is not InteractionType.MODAL_SUBMIT or interaction.message is not None
    ack = next((one for one in fitting if one == body.get("type")), None)
    if ack is None or (ack in (Ack.UPDATE, Ack.DEFERRED_UPDATE) and not from_message):
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {[int(one) for one in fitting]}.")
    return ack


def _clicked(interaction: Interaction) -> Message:
    if interaction.message is None:
        raise invalid("type", "BASE_TYPE_CHOICES", "There is no message to update.")
    return interaction.message


def _choices(data: Json) -> list[Json]:
    choices: list[Json] = data.get("choices") or []
    if len(choices) > _MOST_CHOICES:
        raise invalid("data.choices", "BASE_TYPE_MAX_LENGTH", f"Must be {_MOST_CHOICES} or fewer in length.")
    if any(not 1 <= len(str(one.get(key, ""))) <= 100 for one in choices for key in ("name", "value")):
        raise invalid("data.choices", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return choices


def _kind_of(interaction: Interaction) -> MessageType:
    if interaction.kind is not InteractionType.COMMAND:
        return MessageType.DEFAULT
    is_slash = interaction.data["type"] == _CHAT_INPUT
    return MessageType.CHAT_INPUT_COMMAND if is_slash else MessageType.CONTEXT_MENU_COMMAND


def _origin(world: World, interaction: Interaction) -> Json:
    """Where an answer says that it comes from."""
    application = str(world.application.id)
    metadata = _metadata(interaction)
    return {"webhook_id": application, "application_id": application, "interaction_metadata": metadata}


def _metadata(interaction: Interaction) -> Json:
    guild = interaction.channel.guild
    found: Json = {
        "id": str(interaction.id),
        "type": int(interaction.kind),
        "user": user_object(interaction.user),
        "authorizing_integration_owners": {"0": str(guild.id) if guild else "0"},
    }
    if interaction.kind is InteractionType.COMPONENT and interaction.message is not None:
        found["interacted_message_id"] = str(interaction.message.id)
    if interaction.shown_by is not None:
        found["triggering_interaction_metadata"] = _metadata(interaction.shown_by)
    return found


def _callback_object(world: World, interaction: Interaction) -> Json:
    found: Json = {"id": str(interaction.id), "type": int(interaction.kind)}
    message = interaction.original
    if message is None or interaction.ack is None:
        return {"interaction": found}
    found |= {
        "response_message_id": str(message.id),
        "response_message_loading": is_loading(message),
        "response_message_ephemeral": message.is_ephemeral,
        "channel_id": str(interaction.channel.id),
    }
    if interaction.channel.guild is not None:
        found["guild_id"] = str(interaction.channel.guild.id)
    if interaction.ack not in (Ack.MESSAGE, Ack.UPDATE):
        return {"interaction": found}
    resource = {"type": int(interaction.ack), "message": message_object(message, viewer=world.bot)}
    return {"interaction": found, "resource": resource}
