"""Profiles of people, in the database."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, insert, or_, select

from source.adapters.storage.person_rows import person_of
from source.adapters.storage.profile_tables import profile_values
from source.adapters.storage.profile_writes import strip_memories
from source.adapters.storage.seen_places import seen_from
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import aliases, conversations, people, threads
from source.domain.profile import ProfilePlace, ProfileSource, ProfileValue
from source.domain.thread import PersonRef, Platform
from source.ports.profiles import NewValue
from source.ports.store import Scope

_VALUES: Final = profile_values.c
# Made once: what SQLAlchemy makes of a statement it remembers with it.
_OF_FIELDS: Final = select(profile_values).where(
    _VALUES.person_id == bindparam("person_id"), _VALUES.field.in_(bindparam("fields", expanding=True))
)
_MARKED: Final = ProfileSource.PERSON.value


class ProfileTable:
    """Implements ProfileStore."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def seen(self, scope: Scope) -> list[ProfileValue]:
        return await self._access.read(_values, _is_seen(scope))

    async def put(self, scope: Scope, person: PersonRef, value: NewValue) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            person_id = person_of(connection, self._access.ids, scope.platform, person, now)
            row = {**_place_of(scope), "person_id": person_id, **_as_row(value), "created_at": now}
            connection.execute(insert(profile_values).values(row))

        await self._access.change(apply)

    async def introduce(self, scope: Scope, person: PersonRef, values: Sequence[NewValue]) -> None:
        def apply(connection: Connection, now: datetime) -> None:
            person_id = person_of(connection, self._access.ids, scope.platform, person, now)
            _show(connection, {**_place_of(scope), "person_id": person_id}, values, now)

        await self._access.change(apply)

    async def forget(self, scope: Scope, field: str, at: datetime) -> int:
        def apply(connection: Connection, now: datetime) -> int:
            person_id: int | None = connection.execute(_person_of(scope)).scalar()
            if person_id is None:
                return 0
            _hold(connection, person_id)
            forgotten = _forgotten(connection, _is_seen(scope), _VALUES.field == field)
            _mark(connection, {**_place_of(scope), "person_id": person_id, "field": field}, at, now)
            return forgotten

        return await self._access.change(apply)

    async def beginning_with(self, scope: Scope, lines: Sequence[str]) -> list[int]:
        person_id = _person_of(scope).scalar_subquery()
        return await self._access.read(_begun, person_id, lines, conversations.c.id.in_(seen_from(scope)))

    async def begun_by(self, person_id: int, lines: Sequence[str]) -> list[int]:
        return await self._access.read(_begun, person_id, lines)

    async def of_person(self, person_id: int) -> list[ProfileValue]:
        return await self._access.read(_values, _VALUES.person_id == person_id)

    async def put_of(self, person_id: int, place: ProfilePlace, values: Sequence[NewValue]) -> bool:
        where = {
            "platform": place.platform.value if place.platform else None,
            "guild_id": place.guild_id,
            "circle": place.circle,
        }

        def apply(connection: Connection, now: datetime) -> bool:
            if not _hold(connection, person_id):
                return False
            rows = [{**where, "person_id": person_id, **_as_row(value), "created_at": now} for value in values]
            if rows:
                connection.execute(insert(profile_values), rows)
            return True

        return await self._access.change(apply)

    async def forget_of(self, person_id: int, fields: Sequence[str] | None, at: datetime) -> int | None:
        return await self._access.change(_forgetting_of(person_id, fields, at))


def _forgetting_of(
    person_id: int, fields: Sequence[str] | None, at: datetime
) -> Callable[[Connection, datetime], int | None]:
    def apply(connection: Connection, now: datetime) -> int | None:
        if not _hold(connection, person_id):
            return None
        theirs = [_VALUES.person_id == person_id, *([] if fields is None else [_VALUES.field.in_(fields)])]
        places = (_VALUES.field, _VALUES.platform, _VALUES.external_id, _VALUES.guild_id, _VALUES.circle)
        marks = connection.execute(select(*places).where(*theirs).distinct()).mappings().all()
        forgotten = _forgotten(connection, *theirs)
        for mark in marks:
            _mark(connection, {**mark, "person_id": person_id}, at, now)
        return forgotten

    return apply


def _is_seen(scope: Scope) -> ColumnElement[bool]:
    """Whether a value is of the person who looks, and was given where the scope sees it."""
    by_words = and_(
        _VALUES.conversation_id.is_(None),
        _VALUES.guild_id == scope.guild_id,
        or_(_VALUES.circle.is_(None), _VALUES.circle == scope.circle),
    )
    if scope.guild_id is not None:
        # An operator gives a value for the person, whichever account they have there.
        by_account = or_(_VALUES.external_id.is_(None), _VALUES.external_id == scope.external_id)
        by_words = and_(by_words, _VALUES.platform == scope.platform.value, by_account)
    shown = _VALUES.conversation_id.in_(seen_from(scope))
    return and_(_VALUES.person_id == _person_of(scope).scalar_subquery(), or_(by_words, shown))


def _values(connection: Connection, *where: ColumnElement[bool]) -> list[ProfileValue]:
    query = select(profile_values).where(*where, _VALUES.value.is_not(None))
    return [_read(row) for row in connection.execute(query.order_by(_VALUES.said_at.desc(), _VALUES.id.desc()))]


def _begun(
    connection: Connection, person_id: ColumnElement[int] | int, lines: Sequence[str], *where: ColumnElement[bool]
) -> list[int]:
    if not lines:
        return []
    theirs = and_(aliases.c.platform == threads.c.platform, aliases.c.external_id == conversations.c.requester)
    query = (
        select(conversations.c.id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .join(aliases, theirs)
        .where(aliases.c.person_id == person_id, *where)
        .where(or_(*(conversations.c.carried_summary.contains(line, autoescape=True) for line in lines)))
    )
    return list(connection.execute(query.order_by(conversations.c.id)).scalars())


def _forgotten(connection: Connection, *where: ColumnElement[bool]) -> int:
    """Delete values, and what memories have of them; earlier marks that they were forgotten go too."""
    rows = connection.execute(select(profile_values).where(*where)).all()
    shown = [
        (row.conversation_id, row.field, row.message_id)
        for row in rows
        if row.conversation_id is not None and row.message_id is not None
    ]
    strip_memories(connection, shown)
    connection.execute(delete(profile_values).where(_VALUES.id.in_([row.id for row in rows])))
    return sum(row.value is not None for row in rows)


def _mark(connection: Connection, what: dict[str, Any], at: datetime, now: datetime) -> None:
    """Note of whom, where and which field was forgotten, without what it was."""
    row = {**what, "source": _MARKED, "said_at": at, "created_at": now}
    connection.execute(insert(profile_values).values(row))


def _show(connection: Connection, whose: dict[str, Any], values: Sequence[NewValue], now: datetime) -> None:
    """Keep what is shown of somebody, in place of what was shown before."""
    given = {"person_id": whose["person_id"], "fields": [value.field for value in values]}
    rows = connection.execute(_OF_FIELDS, given).all() if values else []
    forgotten = {row.field for row in rows if row.value is None and row.guild_id is None}
    account = (whose["platform"], whose["external_id"])
    for value in values:
        if value.field in forgotten:
            continue
        kind = (*account, value.field, value.source.value)
        shown = [row for row in rows if (row.platform, row.external_id, row.field, row.source) == kind]
        if [row.value for row in shown] == [value.value]:
            continue
        if shown:
            connection.execute(delete(profile_values).where(_VALUES.id.in_([row.id for row in shown])))
        connection.execute(insert(profile_values), {**whose, **_as_row(value), "created_at": now})


def _hold(connection: Connection, person_id: int) -> bool:
    """Keep others from adding to a person meanwhile; False: there is nobody of this id."""
    return connection.execute(select(people.c.id).where(people.c.id == person_id).with_for_update()).first() is not None


def _person_of(scope: Scope) -> Any:
    this = (aliases.c.platform == scope.platform.value, aliases.c.external_id == scope.external_id)
    return select(aliases.c.person_id).where(*this)


def _place_of(scope: Scope) -> dict[str, Any]:
    return {
        "platform": scope.platform.value,
        "external_id": scope.external_id,
        "guild_id": scope.guild_id,
        "circle": scope.circle,
    }


def _as_row(value: NewValue) -> dict[str, Any]:
    return {
        "field": value.field,
        "value": value.value,
        "source": value.source.value,
        "said_at": value.said_at,
    }


def _read(row: Row[Any]) -> ProfileValue:
    place = ProfilePlace(Platform(row.platform) if row.platform else None, row.guild_id, row.circle)
    return ProfileValue(
        value_id=row.id,
        field=row.field,
        value=row.value,
        source=ProfileSource(row.source),
        place=place,
        said_at=row.said_at,
        conversation_id=row.conversation_id,
        message_id=row.message_id,
    )
