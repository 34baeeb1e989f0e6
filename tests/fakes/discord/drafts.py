"""From the body of a request to what is posted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.fakes.discord import limits
from tests.fakes.discord.call import Call, Upload, snowflake
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.message import Attachment, Draft, Message, MessageFlag, MessageType, Reference
from tests.fakes.discord.refusals import EMPTY_MESSAGE, TOO_LARGE, RefusedError, invalid
from tests.fakes.discord.wire import Json

if TYPE_CHECKING:
    from tests.fakes.discord.world import World

_MAY_BE_SET = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.EPHEMERAL | MessageFlag.COMPONENTS_V2
)
_MAY_BE_EDITED = MessageFlag.SUPPRESS_EMBEDS | MessageFlag.COMPONENTS_V2


def new_draft(world: World, call: Call, body: Json) -> Draft:
    """What a request wants to post.

    Raises:
        RefusedError: the message is empty, too long or malformed.
    """
    draft = _checked(
        Draft(
            content=str(body.get("content") or "").strip(),
            embeds=tuple(body.get("embeds") or ()),
            components=tuple(body.get("components") or ()),
            attachments=tuple(_uploaded(world, call, body)),
            flags=int(body.get("flags") or 0) & _MAY_BE_SET,
            nonce=None if body.get("nonce") is None else str(body["nonce"]),
            allowed_mentions=body.get("allowed_mentions"),
            tts=bool(body.get("tts")),
        )
    )
    if draft.nonce is not None and len(draft.nonce) > 25:
        raise invalid("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    return draft


def changed_draft(world: World, call: Call, body: Json, message: Message) -> Draft:
    """What a message becomes by an edit; what the body does not name stays."""
    draft = message.draft
    if "content" in body:
        draft = replace(draft, content=str(body["content"] or "").strip())
    if "embeds" in body:
        draft = replace(draft, embeds=tuple(body["embeds"] or ()))
    if "components" in body:
        draft = replace(draft, components=tuple(body["components"] or ()))
    if body.get("flags") is not None:
        kept = draft.flags & ~_MAY_BE_EDITED
        draft = replace(draft, flags=kept | (int(body["flags"]) & _MAY_BE_EDITED))
    if "attachments" in body or call.uploads:
        draft = replace(draft, attachments=tuple(_kept(draft, body) + _uploaded(world, call, body)))
    return _checked(replace(draft, allowed_mentions=body.get("allowed_mentions")))


def with_reply(draft: Draft, body: Json, channel: Channel) -> Draft:
    """Let the draft answer the message that `message_reference` names."""
    reference = body.get("message_reference")
    if not isinstance(reference, dict):
        return draft
    message_id = snowflake(reference.get("message_id"), "message_reference.message_id")
    if channel.message(message_id) is None:
        if reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        return draft
    guild_id = channel.guild.id if channel.guild else None
    return replace(draft, kind=MessageType.REPLY, reference=Reference(message_id, channel.id, guild_id))


def _checked(draft: Draft) -> Draft:
    limits.check_content(draft.content)
    limits.check_embeds(list(draft.embeds))
    limits.check_components(list(draft.components), draft.flags)
    if draft.flags & MessageFlag.COMPONENTS_V2 and (draft.content or draft.embeds):
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "Components V2 take no content")
    if len(draft.attachments) > limits.MAX_FILES:
        raise invalid("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {limits.MAX_FILES} or fewer in length.")
    if limits.is_blank(draft.content, draft.embeds, draft.components, draft.attachments):
        raise RefusedError(EMPTY_MESSAGE)
    return draft


def _uploaded(world: World, call: Call, body: Json) -> list[Attachment]:
    names = {str(one.get("id")): one.get("filename") for one in body.get("attachments") or []}
    found = []
    for part, upload in call.uploads.items():
        if len(upload.content) > world.rules.max_upload_bytes:
            raise RefusedError(TOO_LARGE)
        number = part.removeprefix("files[").removesuffix("]")
        found.append(_attachment(world, upload, names.get(number)))
    return found


def _attachment(world: World, upload: Upload, name: str | None) -> Attachment:
    file_id = world.snowflakes.next()
    filename = (name or upload.filename).replace(" ", "_")
    url = world.keep_file(file_id, filename, upload.content, upload.content_type)
    return Attachment(file_id, filename, upload.content, upload.content_type, url)


def _kept(draft: Draft, body: Json) -> list[Attachment]:
    """Attachments that an edit keeps: those that it names, or all when it names none."""
    named = body.get("attachments")
    if named is None:
        return list(draft.attachments)
    ids = {str(one.get("id")) for one in named}
    return [one for one in draft.attachments if str(one.id) in ids]
