"""What somebody says is to be remembered, before it is known whether anything shows it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from source.domain.errors import RefusedInputError
from source.domain.memory import MemoryItem, MemoryPart, MemorySource
from source.domain.summary_text import one_line, shortened

MOST_ITEMS: Mapping[MemoryPart, int] = {
    MemoryPart.TOPICS: 12,
    MemoryPart.FACTS: 40,
    MemoryPart.PREFERENCES: 30,
    MemoryPart.OPEN_ISSUES: 20,
    MemoryPart.PEOPLE: 30,
    MemoryPart.INTENTS: 10,
    MemoryPart.PROFILE: 20,
}
SUMMARY_BYTES = 2_000
ITEM_BYTES = 400
_NAME_BYTES = 120
CAN_REPLACE = frozenset({MemoryPart.FACTS, MemoryPart.PREFERENCES, MemoryPart.OPEN_ISSUES})
_MOST_IDS = 50
_MOST_GIVEN = 200
_MOST_DROPPED = 1_000_000
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
# Models also write the mark of a line around its number.
_WRITTEN_ID = re.compile(r"\[?#?(?P<number>\d{1,16})\]?")
_KEYS = frozenset({"summary", "language", "source", "covers_to", "dropped", *MemoryPart})


@dataclass(frozen=True, slots=True)
class Claims:
    """What is claimed, in order; an item without ids leaves it to the messages to show it.

    `dropped` counts what was dropped before this, and what is malformed.
    """

    source: MemorySource
    summary: MemoryItem | None
    items: tuple[tuple[MemoryPart, MemoryItem], ...]
    language: str | None
    covers_to: int | None
    dropped: int

    @property
    def count(self) -> int:
        return len(self.items) + (self.summary is not None)


def read_claims(data: Mapping[str, object]) -> Claims:
    """Return what a record in the form of `memory_data` claims; malformed items are only counted.

    Raises: RefusedInputError: the record itself is malformed.
    """
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise RefusedInputError(f"memory_data has no key {unknown[0][:40]!r}; its keys are {', '.join(sorted(_KEYS))}.")
    malformed = 0
    items: list[tuple[MemoryPart, MemoryItem]] = []
    for part in MemoryPart:
        given = _list_of(data, part)
        read = [_item(each, part) for each in given]
        good = [item for item in read if item is not None]
        malformed += len(given) - len(good)
        items += ((part, item) for item in good)
    summary = _item(data.get("summary"), None)
    malformed += summary is None and bool(data.get("summary"))
    return Claims(_source(data), summary, tuple(items), _language(data), _covers_to(data), malformed + _dropped(data))


def _list_of(data: Mapping[str, object], part: MemoryPart) -> Sequence[object]:
    given = data.get(part.value)
    if given is None:
        return ()
    if not isinstance(given, list) or len(given) > _MOST_GIVEN:
        raise RefusedInputError(f"memory_data.{part.value} must be a list of at most {_MOST_GIVEN} items.")
    return given


def _source(data: Mapping[str, object]) -> MemorySource:
    try:
        return MemorySource(str(data.get("source") or MemorySource.MODEL.value))
    except ValueError as error:
        allowed = ", ".join(source.value for source in MemorySource)
        raise RefusedInputError(f"memory_data.source must be one of {allowed}.") from error


def _covers_to(data: Mapping[str, object]) -> int | None:
    given = data.get("covers_to")
    message_id = 0 if given == 0 and given is not False else _id(given)
    if given is not None and message_id is None:
        raise RefusedInputError("memory_data.covers_to must be the id of a message.")
    return message_id


def _dropped(data: Mapping[str, object]) -> int:
    given = data.get("dropped")
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 < given <= _MOST_DROPPED else 0


def _language(data: Mapping[str, object]) -> str | None:
    given = data.get("language")
    return given if isinstance(given, str) and _LANGUAGE.fullmatch(given) else None


def _item(given: object, part: MemoryPart | None) -> MemoryItem | None:
    """Read `{"text", "message_ids", …}` or a bare text; None when it is neither."""
    fields: Mapping[object, object] = given if isinstance(given, Mapping) else {"text": given}
    text, name = _text(fields.get("text")), _text(fields.get("name"))
    if part is not None and part.has_name:
        # Somebody of whom nothing else is said is known by name.
        text, name = text or name, name or (text if not isinstance(given, Mapping) else "")
        if not name:
            return None
    confidence = _confidence(fields.get("confidence")) if part is MemoryPart.INTENTS else None
    if not text or (part is MemoryPart.INTENTS and confidence is None):
        return None
    limit = SUMMARY_BYTES if part is None else ITEM_BYTES
    kept_name = shortened(name, _NAME_BYTES) if part is not None and part.has_name else None
    replaces = _ids(fields.get("replaces")) if part in CAN_REPLACE else ()
    return MemoryItem(shortened(text, limit), _ids(fields.get("message_ids")), kept_name, confidence, replaces)


def _text(given: object) -> str:
    return one_line(given) if isinstance(given, str) else ""


def _ids(given: object) -> tuple[int, ...]:
    """Return the ids in a list, also when they were written as text."""
    found = given if isinstance(given, list) else []
    read = (_id(each) for each in found[:_MOST_IDS])
    return tuple(each for each in read if each is not None)


def _id(given: object) -> int | None:
    if isinstance(given, str) and (written := _WRITTEN_ID.fullmatch(given.strip())):
        given = int(written["number"])
    is_id = isinstance(given, int) and not isinstance(given, bool) and 0 < given < 1 << 53
    return int(str(given)) if is_id else None


def _confidence(given: object) -> float | None:
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given <= 1:
        return float(given)
    return None
