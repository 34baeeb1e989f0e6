"""Keeps the table of facts as the memories are, inside the transactions that change them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, select

from source.adapters.storage.fact_tables import facts, forgotten_facts
from source.adapters.storage.operation_tables import conversation_memories as memories
from source.adapters.storage.tables import aliases, conversations, messages, threads
from source.domain.fact import FoundFact
from source.domain.forgotten_fact import Forgotten, without_forgotten
from source.domain.memory import MemoryPart, MemorySource
from source.domain.memory_facts import FACTS_VERSION, SaidBy, cited_by, facts_in

# SQLite takes so many values and more in one statement.
_IDS_AT_ONCE: Final = 500

# By what a fact is the same when its memory is made again: it keeps its id.
_Same = tuple[int, str, str | None, str]


def without_what_was_forgotten(
    connection: Connection, conversation_id: int, memory_data: Mapping[str, object]
) -> dict[str, object]:
    """Return a record as it may be stored: what was forgotten on demand does not come back."""
    forgotten = _forgotten(connection, conversation_id)
    if not forgotten:
        return dict(memory_data)
    said = said_by(connection, conversation_id, cited_by(memory_data))
    return without_forgotten(memory_data, forgotten, {key: each.person_id for key, each in said.items()})


def put_facts(
    connection: Connection, conversation_id: int, memory_data: Mapping[str, object], source: MemorySource, now: datetime
) -> None:
    """Have the facts of a conversation be those of its memory as it is now."""
    said = said_by(connection, conversation_id, cited_by(memory_data))
    found = {_same(fact): fact for fact in facts_in(memory_data, said, source)}
    known = connection.execute(select(facts).where(facts.c.conversation_id == conversation_id))
    stored = {(row.person_id, row.part, row.name, row.text): row for row in known}
    gone = [stored[same].id for same in stored.keys() - found.keys()]
    for start in range(0, len(gone), _IDS_AT_ONCE):
        connection.execute(facts.delete().where(facts.c.id.in_(gone[start : start + _IDS_AT_ONCE])))
    for same in stored.keys() & found.keys():
        values = _values(found[same])
        if values != {name: getattr(stored[same], name) for name in values}:
            connection.execute(facts.update().where(facts.c.id == stored[same].id).values(**values))
    new = [
        {"person_id": fact.person_id, "conversation_id": conversation_id, "created_at": now, **_values(fact)}
        for same, fact in found.items()
        if same not in stored
    ]
    if new:
        connection.execute(facts.insert(), new)
    connection.execute(memories.update().where(memories.c.conversation_id == conversation_id).values(**_READ))


def said_by(connection: Connection, conversation_id: int, message_ids: Collection[int]) -> dict[int, SaidBy]:
    """Return by id who said these messages of a conversation; those of Echo, and of nobody known, are left out."""
    wanted = sorted(message_ids)
    found: dict[int, SaidBy] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        found |= _said_by(connection, conversation_id, wanted[start : start + _IDS_AT_ONCE])
    return found


_READ: Final = {"facts_version": FACTS_VERSION}


def _said_by(connection: Connection, conversation_id: int, message_ids: Sequence[int]) -> Iterator[tuple[int, SaidBy]]:
    # Numbers of people are those of their own platform alone.
    theirs = and_(aliases.c.platform == threads.c.platform, aliases.c.external_id == messages.c.requester)
    query = (
        select(messages.c.id, messages.c.created_at, aliases.c.person_id, aliases.c.display_name)
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .join(aliases, theirs)
        .where(messages.c.conversation_id == conversation_id, messages.c.id.in_(message_ids))
    )
    for row in connection.execute(query):
        names = (row.display_name,) if row.display_name else ()
        yield row.id, SaidBy(row.person_id, names, row.created_at)


def _forgotten(connection: Connection, conversation_id: int) -> list[Forgotten]:
    query = select(forgotten_facts).where(forgotten_facts.c.conversation_id == conversation_id)
    return [
        Forgotten(
            person_id=row.person_id,
            part=MemoryPart(row.part),
            message_ids=frozenset(row.message_ids),
            covers_to=row.covers_to,
            salt=row.salt,
            digest=row.digest,
            kept=frozenset(row.kept),
        )
        for row in connection.execute(query)
    ]


def _same(fact: FoundFact) -> _Same:
    return fact.person_id, fact.part.value, fact.name, fact.text


def _values(fact: FoundFact) -> dict[str, object]:
    return {
        "part": fact.part.value,
        "text": fact.text,
        "form": fact.form,
        "name": fact.name,
        "message_ids": [*fact.message_ids],
        "said_at": fact.said_at,
        "slots": [slot.as_data() for slot in fact.slots] or None,
        "replaces": [*fact.replaces] or None,
        "source": fact.source.value,
    }
