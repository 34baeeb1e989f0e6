"""The facts that the memory of a conversation holds, each as of whoever said what it cites."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from source.domain.errors import RefusedInputError
from source.domain.fact import FACT_PARTS, FoundFact
from source.domain.fact_slots import slots_of
from source.domain.fact_words import plain_form
from source.domain.memory import MemoryItem, MemoryPart, MemorySource
from source.domain.memory_claims import read_claims

# What is read from a memory by other rules is read anew; see `conversation_memories.facts_version`.
FACTS_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class SaidBy:
    """Who said a message, under which names they are known, and when."""

    person_id: int
    names: tuple[str, ...]
    said_at: datetime


def items_of(memory_data: Mapping[str, object]) -> list[tuple[MemoryPart, MemoryItem]]:
    """Return the items that can be facts; none of a record of a form that this version does not know."""
    try:
        claims = read_claims(memory_data)
    except RefusedInputError:
        return []
    return [(part, item) for part, item in claims.items if part in FACT_PARTS and _tells_something(item)]


def cited_by(memory_data: Mapping[str, object]) -> set[int]:
    """Return the ids of all messages that a record cites."""
    items = [each for value in memory_data.values() for each in (value if isinstance(value, list) else [value])]
    cited = [item["message_ids"] for item in items if isinstance(item, Mapping) and "message_ids" in item]
    return {each for ids in cited if isinstance(ids, list) for each in ids if isinstance(each, int)}


def facts_in(
    memory_data: Mapping[str, object], said: Mapping[int, SaidBy], source: MemorySource
) -> Iterator[FoundFact]:
    """Yield a fact for each item and person who said some of what it cites; what only Echo said is nobody's."""
    for part, item in items_of(memory_data):
        for person_id, theirs in _by_person(item.message_ids, said).items():
            names = {name for each in theirs for name in each.names}
            yield FoundFact(
                person_id=person_id,
                part=part,
                text=item.text,
                form=plain_form(item.text),
                name=item.name,
                message_ids=item.message_ids,
                said_at=max(each.said_at for each in theirs),
                slots=slots_of(item.text, sorted(names)) if part is not MemoryPart.TOPICS else (),
                replaces=item.replaces,
                source=source,
            )


def _tells_something(item: MemoryItem) -> bool:
    """Whether it is more than the name of somebody of whom nothing else is known."""
    return item.name is None or item.name.casefold() != item.text.casefold()


def _by_person(message_ids: Iterable[int], said: Mapping[int, SaidBy]) -> Mapping[int, Sequence[SaidBy]]:
    found: dict[int, list[SaidBy]] = {}
    for message_id in message_ids:
        if message_id in said:
            found.setdefault(said[message_id].person_id, []).append(said[message_id])
    return found
