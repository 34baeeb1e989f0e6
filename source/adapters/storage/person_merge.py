"""Two people become one, or an account becomes a person of its own; everything that is theirs goes along."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Table, and_, delete, exists, select, update

from source.adapters.storage.fact_tables import facts, forgotten_facts
from source.adapters.storage.identity_tables import merged_contacts
from source.adapters.storage.privacy_tables import retention_rules
from source.adapters.storage.profile_tables import link_attempts, link_codes, link_notices, profile_values
from source.adapters.storage.receipt_table import ensure_none_is_being_forgotten
from source.adapters.storage.sql_access import insert_of
from source.adapters.storage.tables import aliases, conversations, messages, people, threads
from source.domain.identifiers import IdGenerator
from source.domain.thread import Platform

# What is kept by account (participants, events, usage, feedback, interactions, …) goes with its alias by itself.
_MOVED: Final[tuple[Table, ...]] = (
    aliases,
    profile_values,
    facts,
    forgotten_facts,
    link_codes,
    link_notices,
    retention_rules,
)
_DROPPED: Final[tuple[Table, ...]] = (link_attempts,)

_AT_ONCE: Final = 500

Split = Callable[[Connection, int, int, Platform, str], None]
"""Moves what is of an account from one person to another."""


def merge_people(connection: Connection, kept: int, gone: int) -> bool:
    """Give everything of one person to another, and forget that there was one; False: one of them is not there.

    Done again it changes nothing.

    Raises: StoreConflictError: one of them is being forgotten, and who that is must not become another meanwhile.
    """
    if kept == gone:
        return _are_there(connection, kept)
    if not _are_there(connection, kept, gone):
        return False
    ensure_none_is_being_forgotten(connection, kept, gone)
    for table in _MOVED:
        connection.execute(update(table).where(table.c.person_id == gone).values(person_id=kept))
    for table in _DROPPED:
        connection.execute(delete(table).where(table.c.person_id == gone))
    connection.execute(delete(people).where(people.c.id == gone))
    return True


def split_account(
    connection: Connection, ids: IdGenerator, platform: Platform, external_id: str, now: datetime
) -> int | None:
    """Make an account a person of its own; return the new person, None: it is alone already, or nobody's.

    Accounts that turned out to be this one go along.
    Raises: StoreConflictError: the person is being forgotten, on this account too.
    """
    this = and_(aliases.c.platform == platform.value, aliases.c.external_id == external_id)
    person_id: int | None = connection.execute(select(aliases.c.person_id).where(this).with_for_update()).scalar()
    leaving = [external_id, *_merged_into(connection, platform, external_id)]
    if person_id is None or not _has_others(connection, person_id, platform, leaving):
        return None
    _are_there(connection, person_id)
    ensure_none_is_being_forgotten(connection, person_id)
    new = ids.next(now)
    connection.execute(insert_of(connection, people).values(id=new))
    theirs = (
        aliases.c.platform == platform.value,
        aliases.c.external_id.in_(leaving),
        aliases.c.person_id == person_id,
    )
    connection.execute(update(aliases).where(*theirs).values(person_id=new))
    for split in _SPLITS:
        for account in leaving:
            split(connection, person_id, new, platform, account)
    return new


def _merged_into(connection: Connection, platform: Platform, external_id: str) -> list[str]:
    """Return the accounts that a platform's contact was known by before."""
    if not external_id.isdecimal():
        return []
    merged = (merged_contacts.c.platform == platform.value, merged_contacts.c.kept == int(external_id))
    return [str(gone) for gone in connection.execute(select(merged_contacts.c.gone).where(*merged)).scalars()]


def _by_account(table: Table) -> Split:
    """Return what moves the rows that name the account."""

    def split(connection: Connection, old: int, new: int, platform: Platform, external_id: str) -> None:
        its = (table.c.platform == platform.value, table.c.external_id == external_id)
        connection.execute(update(table).where(table.c.person_id == old, *its).values(person_id=new))

    return split


def _by_messages(table: Table) -> Split:
    """Return what moves the rows that cite a message which was written from the account."""

    def split(connection: Connection, old: int, new: int, platform: Platform, external_id: str) -> None:
        query = (
            select(table.c.id, table.c.conversation_id, table.c.message_ids)
            .join(conversations, conversations.c.id == table.c.conversation_id)
            .join(threads, threads.c.id == conversations.c.thread_key)
            .where(table.c.person_id == old, threads.c.platform == platform.value)
        )
        rows = connection.execute(query).all()
        theirs = [row.id for row in rows if _wrote(connection, row.conversation_id, row.message_ids, external_id)]
        for start in range(0, len(theirs), _AT_ONCE):
            some = table.c.id.in_(theirs[start : start + _AT_ONCE])
            connection.execute(update(table).where(some).values(person_id=new))

    return split


_SPLITS: Final[tuple[Split, ...]] = (
    _by_account(profile_values),
    _by_account(link_codes),
    _by_account(link_notices),
    _by_messages(facts),
    _by_messages(forgotten_facts),
)


def _wrote(connection: Connection, conversation_id: int, message_ids: list[int], external_id: str) -> bool:
    cited = (messages.c.conversation_id == conversation_id, messages.c.id.in_(message_ids))
    query = select(messages.c.id).where(*cited, messages.c.requester == external_id)
    return connection.execute(query.limit(1)).first() is not None


def _has_others(connection: Connection, person_id: int, platform: Platform, external_ids: Sequence[str]) -> bool:
    mine = and_(aliases.c.platform == platform.value, aliases.c.external_id.in_(external_ids))
    return bool(connection.execute(select(exists().where(aliases.c.person_id == person_id, ~mine))).scalar())


def _are_there(connection: Connection, *person_ids: int) -> bool:
    # Held until the end; in one order, or two that merge at the same moment would wait for each other.
    query = select(people.c.id).where(people.c.id.in_(person_ids)).order_by(people.c.id).with_for_update()
    return len(connection.execute(query).all()) == len(set(person_ids))
