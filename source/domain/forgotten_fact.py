"""What was forgotten on demand: known again when it comes back, without its words."""

import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_hex
from typing import Final

from source.domain.fact_words import plain_form, says
from source.domain.memory import MemoryPart
from source.domain.summary_text import sentences

_PARTS: Final = frozenset(MemoryPart)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Something that must not come back from the messages that showed it, as far as they had been read.

    `kept` are the digests of what the same messages show and was not forgotten.
    """

    part: MemoryPart
    message_ids: frozenset[int]
    covers_to: int
    salt: str
    digest: str
    kept: frozenset[str]

    @classmethod
    def of(
        cls, text: str, part: MemoryPart, message_ids: Collection[int], covers_to: int, kept: Collection[str]
    ) -> "Forgotten":
        """Return what is noted of a text; `kept` are the texts of others that these messages show."""
        salt = token_hex(16)
        others = frozenset(_digest(salt, each) for each in kept)
        return cls(part, frozenset(message_ids), covers_to, salt, _digest(salt, text), others)

    def is_meant_by(self, part: MemoryPart | None, text: str, cited: Collection[int], said: Collection[int]) -> bool:
        """Whether an item is this again: in the same words, or in others from messages that show nothing else.

        `said` are those of the cited messages that people wrote. What was said again later may be remembered.
        """
        if any(message_id > self.covers_to for message_id in (said or cited)):
            return False
        digest = _digest(self.salt, text)
        if digest == self.digest:
            return True
        return bool(said) and part is self.part and self.message_ids.issuperset(said) and digest not in self.kept


def without_forgotten(
    memory_data: Mapping[str, object], forgotten: Sequence[Forgotten], said: Collection[int]
) -> dict[str, object]:
    """Return a record without the items, and the sentences of its summary, that were forgotten; `said`: by people."""
    if not forgotten:
        return dict(memory_data)

    def is_gone(part: MemoryPart | None, item: object) -> bool:
        text, cited = _text(item), _cited(item)
        own = [message_id for message_id in cited if message_id in said]
        return any(each.is_meant_by(part, text, cited, own) for each in forgotten)

    left = {
        key: [item for item in value if not is_gone(_part(key), item)] if isinstance(value, list) else value
        for key, value in memory_data.items()
    }
    summary = memory_data.get("summary")
    if isinstance(summary, Mapping):
        shown = [each for each in sentences(_text(summary)) if not is_gone(None, {**summary, "text": each})]
        left["summary"] = {**summary, "text": " ".join(shown)} if shown else None
    return left


def without_text(memory_data: Mapping[str, object], text: str) -> dict[str, object]:
    """Return a record without any item that says just this, and without the sentences of its summary that tell it."""
    plain = plain_form(text)
    left = {
        key: [item for item in value if plain_form(_text(item)) != plain] if isinstance(value, list) else value
        for key, value in memory_data.items()
    }
    summary = memory_data.get("summary")
    if isinstance(summary, Mapping):
        shown = [each for each in sentences(_text(summary)) if not says(each, text)]
        left["summary"] = {**summary, "text": " ".join(shown)} if shown else None
    return left


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
