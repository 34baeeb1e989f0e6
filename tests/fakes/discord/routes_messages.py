"""Messages over REST."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fakes.discord import access, posting
from tests.fakes.discord.call import ROUTES, Answer, Call, snowflake
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.drafts import changed_draft, new_draft, with_reply
from tests.fakes.discord.message import Draft, Message
from tests.fakes.discord.message_payloads import message_object
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.refusals import NOT_YOUR_MESSAGE, SYSTEM_MESSAGE, TOO_MANY_OLD_EDITS, RefusedError, invalid

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"


@ROUTES.serve("POST", _MESSAGES)
def create_message(world: World, call: Call) -> Answer:
    channel = call.channel(world)
    body = call.json if call.body is not None else {}
    access.need_to_post(world, channel)
    draft = with_reply(new_draft(world, call, body), body, channel)
    access.need_for_draft(world, channel, draft)
    known = _posted_before(world, draft) if body.get("enforce_nonce") else None
    message = known or posting.post(world, channel, world.bot, _as_permitted(world, channel, draft))
    if draft.nonce is not None:
        world.nonces.setdefault((world.bot.id, draft.nonce), (world.monotonic(), message))
    return Answer(message_object(message, viewer=world.bot))


@ROUTES.serve("PATCH", _MESSAGE)
def edit_message(world: World, call: Call) -> Answer:
    message = access.message_of(world, call)
    body = call.json if call.body is not None else {}
    if message.author is not world.bot:
        raise RefusedError(NOT_YOUR_MESSAGE)
    if message.kind.is_system:
        raise RefusedError(SYSTEM_MESSAGE)
    access.refuse_archived(message.channel)
    _count_old_edit(world, message)
    posting.edit(world, message, changed_draft(world, call, body, message))
    return Answer(message_object(message, viewer=world.bot))


@ROUTES.serve("DELETE", _MESSAGE)
def delete_message(world: World, call: Call) -> Answer:
    message = access.message_of(world, call)
    if message.author is not world.bot:
        access.need(world, message.channel, Permission.MANAGE_MESSAGES)
    access.refuse_archived(message.channel)
    posting.delete(world, message)
    return Answer()


@ROUTES.serve("GET", _MESSAGE)
def get_message(world: World, call: Call) -> Answer:
    message = access.message_of(world, call)
    access.need(world, message.channel, Permission.READ_MESSAGE_HISTORY)
    return Answer(message_object(message, viewer=world.bot))


@ROUTES.serve("GET", _MESSAGES)
def list_messages(world: World, call: Call) -> Answer:
    channel = call.channel(world)
    access.need(world, channel, Permission.VIEW_CHANNEL)
    if not channel.permissions_of(world.bot) & Permission.READ_MESSAGE_HISTORY:
        return Answer([])
    limit = call.query.get("limit", "50")
    if not limit.isdigit() or not 1 <= int(limit) <= 100:
        raise invalid("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    places = {name: _place(call, name) for name in ("before", "after", "around")}
    page = channel.page(int(limit), **places)
    return Answer([message_object(one, viewer=world.bot) for one in page])


def _place(call: Call, name: str) -> int | None:
    return snowflake(call.query[name], name) if name in call.query else None


def _posted_before(world: World, draft: Draft) -> Message | None:
    """What this author posted with the same nonce a short while ago, wherever that was."""
    at, message = world.nonces.get((world.bot.id, draft.nonce or ""), (None, None))
    if at is None or world.monotonic() - at > world.rules.nonce_memory.total_seconds():
        world.nonces.pop((world.bot.id, draft.nonce or ""), None)
        return None
    return message


def _as_permitted(world: World, channel: Channel, draft: Draft) -> Draft:
    """Embeds disappear without a word where the bot may not embed links."""
    if draft.embeds and not channel.permissions_of(world.bot) & Permission.EMBED_LINKS:
        return replace(draft, embeds=())
    return draft


def _count_old_edit(world: World, message: Message) -> None:
    rules = world.rules
    if world.now() - message.created_at <= rules.old_message:
        return
    world.old_edits[message.id] = world.old_edits.get(message.id, 0) + 1
    if world.old_edits[message.id] > rules.old_edits:
        raise RefusedError(TOO_MANY_OLD_EDITS, str(rules.old_edits_retry_after.total_seconds()))
