"""Facts for tests, said on days counted from the beginning of March."""

import itertools
from datetime import UTC, datetime, timedelta

from source.domain.fact import Fact, FoundFact
from source.domain.fact_slots import slots_of
from source.domain.fact_words import plain_form
from source.domain.memory import MemoryPart

BEGAN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
ANA = ("Ana Costa",)
_numbers = itertools.count(1)


def fact(
    text: str,
    *,
    day: float = 0,
    part: MemoryPart = MemoryPart.FACTS,
    name: str | None = None,
    conversation: int | None = None,
    message: int | None = None,
    replaces: tuple[int, ...] = (),
    person: int = 1,
) -> Fact:
    """Something of Ana's, each from a message and a conversation of its own unless they are given."""
    number = next(_numbers)
    found = FoundFact(
        person_id=person,
        part=part,
        text=text,
        form=plain_form(text),
        name=name,
        message_ids=(message or 1_000 + number,),
        said_at=BEGAN + timedelta(days=day),
        slots=slots_of(text, ANA) if part is not MemoryPart.TOPICS else (),
        replaces=replaces,
    )
    return Fact(number, conversation or number, found)
