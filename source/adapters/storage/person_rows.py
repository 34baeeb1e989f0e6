"""Somebody's row, for what is kept of people who may never have written a message."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from source.adapters.storage.sql_access import insert_of
from source.adapters.storage.tables import aliases, people
from source.domain.identifiers import IdGenerator
from source.domain.thread import PersonRef, Platform


def person_of(connection: Connection, ids: IdGenerator, platform: Platform, person: PersonRef, now: datetime) -> int:
    """Return whose account it is; somebody new, where nobody's."""
    this = (aliases.c.platform == platform.value, aliases.c.external_id == person.external_id)
    query = select(aliases.c.person_id).where(*this)
    known: int | None = connection.execute(query).scalar()
    if known is not None:
        return known
    new = ids.next(now)
    connection.execute(insert(people).values(id=new))
    row = {"platform": platform.value, "external_id": person.external_id, "display_name": person.display_name}
    connection.execute(insert_of(connection, aliases).values(**row, person_id=new).on_conflict_do_nothing())
    return int(connection.execute(query).scalar_one())
