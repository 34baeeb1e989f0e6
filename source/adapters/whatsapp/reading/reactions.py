"""What people think of a message, by one emoji."""

from typing import Final

from source.adapters.whatsapp.items import Content
from source.adapters.whatsapp.reading.values import Json, key_of, object_in, string_in
from source.domain.message_text import storable

REACTED: Final = "reacted"
"""A reaction to the message of the key `to`; an empty `emoji` takes it back."""

_MOST_EMOJI_CHARS: Final = 32


def reaction_in(message: Json) -> Content | None:
    """Return what is kept of a reaction; None for what is none."""
    reaction = object_in(message.get("reaction"))
    reacted_to = string_in(reaction.get("message_id"))
    if message.get("type") != "reaction" or not reacted_to:
        return None
    return {"to": key_of(reacted_to), "emoji": storable(string_in(reaction.get("emoji"))[:_MOST_EMOJI_CHARS])}
