"""What was forgotten on demand: known again when it comes back, without its words."""

import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex
from typing import Final

from source.domain.fact_words import plain_form, tells_of
from source.domain.memory import MemoryPart
from source.domain.summary_text import sentences

_PARTS: Final = frozenset(MemoryPart)

Said = Mapping[int, int]
"""By the id of a message of a person, which person that is."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Something that must not come back from the messages that showed it, as far as they had been read.

    `kept` are the digests of what the same messages show and was not forgotten.
    """

    person_id: int
    part: MemoryPart
    message_ids: frozenset[int]
    covers_to: int
    salt: str
    digest: str
    kept: frozenset[str]

    @classmethod
    def of(
        cls,
        text: str,
        *,
        person_id: int,
        part: MemoryPart,
        message_ids: Collection[int],
        covers_to: int,
        kept: Collection[str],
    ) -> "Forgotten":
        """Return what is noted of a text; `kept` are the texts of others that these messages show."""
        salt = token_hex(16)
        others = frozenset(_digest(salt, each) for each in kept)
        return cls(person_id, part, frozenset(message_ids), covers_to, salt, _digest(salt, text), others)

    def is_meant_by(self, part: MemoryPart | None, text: str, cited: Collection[int], said: Said) -> bool:
        """Whether an item is this again: in the same words, or in others from messages that show nothing else.

        What was said again later may be remembered, and what somebody else said is not meant.
        """
        by_people = [message_id for message_id in cited if message_id in said]
        if any(message_id > self.covers_to for message_id in (by_people or cited)):
            return False
        digest = _digest(self.salt, text)
        if digest == self.digest and _is_said_by(self.person_id, by_people, said):
            return True
        shows_only_this = bool(by_people) and self.message_ids.issuperset(by_people)
        # Topics are words of what was said.
        return shows_only_this and part in {self.part, MemoryPart.TOPICS} and digest not in self.kept


def without_forgotten(
    memory_data: Mapping[str, object], forgotten: Sequence[Forgotten], said: Said
) -> dict[str, object]:
    """Return a record without the items, and the sentences of its summary, that were forgotten."""

    def is_gone(part: MemoryPart | None, item: object, text: str) -> bool:
        return any(each.is_meant_by(part, text, _cited(item), said) for each in forgotten)

    return _without(memory_data, is_gone)


def without_text(
    memory_data: Mapping[str, object], text: str, person_id: int, said: Said, names: Collection[str]
) -> dict[str, object]:
    """Return a record without any item in which the person says just this, and without what its summary tells of it.

    `names` are those of the person.
    """
    plain = plain_form(text)

    def is_gone(part: MemoryPart | None, item: object, told: str) -> bool:
        if not _is_said_by(person_id, [each for each in _cited(item) if each in said], said):
            return False
        return plain_form(told) == plain if part is not None else tells_of(told, text, names)

    return _without(memory_data, is_gone)


def _without(
    memory_data: Mapping[str, object], is_gone: Callable[[MemoryPart | None, object, str], bool]
) -> dict[str, object]:
    left = dict(memory_data)
    for key, items in memory_data.items():
        part = _part(key)
        if part is not None and isinstance(items, list):
            left[key] = [item for item in items if not is_gone(part, item, _text(item))]
    summary = memory_data.get("summary")
    if isinstance(summary, Mapping):
        shown = [each for each in sentences(_text(summary)) if not is_gone(None, summary, each)]
        left["summary"] = {**summary, "text": " ".join(shown)} if shown else None
    return left


def _is_said_by(person_id: int, by_people: Sequence[int], said: Said) -> bool:
    """Whether the person said one of these messages; what only Echo said, it said to whoever was there."""
    return not by_people or any(said[message_id] == person_id for message_id in by_people)


def _digest(salt: str, text: str) -> str:
    return hmac.new(salt.encode(), plain_form(text).encode("utf-8", "surrogatepass"), sha256).hexdigest()


def _part(key: str) -> MemoryPart | None:
    return MemoryPart(key) if key in _PARTS else None


def _text(item: object) -> str:
    text = item.get("text") if isinstance(item, Mapping) else item
    return text if isinstance(text, str) else ""


def _cited(item: object) -> list[int]:
    ids = item.get("message_ids") if isinstance(item, Mapping) else None
    return [each for each in ids if isinstance(each, int)] if isinstance(ids, list) else []
