"""What follows the acknowledgement: follow-up messages, and changes to the answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fakes.discord import posting
from tests.fakes.discord.call import ROUTES, Answer, Call
from tests.fakes.discord.drafts import changed_draft, new_draft
from tests.fakes.discord.interaction import Interaction, is_loading
from tests.fakes.discord.message import Message, MessageFlag, MessageType
from tests.fakes.discord.message_payloads import message_object
from tests.fakes.discord.refusals import INVALID_WEBHOOK_TOKEN, UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, RefusedError
from tests.fakes.discord.routes_interactions import show
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_HOOK = "/webhooks/{webhook_id}/{webhook_token}"
_MESSAGE = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"


@ROUTES.serve("POST", _HOOK, needs_token=False)
def follow_up(world: World, call: Call) -> Answer:
    interaction = _interaction(world, call)
    body = call.json if call.body is not None else {}
    waiting = interaction.original
    if waiting is not None and is_loading(waiting) and not waiting.is_deleted:
        # Discord: the first follow-up after a deferral fills the message that is loading.
        return Answer(_change(world, call, body, waiting))
    message = show(world, interaction, new_draft(world, call, body), kind=MessageType.DEFAULT)
    interaction.follow_ups.append(message)
    return Answer(message_object(message, viewer=world.bot))


@ROUTES.serve("PATCH", _MESSAGE, needs_token=False)
def edit_answer(world: World, call: Call) -> Answer:
    message = _answer(world, call)
    return Answer(_change(world, call, call.json if call.body is not None else {}, message))


@ROUTES.serve("GET", _MESSAGE, needs_token=False)
def get_answer(world: World, call: Call) -> Answer:
    return Answer(message_object(_answer(world, call), viewer=world.bot))


@ROUTES.serve("DELETE", _MESSAGE, needs_token=False)
def delete_answer(world: World, call: Call) -> Answer:
    posting.delete(world, _answer(world, call))
    return Answer()


def _change(world: World, call: Call, body: Json, message: Message) -> Json:
    draft = changed_draft(world, call, body, message)
    posting.edit(world, message, replace(draft, flags=draft.flags & ~MessageFlag.LOADING))
    return message_object(message, viewer=world.bot)


def _interaction(world: World, call: Call) -> Interaction:
    """The interaction behind a token, for as long as the token lives."""
    interaction = world.interactions.get(call.arguments["webhook_token"])
    known = interaction is not None and interaction.ack is not None
    if interaction is None or not known or call.arguments["webhook_id"] != str(world.application.id):
        raise RefusedError(UNKNOWN_WEBHOOK)
    if interaction.age_seconds > world.rules.interaction_life.total_seconds():
        raise RefusedError(INVALID_WEBHOOK_TOKEN)
    return interaction


def _answer(world: World, call: Call) -> Message:
    interaction = _interaction(world, call)
    wanted = call.arguments["message_id"]
    own = [one for one in (interaction.original, *interaction.follow_ups) if one is not None]
    named = [interaction.original] if wanted == "@original" else [one for one in own if str(one.id) == wanted]
    message = next((one for one in named if one is not None and not one.is_deleted), None)
    if message is None:
        raise RefusedError(UNKNOWN_MESSAGE)
    return message
