"""The lines of an exported WhatsApp chat, put together to what was said, before any date is understood."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.imports.chat import Unread
from source.domain.imports.date_order import WrittenDate
from source.domain.imports.day_time import DayTime
from source.domain.imports.marks import after, without_marks

_SPACE: Final = r"[\s\u00a0\u202f]"
_MOMENT: Final = (
    rf"(\d{{1,4}}){_SPACE}?([./-]){_SPACE}?(\d{{1,2}}){_SPACE}?[./-]{_SPACE}?(\d{{1,4}})\.?"
    rf"[,،]?{_SPACE}{{1,2}}"
    rf"([^\d\[\]:]{{0,16}}?){_SPACE}?"
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?"
    rf"(?:{_SPACE}?([^\d\s\[\]:-][^\d\[\]:-]{{0,15}}?))?"
)
_IPHONE: Final = re.compile(rf"\[{_MOMENT}\]{_SPACE}?")
_ANDROID: Final = re.compile(rf"{_MOMENT}{_SPACE}[-–]{_SPACE}")
# How many lines are looked at for the first message.
_LINES_TRIED: Final = 50
_MOST_NAME_CHARS: Final = 100
_NAME: Final = re.compile(r"(.+?):(?: |\Z)")
_QUOTATION: Final = re.compile('["“”„«»「]')


@dataclass(frozen=True, slots=True)
class Entry:
    """One message, or what WhatsApp says by itself, which has no `sender`; `text` keeps its marks."""

    number: int
    date: WrittenDate
    time: DayTime
    sender: str | None
    text: str
    is_iphones: bool


def entries_of(text: str) -> tuple[list[Entry], list[Unread]]:
    """Return the entries of a chat, and the lines that belong to none.

    Raises: RefusedInputError: it is no exported chat.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    pattern = _pattern_of(lines)
    found, lost = list[Entry](), list[Unread]()
    open_entry: tuple[Entry, list[str]] | None = None
    for number, line in enumerate(lines, 1):
        begun = _begun(pattern, line, number)
        if begun is not None:
            found += _closed(open_entry)
            open_entry = begun, [begun.text]
        elif open_entry is not None:
            open_entry[1].append(line)
        elif line.strip():
            lost.append(Unread(number, "it stands before the first message"))
    return _without_subjects([*found, *_closed(open_entry)]), lost


def _pattern_of(lines: list[str]) -> re.Pattern[str]:
    """Return the form that the first message has: a pasted line of another form is part of what was said."""
    for line in lines[:_LINES_TRIED]:
        plain = without_marks(line)
        for pattern in (_IPHONE, _ANDROID):
            if pattern.match(plain):
                return pattern
    raise RefusedInputError(
        'line 1: this is no exported WhatsApp chat: no line begins like "[21.11.26, 17:53:02] Ann: …" '
        'or "21/11/2026, 17:53 - Ann: …".'
    )


def _begun(pattern: re.Pattern[str], line: str, number: int) -> Entry | None:
    plain = without_marks(line)
    match = pattern.match(plain)
    if match is None:
        return None
    first, separator, second, third, before, hour, minute, seconds, behind = match.groups()
    time = DayTime(int(hour), int(minute), int(seconds or 0), (behind or before or "").strip())
    date = WrittenDate(first, second, third, separator)
    sender, said = _speaker_and_text(plain[match.end() :], after(line, match.end()))
    return Entry(number, date, time, sender, said, pattern is _IPHONE)


def _speaker_and_text(plain: str, marked: str) -> tuple[str | None, str]:
    """Split what follows the time; without a name it is WhatsApp itself that speaks."""
    found = _NAME.match(plain)
    name = " ".join(found[1].split()) if found is not None else ""
    if found is None or not name or len(name) > _MOST_NAME_CHARS:
        return None, marked
    return name, after(marked, len(found[1]) + 1).removeprefix(" ")


def _without_subjects(entries: list[Entry]) -> list[Entry]:
    """Have WhatsApp itself say what has a quotation for a name, such as a new subject; a contact speaks twice."""
    times = Counter(each.sender for each in entries)

    def is_no_name(entry: Entry) -> bool:
        return entry.sender is not None and times[entry.sender] == 1 and bool(_QUOTATION.search(entry.sender))

    return [replace(each, sender=None) if is_no_name(each) else each for each in entries]


def _closed(entry: tuple[Entry, list[str]] | None) -> Iterator[Entry]:
    if entry is None:
        return
    begun, lines = entry
    yield replace(begun, text="\n".join(lines).rstrip())
