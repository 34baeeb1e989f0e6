"""Somebody's row, for what is kept of people who may never have written a message."""

from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from source.adapters.storage.sql_access import Insert, insert_for
from source.adapters.storage.tables import aliases, people
from source.domain.identifiers import IdGenerator
from source.domain.thread import PersonRef, Platform

# Made once: what SQLAlchemy makes of a statement it remembers with it.
_WHOSE: Final = select(aliases.c.person_id).where(
    aliases.c.platform == bindparam("platform"), aliases.c.external_id == bindparam("external_id")
)
_ADD_PERSON: Final = insert(people)


def person_of(connection: Connection, ids: IdGenerator, platform: Platform, person: PersonRef, now: datetime) -> int:
    """Return whose account it is; somebody new, where nobody's."""
    account = {"platform": platform.value, "external_id": person.external_id}
    known: int | None = connection.execute(_WHOSE, account).scalar()
    if known is not None:
        return known
    new = ids.next(now)
    connection.execute(_ADD_PERSON, {"id": new})
    put = _add_account(connection.dialect.name)
    connection.execute(put, {**account, "display_name": person.display_name, "person_id": new})
    return int(connection.execute(_WHOSE, account).scalar_one())


@cache
def _add_account(dialect: str) -> Insert:
    return insert_for(dialect, aliases).on_conflict_do_nothing()
