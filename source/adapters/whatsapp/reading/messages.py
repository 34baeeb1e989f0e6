"""The field `messages`: what people wrote."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from source.adapters.whatsapp.items import Content, Item
from source.adapters.whatsapp.reading.attached import file_in, words_in
from source.adapters.whatsapp.reading.changes import change_in
from source.adapters.whatsapp.reading.people import name_of, sender_of, username_of
from source.adapters.whatsapp.reading.reactions import REACTED, reaction_in
from source.adapters.whatsapp.reading.values import Json, key_of, kind_in, moment_in, object_in, objects_in, string_in
from source.domain.message_text import is_storable, storable

SAID: Final = "said"
"""Something written, with `text`, and `reply_to`, the key of the message that it replies to.

There may be a `file` to be looked at, whose words then take the place of `text`, and the `command` of what was tapped.
"""
CORRECTED: Final = "corrected"
"""A message of the key `corrects` reads `text` now, or is deleted where that is empty; there may be its `file`."""

# Meta's most for the id of a row; a reply button's may have 256.
_MOST_COMMAND_CHARS: Final = 200


def messages_in(value: Json, now: datetime) -> Iterator[Item | str]:
    """Yield what people did, and the kind of whatever Echo does nothing with."""
    for message in objects_in(value.get("messages")):
        yield change_in(message, value, now) or _read(message, value, now) or kind_in(message.get("type"))


def _read(message: Json, value: Json, now: datetime) -> Item | None:
    wamid, sender = string_in(message.get("id")), sender_of(message, value)
    meant = _meant(message)
    if not wamid or not sender or meant is None:
        return None
    kind, content = meant
    if username := username_of(message, value):
        content = {**content, "username": username}
    return Item(
        kind=kind,
        key=key_of(wamid),
        addresses=sender,
        sent_at=moment_in(message.get("timestamp"), now),
        content=content,
        name=name_of(message, value),
        wamid=None if kind == REACTED else wamid,
        renews=kind == SAID,
    )


def _meant(message: Json) -> tuple[str, Content] | None:
    """Return the kind of a message and what is kept of it; None for what Echo does nothing with."""
    reaction = reaction_in(message)
    if reaction is not None:
        return REACTED, reaction
    corrected = _corrected(message)
    if corrected is not None:
        return _correction(message, corrected)
    text = _text_of(message)
    if text is None:
        return None
    replied = string_in(object_in(message.get("context")).get("id"))
    reply_to = key_of(replied) if replied else None
    return SAID, {"text": storable(text), "reply_to": reply_to, **_beside(message)}


def _correction(message: Json, corrected: str) -> tuple[str, Content] | None:
    now = object_in(object_in(message.get("edit")).get("message"))
    text = _text_of(now)
    if text is None and message.get("type") == "edit":
        return None
    return CORRECTED, {"corrects": corrected, "text": storable(text or ""), **_beside(now)}


def _text_of(message: Json) -> str | None:
    """Return what was written, or what was sent in words; None for what is no message."""
    match message.get("type"):
        case "text":
            return string_in(object_in(message.get("text")).get("body")) or None
        case "button":
            return string_in(object_in(message.get("button")).get("text")) or None
        case "interactive":
            return string_in(_chosen(message).get("title")) or None
        case _:
            return words_in(message)


def _beside(message: Json) -> Content:
    """Return what is kept beside the words of a message, as far as it has it."""
    file, command = file_in(message), string_in(_chosen(message).get("id"))
    is_command = command.startswith("/") and len(command) <= _MOST_COMMAND_CHARS and is_storable(command)
    return ({"file": file} if file else {}) | ({"command": command} if is_command else {})


def _chosen(message: Json) -> Json:
    """Return the button or row that was tapped; nothing where none was."""
    interactive = object_in(message.get("interactive")) if message.get("type") == "interactive" else {}
    return object_in(interactive.get("button_reply")) or object_in(interactive.get("list_reply"))


def _corrected(message: Json) -> str | None:
    kind = message.get("type")
    original = object_in(message.get(kind)).get("original_message_id") if kind in ("edit", "revoke") else None
    return key_of(original) if isinstance(original, str) and original else None
