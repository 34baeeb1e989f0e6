"""Who somebody is, as webhooks tell it."""

from typing import Final

from source.adapters.whatsapp.reading.values import Json, object_in, objects_in, string_in
from source.domain.message_text import storable

_MOST_NAME_CHARS: Final = 100


def sender_of(message: Json, value: Json) -> tuple[str, ...]:
    """Return what the sender is known by; a contact of the webhook may know more than the message."""
    user, phone = string_in(message.get("from_user_id")), string_in(message.get("from"))
    contact = _contact(message, value)
    return addresses_of(user or string_in(contact.get("user_id")), phone or string_in(contact.get("wa_id")))


def addresses_of(user: str, phone: str) -> tuple[str, ...]:
    """Return where somebody is reached, by an id in the scope of the business and a number, as far as they are told."""
    if "." in phone:  # who hides their number has the id in its place
        user, phone = user or phone, ""
    return (*((f"user:{user}",) if user else ()), *((f"phone:{phone}",) if phone else ()))


def name_of(message: Json, value: Json) -> str | None:
    """Return the name that the sender gave themselves, if it is told."""
    name = string_in(object_in(_contact(message, value).get("profile")).get("name")).strip()
    return storable(name[:_MOST_NAME_CHARS]) or None


def _contact(message: Json, value: Json) -> Json:
    contacts = objects_in(value.get("contacts"))
    own = {string_in(message.get("from")), string_in(message.get("from_user_id"))} - {""}
    for contact in contacts:
        if own & {string_in(contact.get("wa_id")), string_in(contact.get("user_id"))}:
            return contact
    return contacts[0] if len(contacts) == 1 and not own else {}
