"""What the database keeps of a person beside conversations, to hand it over."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from source.adapters.storage.attendance_tables import person_wishes, told_once
from source.adapters.storage.memory_of_person import memories_of
from source.adapters.storage.person_tables import rows_by_person
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.tables import conversations, threads, usage
from source.ports.people import Alias
from source.ports.privacy import Exported, Who

_HIDDEN: Final = frozenset({"salt", "digest", "kept", "code_hash", "hash", "embedding", "vector"})

Rows = Sequence[Mapping[str, object]]


class PersonExportTable:
    """Implements `PersonExport`."""

    def __init__(self, access: SqlAccess) -> None:
        self._access = access

    async def everything_of(self, who: Who) -> Exported:
        return await self._access.read(_everything_of, who)


def _everything_of(connection: Connection, who: Who) -> Exported:
    rows: dict[str, Rows] = {}
    for table, is_theirs in rows_by_person(who, None):
        shown = [column for column in table.columns if column.name not in _HIDDEN]
        rows[table.name] = [dict(row._mapping) for row in connection.execute(select(*shown).where(is_theirs))]
    for table in (person_wishes, told_once):
        is_theirs = or_(*(_is_of(each, table) for each in who.aliases))
        rows[table.name] = [dict(row._mapping) for row in connection.execute(select(table).where(is_theirs))]
    rows["usage"] = _usage(connection, who)
    rows["memories"] = memories_of(connection, who)
    return Exported(rows)


def _is_of(alias: Alias, table: Table) -> ColumnElement[bool]:
    return and_(table.c.platform == alias.platform.value, table.c.external_id == alias.external_id)


def _usage(connection: Connection, who: Who) -> Rows:
    theirs = or_(
        *(and_(usage.c.person == each.external_id, threads.c.platform == each.platform.value) for each in who.aliases)
    )
    query = (
        select(usage)
        .join(conversations, conversations.c.id == usage.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(theirs)
        .order_by(usage.c.id)
    )
    return [dict(row._mapping) for row in connection.execute(query)]
