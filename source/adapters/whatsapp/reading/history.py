"""The fields `history` and `smb_app_state_sync`: what the business's own app knows from before."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from source.adapters.whatsapp.items import Item
from source.adapters.whatsapp.reading.attached import words_in
from source.adapters.whatsapp.reading.people import addresses_of, sender_of
from source.adapters.whatsapp.reading.values import Json, key_of, kind_in, moment_in, object_in, objects_in, string_in
from source.domain.message_text import storable
from source.ports.history import HistoryNews

PAST: Final = "past"
"""Some of what was said with somebody: `messages`, each a list of key, time, text, and whether it is the business's,
whether it is a file, and its place among those of one second."""
LISTED: Final = "listed"
"""Somebody stands in the address book of the business as `name`."""

_MOST_TOGETHER: Final = 200
_MOST_NAME_CHARS: Final = 100
_PLACEHOLDER: Final = "[file]"
_DECLINED: Final = 2593109
_NOT_SHARED: Final = (
    "The history is not shared: it is turned off in the WhatsApp Business app. "
    "To share it, connect the number again and allow it there."
)


def history_in(value: Json, now: datetime) -> Iterator[Item | HistoryNews | str]:
    """Yield what was said with whom, how far that has come, and the kind of whatever Echo does nothing with."""
    own = _digits(string_in(object_in(value.get("metadata")).get("display_phone_number")))
    for chunk in objects_in(value.get("history")):
        yield from (_refusal(error) for error in objects_in(chunk.get("errors")))
        for thread in objects_in(chunk.get("threads")):
            yield from _thread(thread, own, now)
        if "threads" in chunk:
            yield HistoryNews(_percent(object_in(chunk.get("metadata")).get("progress")))
    for message in objects_in(value.get("messages")):
        yield _file(message, value, own, now)


def names_in(value: Json, now: datetime) -> Iterator[Item | str]:
    """Yield how the business calls people, of those whom it has not crossed out."""
    for entry in objects_in(value.get("state_sync")):
        contact = object_in(entry.get("contact"))
        name = storable(string_in(contact.get("full_name")) or string_in(contact.get("first_name"))).strip()
        phone = _digits(string_in(contact.get("phone_number")))
        if entry.get("action") == "remove" or not name or not phone:
            yield "contact"
            continue
        key = "listed " + hashlib.sha256(f"{phone} {name}".encode()).hexdigest()[:32]
        content = {"name": name[:_MOST_NAME_CHARS]}
        yield Item(LISTED, key, addresses_of("", phone), now, content, is_of_known=True)


def _thread(thread: Json, own: str, now: datetime) -> Iterator[Item | str]:
    context = object_in(thread.get("context"))
    ids = (string_in(context.get(name)) for name in ("user_id", "wa_id", "parent_user_id"))
    user, phone, parent = ids
    addresses = addresses_of(user, phone or string_in(thread.get("id")), parent)
    if not addresses:
        yield "history_thread"
        return
    told: list[list[object]] = []
    for message in _in_order(objects_in(thread.get("messages"))):
        row = _row(message, own, now, len(told))
        if row is None:
            yield kind_in(message.get("type"))
        else:
            told.append(row)
    for start in range(0, len(told), _MOST_TOGETHER):
        yield _past(addresses, told[start : start + _MOST_TOGETHER], now)


def _file(message: Json, value: Json, own: str, now: datetime) -> Item | str:
    """Return what a placeholder stands for; of what the business sent it is not told to whom."""
    sender, row = sender_of(message, value), _row(message, own, now, 0, is_file=True)
    receiver = addresses_of(string_in(message.get("to_user_id")), string_in(message.get("to")))
    with_whom = receiver if row is not None and row[3] else sender
    return _past(with_whom, [row], now) if row is not None and with_whom else kind_in(message.get("type"))


def _past(addresses: tuple[str, ...], told: Sequence[list[object]], now: datetime) -> Item:
    texts = "".join(f"{row[0]} {row[2]}\n" for row in told)
    key = "past " + hashlib.sha256(texts.encode()).hexdigest()[:32]
    return Item(PAST, key, addresses, now, {"messages": told})


def _row(message: Json, own: str, now: datetime, place: int, *, is_file: bool = False) -> list[object] | None:
    wamid, text = string_in(message.get("id")), _text_of(message)
    if not wamid or text is None:
        return None
    is_own = "to" in message or "to_user_id" in message or _digits(string_in(message.get("from"))) == own
    said_at = moment_in(message.get("timestamp"), now)
    return [key_of(wamid), int(said_at.timestamp()), storable(text), is_own, is_file, place]


def _text_of(message: Json) -> str | None:
    match message.get("type"):
        case "text":
            return string_in(object_in(message.get("text")).get("body")) or None
        case "media_placeholder":
            return _PLACEHOLDER
        case _:
            return words_in(message)


def _in_order(messages: Sequence[Json]) -> Sequence[Json]:
    """Return them as they followed each other, whichever comes first."""
    times = [string_in(each.get("timestamp")) for each in messages]
    return messages[::-1] if times and times[0] > times[-1] else messages


def _refusal(error: Json) -> HistoryNews | str:
    return HistoryNews(error=_NOT_SHARED) if error.get("code") == _DECLINED else "errors"


def _percent(progress: object) -> int | None:
    try:
        return max(0, min(100, int(str(progress))))
    except ValueError:
        return None


def _digits(number: str) -> str:
    return "".join(sign for sign in number if sign.isdecimal())
