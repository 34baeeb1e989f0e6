"""The field `smb_message_echoes`: what people of the business wrote in the app on their phone."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from source.adapters.whatsapp.items import Content, Item
from source.adapters.whatsapp.reading.attached import words_in
from source.adapters.whatsapp.reading.messages import CORRECTED
from source.adapters.whatsapp.reading.people import addresses_of
from source.adapters.whatsapp.reading.values import Json, key_of, kind_in, moment_in, object_in, objects_in, string_in
from source.domain.message_text import storable

ECHOED: Final = "echoed"
"""Something that a person of the business wrote to somebody, with `text`."""


def echoes_in(value: Json, now: datetime) -> Iterator[Item | str]:
    """Yield what was written, changed and taken back, and the kind of whatever Echo does nothing with."""
    for echo in objects_in(value.get("message_echoes")):
        yield _read(echo, value, now) or kind_in(echo.get("type"))


def _read(echo: Json, value: Json, now: datetime) -> Item | None:
    wamid, receiver, meant = string_in(echo.get("id")), _receiver_of(echo, value), _meant(echo)
    if not wamid or not receiver or meant is None:
        return None
    kind, content = meant
    # What the customer is called is not what the phone of the business knows: no name is taken from it.
    return Item(kind, key_of(wamid), receiver, moment_in(echo.get("timestamp"), now), content)


def _receiver_of(echo: Json, value: Json) -> tuple[str, ...]:
    """Return what the customer is known by; a contact of the webhook may know more than the echo."""
    user, phone = string_in(echo.get("to_user_id")), string_in(echo.get("to"))
    for contact in objects_in(value.get("contacts")):
        known = {string_in(contact.get("wa_id")), string_in(contact.get("user_id"))} - {""}
        if known & {user, phone}:
            user, phone = user or string_in(contact.get("user_id")), phone or string_in(contact.get("wa_id"))
    return addresses_of(user, phone)


def _meant(echo: Json) -> tuple[str, Content] | None:
    kind = string_in(echo.get("type"))
    if kind not in ("edit", "revoke"):
        text = _text_of(echo)
        return None if text is None else (ECHOED, {"text": storable(text)})
    change = object_in(echo.get(kind))
    original, text = string_in(change.get("original_message_id")), _text_of(object_in(change.get("message")))
    if not original or (text is None and kind == "edit"):
        return None
    return CORRECTED, {"corrects": key_of(original), "text": storable(text or "")}


def _text_of(echo: Json) -> str | None:
    """Return what was written, or what was sent in words; None for what is no message."""
    if echo.get("type") == "text":
        return string_in(object_in(echo.get("text")).get("body")) or None
    return words_in(echo)
