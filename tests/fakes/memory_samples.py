"""What somebody may claim of the dialogue `lisbon`."""

from source.domain.memory import Memory, MemoryItem, MemoryPart, MemorySource
from source.domain.memory_check import checked_memory
from tests.fakes.dialogue_samples import PEOPLE, lisbon

MOVED, CONGRATULATED, ASKED, TRAIN, HOTELS = 102, 103, 104, 105, 106


def claim(text: str, *message_ids: int, **more: object) -> dict[str, object]:
    return {"text": text, "message_ids": [*message_ids], **more}


def record(**fields: object) -> dict[str, object]:
    """A `memory_data` with these keys, and empty lists for the others."""
    lists: dict[str, object] = {part.value: [] for part in MemoryPart}
    return {"summary": claim("Ana moved to Lisbon.", MOVED), "language": "en", **lists, **fields}


def checked(**fields: object) -> Memory:
    return checked_memory(record(**fields), lisbon(), PEOPLE)


def facts(*claims: object) -> list[str]:
    """The texts of the facts that are kept of those claimed."""
    return [item.text for item in checked(facts=[*claims]).of(MemoryPart.FACTS)]


def remembered(*fact_texts: str, covers_to: int = MOVED, source: MemorySource = MemorySource.MODEL) -> Memory:
    """A memory that has these facts from the message in which Ana moved."""
    items = tuple(MemoryItem(text, (MOVED,)) for text in fact_texts)
    return Memory(source, covers_to, MemoryItem("Ana moved.", (MOVED,)), {MemoryPart.FACTS: items})
