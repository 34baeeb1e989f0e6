"""What is known of people, in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, literal, or_, select

from source.adapters.storage.fact_forgetting import forget
from source.adapters.storage.fact_tables import facts
from source.adapters.storage.fact_writes import put_facts
from source.adapters.storage.operation_tables import conversation_memories as memories
from source.adapters.storage.row_reading import AnyRow
from source.adapters.storage.seen_places import Looking, values_of_scope
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, conversations, participants, threads
from source.domain.fact import Fact, FoundFact, Slot
from source.domain.memory import MemoryPart, MemorySource
from source.domain.thread import Platform
from source.ports.facts import SummaryOf
from source.ports.store import Scope

_TOPICS: Final = MemoryPart.TOPICS.value
_MOST_TOPICS: Final = 200


class FactTable:
    """Implements FactStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def seen(self, scope: Scope, *, limit: int = 2_000) -> list[Fact]:
        return await self._access.read(_seen, scope, limit)

    async def known_to(self, conversation_id: int, *, limit: int = 2_000) -> list[Fact]:
        return await self._access.read(_known_to, conversation_id, limit)

    async def of_person(self, person_id: int, *, limit: int = 2_000) -> list[Fact]:
        return await self._access.read(_of_person, person_id, limit)

    async def fact(self, fact_id: int) -> Fact | None:
        found = await self._access.read(_facts, select(facts).where(facts.c.id == fact_id))
        return found[0] if found else None

    async def forget(self, fact_ids: Sequence[int]) -> int:
        def apply(connection: Connection, now: datetime) -> int:
            return forget(connection, fact_ids, now)

        return await self._access.change(apply)

    async def summaries_near(self, fact_ids: Sequence[int]) -> list[SummaryOf]:
        return await self._access.read(_summaries_near, fact_ids)

    async def read_memories(self, *, limit: int) -> int:
        def apply(connection: Connection, now: datetime) -> int:
            return _read_memories(connection, limit, now)

        return await self._access.change(apply)


def _seen(connection: Connection, scope: Scope, limit: int) -> list[Fact]:
    return _latest(connection, *_seen_by(Looking.of(scope)), limit, values_of_scope(scope))


@cache
def _seen_by(looking: Looking) -> tuple[Select[Any], Select[Any]]:
    return _latest_of(facts.c.person_id == looking.person(), looking.sees(facts.c.conversation_id))


def _known_to(connection: Connection, conversation_id: int, limit: int) -> list[Fact]:
    here = threads.join(conversations, conversations.c.thread_key == threads.c.id)
    where = connection.execute(
        select(threads.c.platform, threads.c.guild_id, threads.c.circle)
        .select_from(here)
        .where(conversations.c.id == conversation_id)
    ).first()
    if where is None:
        return []
    speaking = select(participants.c.external_id).where(participants.c.conversation_id == conversation_id)
    found: dict[int, Fact] = {}
    for who in connection.execute(speaking).scalars().all():
        scope = Scope(Platform(where.platform), who, where.guild_id, where.circle)
        found |= {fact.fact_id: fact for fact in _seen(connection, scope, limit)}
    return [fact for fact in found.values() if fact.conversation_id != conversation_id]


def _of_person(connection: Connection, person_id: int, limit: int) -> list[Fact]:
    return _latest(connection, *_of_one_person(), limit, {"person": person_id})


@cache
def _of_one_person() -> tuple[Select[Any], Select[Any]]:
    return _latest_of(facts.c.person_id == bindparam("person"))


def _latest_of(*where: ColumnElement[bool]) -> tuple[Select[Any], Select[Any]]:
    """Select the latest said, and of topics the latest."""
    query = select(facts).where(*where).order_by(facts.c.said_at.desc(), facts.c.id.desc()).limit(bindparam("most"))
    return query.where(facts.c.part != _TOPICS), query.where(facts.c.part == _TOPICS)


def _latest(
    connection: Connection, said: Select[Any], topics: Select[Any], limit: int, values: Mapping[str, object]
) -> list[Fact]:
    """Return the latest said, of topics only some: what was talked about takes no room from what is known."""
    found = _facts(connection, said, {**values, "most": limit})
    found += _facts(connection, topics, {**values, "most": min(limit, _MOST_TOPICS)})
    return sorted(found, key=lambda fact: (fact.said_at, fact.fact_id), reverse=True)[:limit]


def _summaries_near(connection: Connection, fact_ids: Sequence[int]) -> list[SummaryOf]:
    """Of direct places all of the person's are near; in a guild, what they took part in there."""
    places = (
        select(facts.c.person_id, threads.c.platform, threads.c.guild_id)
        .join(conversations, conversations.c.id == facts.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(facts.c.id.in_(fact_ids))
        .distinct()
    )
    near = [_is_near(row) for row in connection.execute(places)]
    if not near:
        return []
    told = conversations.c
    texts = (told.title, told.summary, told.carried_summary, told.running_summary)
    query = (
        select(conversations.c.id, *texts, aliases.c.display_name)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .join(participants, participants.c.conversation_id == conversations.c.id)
        .join(
            aliases,
            and_(aliases.c.external_id == participants.c.external_id, aliases.c.platform == threads.c.platform),
        )
        .where(or_(*near), or_(*(text != literal("") for text in texts)))
        .order_by(conversations.c.id)
    )
    found: dict[int, SummaryOf] = {}
    for row in connection.execute(query):
        known = found.get(row.id)
        names = (*(known.names if known else ()), row.display_name)
        told_there = (row.title, row.summary, row.carried_summary, row.running_summary)
        found[row.id] = SummaryOf(row.id, told_there, names)
    return list(found.values())


def _is_near(place: AnyRow) -> ColumnElement[bool]:
    theirs = aliases.c.person_id == place.person_id
    if place.guild_id is None:
        return and_(theirs, threads.c.guild_id.is_(None))
    return and_(theirs, threads.c.guild_id == place.guild_id, threads.c.platform == place.platform)


def _read_memories(connection: Connection, limit: int, now: datetime) -> int:
    """Where other processes do the same, each takes what the others have not."""
    query = (
        select(memories.c.conversation_id, memories.c.memory_data, memories.c.source)
        .where(memories.c.facts_version.is_(None))
        .order_by(memories.c.conversation_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(query).all()
    for row in rows:
        put_facts(connection, row.conversation_id, row.memory_data, MemorySource(row.source), now)
    return len(rows)


def _facts(connection: Connection, query: Select[Any], values: Mapping[str, object] | None = None) -> list[Fact]:
    return [_fact(row) for row in connection.execute(query, values or {})]


def _fact(row: AnyRow) -> Fact:
    found = FoundFact(
        person_id=row.person_id,
        part=MemoryPart(row.part),
        text=row.text,
        form=row.form,
        name=row.name,
        message_ids=tuple(row.message_ids),
        said_at=row.said_at,
        slots=tuple(Slot(*each) for each in row.slots or ()),
        replaces=tuple(row.replaces or ()),
        source=MemorySource(row.source),
    )
    return Fact(row.id, row.conversation_id, found)
