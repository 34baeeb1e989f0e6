"""What Meta delivers: read tolerantly, since kinds and fields are added without notice."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from source.domain.message_text import storable

_DIGEST_CHARS: Final = 32
_MOST_NAME_CHARS: Final = 100
_LATEST: Final = timedelta(days=1)
_SHOWN: Final = {
    "image": "image",
    "video": "video",
    "audio": "voice message",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contact",
}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """Something that a person wrote to the business.

    `key` stands for the platform's id of it, which holds the sender's number; `wamid` is that id. `addresses` are
    what the sender is known by: `user:` and an id in the scope of the business, `phone:` and a number. An edit or,
    without a text, a deletion `corrects` the message of another key.
    """

    key: str
    wamid: str
    phone_id: str
    addresses: tuple[str, ...]
    name: str | None
    text: str
    sent_at: datetime
    reply_to: str | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """What a webhook holds, in its order; `passed_over` counts by kind what Echo does nothing with."""

    said: tuple[Said, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)


def read_webhook(body: bytes, *, now: datetime) -> Webhook:
    """Read every entry, change and item; what cannot be read is counted.

    Raises: ValueError: it is no JSON object.
    """
    content = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("a webhook is a JSON object")  # noqa: TRY004  (as json says what is wrong with JSON)
    said: list[Said] = []
    passed_over: Counter[str] = Counter()
    for field_name, value in _changes(content):
        if field_name != "messages":
            passed_over[_kind(field_name)] += 1
            continue
        for kind in ("statuses", "errors"):
            passed_over[kind] += len(_objects(value.get(kind)))
        for message in _objects(value.get("messages")):
            read = _said(message, value, now)
            if read is not None:
                said.append(read)
            else:
                passed_over[_kind(message.get("type"))] += 1
    return Webhook(tuple(said), {kind: count for kind, count in passed_over.items() if count})


def key_of(wamid: str) -> str:
    """Return what stands for a message's id in the store: the id itself holds the sender's number."""
    return hashlib.sha256(wamid.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARS]


def _changes(content: Json) -> Iterator[tuple[object, Json]]:
    for entry in _objects(content.get("entry")):
        for change in _objects(entry.get("changes")):
            value = change.get("value")
            if isinstance(value, dict):
                yield change.get("field"), value


def _said(message: Json, value: Json, now: datetime) -> Said | None:
    wamid, sender, text = message.get("id"), _sender(message, value), _text_of(message)
    if not isinstance(wamid, str) or not wamid or not sender or text is None:
        return None
    metadata, context = _object(value.get("metadata")), _object(message.get("context"))
    replied = context.get("id")
    return Said(
        key=key_of(wamid),
        wamid=wamid,
        phone_id=_string(metadata.get("phone_number_id")),
        addresses=sender,
        name=_name(message, value),
        text=storable(text),
        sent_at=_moment(message.get("timestamp"), now),
        reply_to=key_of(replied) if isinstance(replied, str) and replied else None,
        corrects=_corrected(message),
    )


def _sender(message: Json, value: Json) -> tuple[str, ...]:
    """Return what the sender is known by; a contact of the webhook may know more than the message."""
    user, phone = _string(message.get("from_user_id")), _string(message.get("from"))
    contact = _contact(message, value)
    user, phone = user or _string(contact.get("user_id")), phone or _string(contact.get("wa_id"))
    if "." in phone:  # who hides their number has the id in its place
        user, phone = user or phone, ""
    return (*((f"user:{user}",) if user else ()), *((f"phone:{phone}",) if phone else ()))


def _contact(message: Json, value: Json) -> Json:
    contacts = _objects(value.get("contacts"))
    own = {_string(message.get("from")), _string(message.get("from_user_id"))} - {""}
    for contact in contacts:
        if own & {_string(contact.get("wa_id")), _string(contact.get("user_id"))}:
            return contact
    return contacts[0] if len(contacts) == 1 and not own else {}


def _name(message: Json, value: Json) -> str | None:
    name = _string(_object(_contact(message, value).get("profile")).get("name")).strip()
    return storable(name[:_MOST_NAME_CHARS]) or None


def _text_of(message: Json) -> str | None:
    """Return what was written, or what was sent in words; None for what is no message."""
    match message.get("type"):
        case "text":
            return _string(_object(message.get("text")).get("body")) or None
        case "edit" if _corrected(message):
            return _text_of(_object(_object(message.get("edit")).get("message")))
        case "revoke" if _corrected(message):
            return ""
        case "button":
            return _string(_object(message.get("button")).get("text")) or None
        case "interactive":
            interactive = _object(message.get("interactive"))
            chosen = _object(interactive.get("button_reply")) or _object(interactive.get("list_reply"))
            return _string(chosen.get("title")) or None
        case str(kind) if kind in _SHOWN:
            caption = _string(_object(message.get(kind)).get("caption"))
            return f"[{_SHOWN[kind]}] {caption}".strip()
        case _:
            return None


def _corrected(message: Json) -> str | None:
    kind = message.get("type")
    original = _object(message.get(kind)).get("original_message_id") if kind in {"edit", "revoke"} else None
    return key_of(original) if isinstance(original, str) and original else None


def _moment(value: object, now: datetime) -> datetime:
    """Return when it was sent, by a clock that may be wrong: never long after now."""
    try:
        moment = datetime.fromtimestamp(int(str(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(moment, now + _LATEST)


def _kind(name: object) -> str:
    return name if isinstance(name, str) and name.isidentifier() and len(name) <= _DIGEST_CHARS else "unknown"


def _objects(value: object) -> Sequence[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
