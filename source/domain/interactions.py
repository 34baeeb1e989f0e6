"""What is counted of a person: how much they said, since when, in which languages, and what they wanted."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

EVERYBODY: Final = ""
# Longer than any word for what somebody wants; programs may send what they like.
_MOST_NAME_CHARS: Final = 200
_NO_ID: Final = 2**53


class NameKind(StrEnum):
    """What a name that came up in a conversation names."""

    INTENT = "intent"
    LANGUAGE = "language"


class CountedName(NamedTuple):
    """A name that came up in a conversation, and in whose words; `EVERYBODY`: it is said of the conversation."""

    kind: NameKind
    name: str
    who: str


@dataclass(frozen=True, slots=True)
class Interactions:
    """What somebody did; each intent and language with the number of conversations in which it came up.

    Without a message that still stands there are no times.
    """

    conversations: int = 0
    messages: int = 0
    first_contact: datetime | None = None
    last_contact: datetime | None = None
    intents: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)


def names_told_by(
    *, intents: object, language: object, memory: Mapping[str, object], writers: Mapping[int, str | None]
) -> set[CountedName]:
    """Return what is known of a conversation as a whole: by programs (`intents`, `language`) and by its memory.

    An intent of the memory is theirs whose messages show it; `writers` tells whose a message is.
    """
    found = {_counted(NameKind.LANGUAGE, language or memory.get("language"), EVERYBODY)}
    if isinstance(intents, Mapping):
        found.add(_counted(NameKind.INTENT, intents.get("primary"), EVERYBODY))
    for intent in intents_in(memory):
        people = {who for cited in cited_by(intent) if (who := writers.get(cited)) is not None}
        found |= {_counted(NameKind.INTENT, intent.get("name"), who) for who in people or {EVERYBODY}}
    return {each for each in found if each is not None}


def names_said(rows: Iterable[tuple[str, object, object]]) -> set[CountedName]:
    """Return the names in messages, each given as its writer, its intent and its language."""
    found: set[CountedName | None] = set()
    for who, intent, language in rows:
        found |= {_counted(NameKind.INTENT, intent, who), _counted(NameKind.LANGUAGE, language, who)}
    return {each for each in found if each is not None}


def intents_in(memory: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the intents of a memory's record, whoever wrote it."""
    listed = memory.get("intents")
    return [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []


def cited_by(item: Mapping[str, object]) -> Collection[int]:
    """Return the messages that an item of a memory cites."""
    ids = item.get("message_ids")
    return [each for each in ids if isinstance(each, int) and 0 < each < _NO_ID] if isinstance(ids, list) else []


def _counted(kind: NameKind, name: object, who: str) -> CountedName | None:
    text = name.strip()[:_MOST_NAME_CHARS].rstrip() if isinstance(name, str) else ""
    return CountedName(kind, text, who) if text else None
