"""Messages of the kind `system`: somebody is known by another number or id from then on."""

from datetime import datetime
from typing import Final

from source.adapters.whatsapp.items import Item
from source.adapters.whatsapp.reading.people import addresses_of, sender_of
from source.adapters.whatsapp.reading.values import Json, key_of, moment_in, object_in, string_in

MOVED: Final = "moved"
"""Somebody's addresses changed; which, stands with the contact."""

_CHANGES: Final = frozenset({"user_changed_number", "user_changed_user_id", "customer_changed_number"})


def change_in(message: Json, value: Json, now: datetime) -> Item | None:
    """Return the change of number or id that a message tells; None for another message.

    Formats: of 2026-08 with the ids before and after, of 2026-05 with those after, older ones with the number alone.
    """
    system = object_in(message.get("system"))
    wamid = string_in(message.get("id"))
    if message.get("type") != "system" or string_in(system.get("type")) not in _CHANGES or not wamid:
        return None
    before = (
        *addresses_of(string_in(system.get("previous_user_id")), "", string_in(system.get("previous_parent_user_id"))),
        *sender_of(message, value),
    )
    phone = string_in(system.get("wa_id")) or string_in(system.get("new_wa_id"))
    after = addresses_of(string_in(system.get("user_id")), phone, string_in(system.get("parent_user_id")))
    left = tuple(dict.fromkeys(each for each in before if each not in after))
    if not left or not after:
        return None
    sent_at = moment_in(message.get("timestamp"), now)
    return Item(kind=MOVED, key=key_of(wamid), addresses=after, sent_at=sent_at, before=left)
