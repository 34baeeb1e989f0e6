"""The field `messages`: what people wrote."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from source.adapters.whatsapp.items import Content, Item
from source.adapters.whatsapp.reading.people import name_of, sender_of
from source.adapters.whatsapp.reading.values import Json, key_of, kind_in, moment_in, object_in, objects_in, string_in
from source.domain.message_text import storable

SAID: Final = "said"
"""Something written, with `text`, and `reply_to`, the key of the message that it replies to."""
CORRECTED: Final = "corrected"
"""A message of the key `corrects` reads `text` now, or is deleted where that is empty."""

_SHOWN: Final = {
    "image": "image",
    "video": "video",
    "audio": "voice message",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contact",
}


def messages_in(value: Json, now: datetime) -> Iterator[Item | str]:
    """Yield what people did, and the kind of whatever Echo does nothing with."""
    for message in objects_in(value.get("messages")):
        yield _read(message, value, now) or kind_in(message.get("type"))


def _read(message: Json, value: Json, now: datetime) -> Item | None:
    wamid, sender = string_in(message.get("id")), sender_of(message, value)
    meant = _meant(message)
    if not wamid or not sender or meant is None:
        return None
    kind, content = meant
    return Item(
        kind=kind,
        key=key_of(wamid),
        addresses=sender,
        sent_at=moment_in(message.get("timestamp"), now),
        content=content,
        name=name_of(message, value),
        wamid=wamid,
    )


def _meant(message: Json) -> tuple[str, Content] | None:
    """Return the kind of a message and what is kept of it; None for what Echo does nothing with."""
    corrected = _corrected(message)
    if corrected is not None:
        text = _text_of(object_in(object_in(message.get("edit")).get("message")))
        if text is None and message.get("type") == "edit":
            return None
        return CORRECTED, {"corrects": corrected, "text": storable(text or "")}
    text = _text_of(message)
    if text is None:
        return None
    replied = string_in(object_in(message.get("context")).get("id"))
    return SAID, {"text": storable(text), "reply_to": key_of(replied) if replied else None}


def _text_of(message: Json) -> str | None:
    """Return what was written, or what was sent in words; None for what is no message."""
    match message.get("type"):
        case "text":
            return string_in(object_in(message.get("text")).get("body")) or None
        case "button":
            return string_in(object_in(message.get("button")).get("text")) or None
        case "interactive":
            interactive = object_in(message.get("interactive"))
            chosen = object_in(interactive.get("button_reply")) or object_in(interactive.get("list_reply"))
            return string_in(chosen.get("title")) or None
        case str(kind) if kind in _SHOWN:
            caption = string_in(object_in(message.get(kind)).get("caption"))
            return f"[{_SHOWN[kind]}] {caption}".strip()
        case _:
            return None


def _corrected(message: Json) -> str | None:
    kind = message.get("type")
    original = object_in(message.get(kind)).get("original_message_id") if kind in ("edit", "revoke") else None
    return key_of(original) if isinstance(original, str) and original else None
