"""What the database has of one person."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from source.adapters.storage.person_tables import is_here, rows_by_person
from source.adapters.storage.seen_places import seen_from
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, conversations, events, participants, threads
from source.domain.privacy import SeenFrom
from source.domain.thread import Platform
from source.domain.turn import EventState
from source.ports.people import Alias
from source.ports.privacy import Who
from source.ports.store import Scope

_AT_ONCE: Final = 500


class PersonTable:
    """Implements `PersonReading`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def who(self, person_id: int) -> Who | None:
        return await self._access.read(who, person_id)

    async def known_as(self, platform: Platform, external_id: str) -> Who | None:
        return await self._access.read(_known_as, platform, external_id)

    async def conversations_of(self, who: Who, place: SeenFrom | None) -> list[int]:
        return await self._access.read(conversations_of, who, place)

    async def following(self, conversation_ids: Collection[int]) -> list[int]:
        return await self._access.read(_following, conversation_ids)

    async def readers_of(self, conversation_ids: Collection[int]) -> list[int]:
        return await self._access.read(_readers_of, conversation_ids)

    async def waiting(self, who: Who, place: SeenFrom | None, before: int) -> dict[Platform, list[str]]:
        return await self._access.read(_waiting, who, place, before)

    async def keys_of(self, platform: Platform, event_ids: Collection[str]) -> dict[str, int]:
        return await self._access.read(_keys_of, platform, list(event_ids))

    async def rows_of(self, who: Who, place: SeenFrom | None) -> dict[str, int]:
        return await self._access.read(_rows_of, who, place)


def who(connection: Connection, person_id: int) -> Who | None:
    """Return a person under all their names; None: nobody has this id."""
    rows = connection.execute(
        select(aliases).where(aliases.c.person_id == person_id).order_by(aliases.c.platform, aliases.c.external_id)
    )
    named = tuple(Alias(Platform(row.platform), row.external_id, row.display_name) for row in rows)
    return Who(person_id, named) if named else None


def conversations_of(connection: Connection, who: Who, place: SeenFrom | None) -> list[int]:
    """Return the conversations in which they took part, or of these those seen from the place."""
    if place is not None:
        scope = Scope(place.platform, place.external_id, place.guild_id, place.circle)
        return sorted(set(connection.execute(seen_from(scope)).scalars()))
    query = (
        select(participants.c.conversation_id)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(or_(*_is_any_of(who, participants.c.external_id)))
    )
    return sorted(set(connection.execute(query).scalars()))


def in_steps(keys: Collection[int]) -> Iterator[Sequence[int]]:
    """Return the keys in parts of which each fits into a statement."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _known_as(connection: Connection, platform: Platform, external_id: str) -> Who | None:
    query = select(aliases.c.person_id).where(
        aliases.c.platform == platform.value, aliases.c.external_id == external_id
    )
    person_id: int | None = connection.execute(query).scalar()
    return None if person_id is None else who(connection, person_id)


def _is_any_of(who: Who, column: ColumnElement[str]) -> list[ColumnElement[bool]]:
    return [and_(threads.c.platform == each.platform.value, column == each.external_id) for each in who.aliases]


def _following(connection: Connection, conversation_ids: Collection[int]) -> list[int]:
    found: set[int] = set()
    latest = set(conversation_ids)
    while latest:
        children: set[int] = set()
        for some in in_steps(latest):
            query = select(conversations.c.id).where(conversations.c.parent_conversation_id.in_(some))
            children.update(connection.execute(query).scalars())
        latest = children - found - set(conversation_ids)
        found |= latest
    return sorted(found)


def _readers_of(connection: Connection, conversation_ids: Collection[int]) -> list[int]:
    """Look where a search could have shown one of these: to somebody who took part in it, in the same place."""
    found: set[int] = set()
    for some in in_steps(conversation_ids):
        for query in (_in_the_same_guild(some), _told_directly(some)):
            found.update(connection.execute(query).scalars())
    return sorted(found - set(conversation_ids))


def _in_the_same_guild(conversation_ids: Sequence[int]) -> Select[int]:
    """Select where somebody took part in the guild in which they took part in one of these."""
    theirs, there, place = participants.alias("theirs"), conversations.alias("there"), threads.alias("place")
    return (
        select(theirs.c.conversation_id)
        .distinct()
        .select_from(participants)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .join(theirs, theirs.c.external_id == participants.c.external_id)
        .join(there, there.c.id == theirs.c.conversation_id)
        .join(place, place.c.id == there.c.thread_key)
        .where(
            participants.c.conversation_id.in_(conversation_ids),
            place.c.platform == threads.c.platform,
            place.c.guild_id == threads.c.guild_id,
        )
    )


def _told_directly(conversation_ids: Sequence[int]) -> Select[int]:
    """Select the direct conversations, on all their accounts, of those who took part in a direct one of these."""
    theirs, there, place = participants.alias("theirs"), conversations.alias("there"), threads.alias("place")
    known = aliases.alias("known")
    took_part = and_(known.c.platform == threads.c.platform, known.c.external_id == participants.c.external_id)
    return (
        select(theirs.c.conversation_id)
        .distinct()
        .select_from(participants)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .join(known, took_part)
        .join(aliases, aliases.c.person_id == known.c.person_id)
        .join(theirs, theirs.c.external_id == aliases.c.external_id)
        .join(there, there.c.id == theirs.c.conversation_id)
        .join(place, and_(place.c.id == there.c.thread_key, place.c.platform == aliases.c.platform))
        .where(
            participants.c.conversation_id.in_(conversation_ids),
            threads.c.guild_id.is_(None),
            place.c.guild_id.is_(None),
        )
    )


def _waiting(connection: Connection, who: Who, place: SeenFrom | None, before: int) -> dict[Platform, list[str]]:
    query = (
        select(threads.c.platform, events.c.event_id)
        .select_from(events)
        .join(threads, threads.c.id == events.c.thread_key)
        .where(
            events.c.state == EventState.ACCEPTED.value,
            events.c.id < before,
            or_(*_is_any_of(who, events.c.external_id)),
            *(() if place is None else (is_here(threads, place),)),
        )
    )
    found: dict[Platform, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(Platform(row.platform), []).append(row.event_id)
    return found


def _keys_of(connection: Connection, platform: Platform, event_ids: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(event_ids), _AT_ONCE):
        some = event_ids[start : start + _AT_ONCE]
        query = select(events.c.event_id, events.c.id)
        rows = connection.execute(query.where(events.c.platform == platform.value, events.c.event_id.in_(some)))
        found |= {row.event_id: row.id for row in rows}
    return found


def _rows_of(connection: Connection, who: Who, place: SeenFrom | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for table, is_theirs in rows_by_person(who, place):
        number = connection.execute(select(func.count()).select_from(table).where(is_theirs)).scalar_one()
        counts[table.name] = counts.get(table.name, 0) + number
    return counts
