"""A chat that a phone with WhatsApp exported."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.imports.chat import (
    NOBODY_KNOWN,
    PHONE,
    ExportedChat,
    ExportedMessage,
    Unread,
    WhoIsWho,
    most_frequent,
)
from source.domain.imports.date_order import DateOrder, order_of, read
from source.domain.imports.day_time import half_of, hour_of_day, is_valid
from source.domain.imports.whatsapp_entries import Entry, entries_of
from source.domain.imports.whatsapp_text import Said, said_in
from source.domain.message_text import storable
from source.domain.thread import PersonRef, Platform, ThreadRef

_PHONE: Final = re.compile(r"\+?[\d\s().\u00a0\u202f\u2010-\u2015-]{7,}")
_LEAST_DIGITS: Final = 7
_NOON: Final = 12
_TWO: Final = 2
_NAMES_SHOWN: Final = 10
_DIGEST_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class WhatsAppExport:
    """What has to be known beside the text; without `chat` the export's own name for it is taken."""

    chat: str | None
    zone: tzinfo
    now: datetime
    dates: DateOrder | None = None
    who: WhoIsWho = NOBODY_KNOWN


@dataclass(frozen=True, slots=True)
class _Dated:
    entry: Entry
    written: datetime


def whatsapp_chat(text: str, export: WhatsAppExport) -> ExportedChat:
    """Read an exported chat.

    Raises: RefusedInputError: it is none, its dates can be read in several ways, or nobody has a name that was given.
    """
    entries, unread = entries_of(storable(text))
    dated, undated = _dated(entries, export)
    names = [each.entry.sender for each in dated if each.entry.sender is not None]
    _refuse_strangers(export.who, names)
    speakers = list(dict.fromkeys(_speakers(dated)))
    chat = export.chat or _own_name(dated)
    name, key = chat or _of_speakers(speakers), chat or _first_said(dated)
    messages = tuple(_messages(dated, key, export))
    thread = _thread(key, name, export.who, is_group=len(speakers) > _TWO)
    return ExportedChat(thread, name, messages, len(dated) - len(messages), (*unread, *undated))


def _person(name: str, chat: str, who: WhoIsWho) -> PersonRef:
    """Return somebody by their number, or by their name in the phone's address book.

    A name that people gave themselves, which is shown after a tilde, says who it is in this chat alone.
    """
    phone = _phone_in(who.ids.get(name) or (name if name.startswith("+") else ""))
    if phone is not None:
        # What is kept of people holds no number.
        return PersonRef(phone, f"Somebody …{phone[-_TWO:]}" if name.startswith("+") else _plain(name))
    known_as = f"{chat}/{_plain(name)}" if name.startswith("~") else name
    return PersonRef(who.ids.get(name) or f"name:{known_as}", _plain(name))


def _phone_in(text: str) -> str | None:
    digits = "".join(str(int(each)) for each in text if each.isdecimal())
    return f"{PHONE}{digits}" if _PHONE.fullmatch(text) and len(digits) >= _LEAST_DIGITS else None


def _plain(name: str) -> str:
    return name.removeprefix("~").strip() or name


def _dated(entries: Sequence[Entry], export: WhatsAppExport) -> tuple[list[_Dated], list[Unread]]:
    today = export.now.astimezone(export.zone).date()
    order = export.dates or order_of([(each.number, each.date) for each in entries], today=today)
    _refuse_unknown_halves(entries)
    dated, unread = list[_Dated](), list[Unread]()
    for entry in entries:
        day = read(entry.date, order, today=today)
        if day is None or not is_valid(entry.time):
            unread.append(Unread(entry.number, "there is no such date or time"))
            continue
        at = time(hour_of_day(entry.time), entry.time.minute, entry.time.second)
        dated.append(_Dated(entry, datetime.combine(day, at)))
    if entries and not dated:
        raise RefusedInputError(f"line {entries[0].number}: no date of this file can be read with --dates {order}.")
    return dated, unread


def _refuse_unknown_halves(entries: Sequence[Entry]) -> None:
    """Beside a clock of 12 hours the word decides; one that is not known must not be taken for nothing."""
    if any(entry.time.hour > _NOON for entry in entries):
        return
    words = {entry.time.word: entry.number for entry in reversed(entries) if entry.time.word}
    unknown = [word for word in words if half_of(word) is None]
    if len(words) >= _TWO and unknown:
        raise RefusedInputError(
            f"line {words[unknown[0]]}: it is not known which half of the day “{unknown[0]}” means; "
            "export the chat with the phone set to 24 hours."
        )


def _refuse_strangers(who: WhoIsWho, names: Sequence[str]) -> None:
    unknown = who.unknown_in(names)
    if unknown:
        speaking = ", ".join(most_frequent(names, _NAMES_SHOWN))
        raise RefusedInputError(f"nobody in this chat is called {unknown[0]}: those who speak are {speaking}.")


def _said(entry: Entry) -> Said:
    return said_in(entry.text, is_iphones=entry.is_iphones)


def _speakers(dated: Sequence[_Dated]) -> Iterator[str]:
    for each in dated:
        if each.entry.sender is not None and not _said(each.entry).is_platform:
            yield each.entry.sender


def _own_name(dated: Sequence[_Dated]) -> str | None:
    """Return what the chat is called in it: an iPhone has it say the first line."""
    first = dated[0].entry if dated else None
    if first is None or first.sender is None or not _said(first).is_platform:
        return None
    return first.sender


def _first_said(dated: Sequence[_Dated]) -> str:
    """Return what tells a chat without a name from others: a longer export of it begins with the same message."""
    return next((f"{each.written.isoformat()}/{each.entry.sender}" for each in dated if each.entry.sender), "empty")


def _of_speakers(speakers: Sequence[str]) -> str:
    return " & ".join(speakers) if len(speakers) <= _TWO else f"{speakers[0]} & {len(speakers) - 1} more"


def _thread(key: str, name: str, who: WhoIsWho, *, is_group: bool) -> ThreadRef:
    """Return the thread of a chat; a group is a place of its own, what is said there is not private to anybody."""
    thread_id = f"import:{key}"
    if is_group:
        return ThreadRef(Platform.WHATSAPP, thread_id, thread_id, name)
    return ThreadRef(Platform.WHATSAPP, _phone_in(who.ids.get(key, key)) or thread_id)


def _messages(dated: Sequence[_Dated], chat: str, export: WhatsAppExport) -> Iterator[ExportedMessage]:
    same: Counter[tuple[str, str, str]] = Counter()
    last: datetime | None = None
    for each in dated:
        entry, said = each.entry, _said(each.entry)
        if entry.sender is None or said.is_platform or not (said.text or said.is_deleted):
            continue
        key = (each.written.isoformat(), entry.sender, said.text)
        same[key] += 1
        last = _moment(each.written, export, last)
        yield ExportedMessage(
            event_id=_event_id(chat, *key, same[key]),
            said_at=last,
            speaker=None if entry.sender in export.who.own_names else _person(entry.sender, chat, export.who),
            text=said.text,
            number=entry.number,
            was_edited=said.was_edited,
            is_deleted=said.is_deleted,
        )


def _moment(written: datetime, export: WhatsAppExport, before: datetime | None) -> datetime:
    """Return the moment; an hour that comes twice, when clocks are set back, goes on after what was said before."""
    first, second = (written.replace(tzinfo=export.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    found = second if before is not None and first < before <= second else first
    return min(found, export.now)


def _event_id(chat: str, *parts: str | int) -> str:
    told = json.dumps([chat, *parts]).encode()
    return f"import:{hashlib.sha256(told).hexdigest()[:_DIGEST_CHARS]}"
