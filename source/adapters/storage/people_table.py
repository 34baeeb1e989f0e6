"""Who talks with Echo, in the database."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, func, or_, select

from source.adapters.storage.interaction_table import OF_PERSON, interactions_by
from source.adapters.storage.interaction_tables import interactions
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, people
from source.domain.interactions import Interactions
from source.domain.thread import Platform
from source.ports.people import Alias, PeopleQuery, Person


class PeopleTable:
    """Implements PeopleStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def people(self, query: PeopleQuery, *, limit: int = 50, after: int = 0) -> list[Person]:
        return await self._access.read(_people, query, limit, after)

    async def person(self, person_id: int) -> Person | None:
        found = await self._access.read(_of, [person_id])
        return found[0] if found else None

    async def conversations_of(self, person_id: int, *, limit: int = 50, offset: int = 0) -> Sequence[int]:
        return await self._access.read(_conversations_of, person_id, limit, offset)


def _people(connection: Connection, query: PeopleQuery, limit: int, after: int) -> list[Person]:
    wanted = select(people.c.id).where(people.c.id > after)
    asked = list(_asked(query, connection.dialect.name))
    if asked:
        wanted = wanted.where(people.c.id.in_(select(aliases.c.person_id).where(*asked)))
    return _of(connection, connection.execute(wanted.order_by(people.c.id).limit(limit)).scalars().all())


def _asked(query: PeopleQuery, dialect: str) -> Sequence[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if query.platform is not None:
        asked.append(aliases.c.platform == query.platform.value)
    if query.external_id is not None:
        asked.append(aliases.c.external_id == query.external_id)
    if query.name is not None:
        position = func.instr if dialect == "sqlite" else func.strpos
        # SQLite knows the two cases of ASCII letters alone: what it cannot lower is found as it is written.
        lowered = position(func.lower(aliases.c.display_name), query.name.lower()) > 0
        asked.append(or_(lowered, position(aliases.c.display_name, query.name) > 0))
    return asked


def _of(connection: Connection, person_ids: Sequence[int]) -> list[Person]:
    """Return these people in order; an id of nobody is left out."""
    named: defaultdict[int, list[Alias]] = defaultdict(list)
    rows = (
        select(aliases).where(aliases.c.person_id.in_(person_ids)).order_by(aliases.c.platform, aliases.c.external_id)
    )
    for row in connection.execute(rows):
        named[row.person_id].append(Alias(Platform(row.platform), row.external_id, row.display_name))
    known = connection.execute(select(people.c.id).where(people.c.id.in_(person_ids)).order_by(people.c.id)).scalars()
    counted = interactions_by(connection, (aliases.c.person_id,), person_ids)
    return [Person(key, tuple(named[key]), counted.get((key,), Interactions())) for key in known]


def _conversations_of(connection: Connection, person_id: int, limit: int, offset: int) -> Sequence[int]:
    key = interactions.c.conversation_id
    ids = select(key).select_from(OF_PERSON).where(aliases.c.person_id == person_id).distinct()
    return connection.execute(ids.order_by(key.desc()).limit(limit).offset(offset)).scalars().all()
