"""Who somebody is, as webhooks tell it."""

from typing import Final

from source.adapters.whatsapp.reading.values import Json, object_in, objects_in, string_in
from source.domain.message_text import storable

_MOST_NAME_CHARS: Final = 100
_IDS: Final = ("wa_id", "user_id", "parent_user_id")


def sender_of(message: Json, value: Json) -> tuple[str, ...]:
    """Return what the sender is known by; a contact of the webhook may know more than the message."""
    contact = _contact(message, value)
    names = ("from_user_id", "user_id"), ("from", "wa_id"), ("from_parent_user_id", "parent_user_id")
    user, phone, parent = (string_in(message.get(own)) or string_in(contact.get(theirs)) for own, theirs in names)
    return addresses_of(user, phone, parent)


def addresses_of(user: str, phone: str, parent: str = "") -> tuple[str, ...]:
    """Return where somebody is reached, as far as they are told: by ids in the scope of the business or of the
    business that it belongs to, and by a number.
    """
    if "." in phone:  # who hides their number has the id in its place
        user, phone = user or phone, ""
    known = {"user": user, "parent": parent, "phone": phone}
    return tuple(f"{kind}:{name}" for kind, name in known.items() if name)


def name_of(message: Json, value: Json) -> str | None:
    """Return the name that the sender gave themselves, if it is told."""
    return _told(message, value, "name")


def username_of(message: Json, value: Json) -> str | None:
    """Return the name by which the sender is found on WhatsApp, if they have one."""
    return _told(message, value, "username")


def _told(message: Json, value: Json, name: str) -> str | None:
    told = string_in(object_in(_contact(message, value).get("profile")).get(name)).strip()
    return storable(told[:_MOST_NAME_CHARS]) or None


def _contact(message: Json, value: Json) -> Json:
    contacts = objects_in(value.get("contacts"))
    own = {string_in(message.get(each)) for each in ("from", "from_user_id", "from_parent_user_id")} - {""}
    for contact in contacts:
        if own & {string_in(contact.get(each)) for each in _IDS}:
            return contact
    return contacts[0] if len(contacts) == 1 and not own else {}
