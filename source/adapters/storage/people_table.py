"""Who talks with Echo, in the database."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select
from sqlalchemy.sql.selectable import FromClause

from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, conversations, messages, participants, people, threads
from source.domain.message import MessageType, Standing
from source.domain.thread import Platform
from source.ports.people import Activity, Alias, PeopleQuery, Person

# An id is a person's on its own platform alone.
_TOOK_PART = (
    aliases.join(participants, participants.c.external_id == aliases.c.external_id)
    .join(conversations, conversations.c.id == participants.c.conversation_id)
    .join(threads, and_(threads.c.id == conversations.c.thread_key, threads.c.platform == aliases.c.platform))
)


class PeopleTable:
    """Implements PeopleStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def people(self, query: PeopleQuery, *, limit: int = 50, after: int = 0) -> list[Person]:
        return await self._access.read(_people, query, limit, after)

    async def person(self, person_id: int) -> Person | None:
        found = await self._access.read(_of, [person_id])
        return found[0] if found else None

    async def activity(self, person_id: int) -> Activity:
        return await self._access.read(_activity, person_id)

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
    counts = _counts(connection, person_ids)
    return [Person(key, tuple(named[key]), counts.get(key, 0)) for key in known]


def _counts(connection: Connection, person_ids: Sequence[int]) -> dict[int, int]:
    number = func.count(conversations.c.id.distinct()).label("number")
    rows = select(aliases.c.person_id, number).select_from(_TOOK_PART).where(aliases.c.person_id.in_(person_ids))
    return {row.person_id: row.number for row in connection.execute(rows.group_by(aliases.c.person_id))}


def _activity(connection: Connection, person_id: int) -> Activity:
    said: FromClause = _TOOK_PART.join(
        messages,
        and_(messages.c.conversation_id == conversations.c.id, messages.c.requester == aliases.c.external_id),
    )
    times = messages.c.created_at
    row = connection.execute(
        select(func.count().label("number"), func.min(times).label("first"), func.max(times).label("last"))
        .select_from(said)
        .where(
            aliases.c.person_id == person_id,
            messages.c.message_type == MessageType.CHAT.value,
            messages.c.standing == Standing.KEPT.value,
        )
    ).one()
    return Activity(row.number, row.first, row.last)


def _conversations_of(connection: Connection, person_id: int, limit: int, offset: int) -> Sequence[int]:
    ids = select(conversations.c.id).select_from(_TOOK_PART).where(aliases.c.person_id == person_id).distinct()
    return connection.execute(ids.order_by(conversations.c.id.desc()).limit(limit).offset(offset)).scalars().all()
