"""Forgetting single facts: out of the table, out of the memories, and not to come back."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from source.adapters.storage.fact_tables import facts, forgotten_facts
from source.adapters.storage.fact_writes import put_facts, said_by
from source.adapters.storage.operation_tables import conversation_memories as memories
from source.adapters.storage.row_reading import AnyRow
from source.domain.fact_words import plain_form, telling_words
from source.domain.forgotten_fact import Forgotten, without_text
from source.domain.memory import MemoryPart, MemorySource
from source.domain.memory_facts import cited_by


def forget(connection: Connection, fact_ids: Sequence[int], now: datetime) -> int:
    """Forget these facts, and what the memories of their conversations say in the same words; return how many."""
    rows = connection.execute(select(facts).where(facts.c.id.in_(fact_ids)).order_by(facts.c.id)).all()
    rows = [*rows, *_telling_less(connection, rows)]
    by_conversation: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in rows:
        by_conversation[row.conversation_id].append(row)
    # Always in the same order, so that two who forget at once never wait for each other.
    for conversation_id in sorted(by_conversation):
        _forget_in(connection, conversation_id, by_conversation[conversation_id], now)
    return len(rows)


def _telling_less(connection: Connection, rows: Sequence[AnyRow]) -> list[AnyRow]:
    """Return what the same messages show in fewer of the same words, such as a topic."""
    known = {row.id for row in rows}
    here = sorted({row.conversation_id for row in rows})
    beside = select(facts).where(facts.c.conversation_id.in_(here))
    others = [row for row in connection.execute(beside.order_by(facts.c.id)) if row.id not in known]
    return [other for other in others if any(_tells_less(other, row) for row in rows)]


def _tells_less(other: AnyRow, row: AnyRow) -> bool:
    if (other.conversation_id, other.person_id) != (row.conversation_id, row.person_id):
        return False
    having = set(telling_words(row.text))
    return set(other.message_ids) <= set(row.message_ids) and having.issuperset(telling_words(other.text))


def _forget_in(connection: Connection, conversation_id: int, rows: Sequence[AnyRow], now: datetime) -> None:
    here = memories.c.conversation_id == conversation_id
    memory = connection.execute(select(memories).where(here).with_for_update()).first()
    if memory is None:  # it was forgotten meanwhile, and its facts with it
        return
    data = memory.memory_data
    speakers = said_by(connection, conversation_id, cited_by(data))
    said = {key: each.person_id for key, each in speakers.items()}
    for row in rows:
        names = {name for each in speakers.values() if each.person_id == row.person_id for name in each.names}
        data = without_text(data, row.text, row.person_id, said, names)
    kept = _kept_beside(connection, conversation_id, rows)
    for row in rows:
        noted = _noted(connection, conversation_id, row, memory.covers_to, kept)
        connection.execute(forgotten_facts.insert().values(**noted, forgotten_at=now))
    changed = {"memory_data": data, "version": memory.version + 1, "updated_at": now}
    connection.execute(memories.update().where(here).values(**changed))
    put_facts(connection, conversation_id, data, MemorySource(memory.source), now)


def _kept_beside(connection: Connection, conversation_id: int, rows: Sequence[AnyRow]) -> list[str]:
    """Return the texts of the conversation's other facts: a message that shows one of them may show it again."""
    gone = {plain_form(row.text) for row in rows}
    texts = connection.execute(select(facts.c.text).where(facts.c.conversation_id == conversation_id)).scalars()
    return [text for text in texts if plain_form(text) not in gone]


def _noted(
    connection: Connection, conversation_id: int, row: AnyRow, covers_to: int, kept: Sequence[str]
) -> dict[str, object]:
    forgotten = Forgotten.of(
        row.text,
        person_id=row.person_id,
        part=MemoryPart(row.part),
        message_ids=said_by(connection, conversation_id, row.message_ids),
        covers_to=covers_to,
        kept=kept,
    )
    return {
        "conversation_id": conversation_id,
        "person_id": row.person_id,
        "part": forgotten.part.value,
        "message_ids": sorted(forgotten.message_ids),
        "covers_to": forgotten.covers_to,
        "salt": forgotten.salt,
        "digest": forgotten.digest,
        "kept": sorted(forgotten.kept),
    }
