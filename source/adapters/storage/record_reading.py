"""Reading records from the database."""

from collections.abc import Sequence, Set
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from source.adapters.storage.read_queries import message_counts
from source.adapters.storage.record_conditions import Column, condition_sql
from source.adapters.storage.record_order import after_sql, order_sql
from source.adapters.storage.record_sources import SOURCES
from source.adapters.storage.row_reading import THREAD_COLUMNS, thread_from
from source.adapters.storage.tables import aliases, conversations, threads
from source.domain.filters import Condition, Record, fields_in
from source.domain.records import SESSIONS, Collection
from source.domain.thread import Platform, ThreadRef
from source.ports.records import RecordQuery, Speaker

_KEY: Final = "record_key"
# Made once: making a statement of twenty columns takes as long as reading ten rows.
_WHOLE: Final = {name: source.select() for name, source in SOURCES.items()}


def find(connection: Connection, query: RecordQuery) -> list[Record]:
    """Return the records of a query: first which, in narrow rows that sort quickly, then what they hold."""
    source, dialect = SOURCES[query.collection.name], connection.dialect.name
    named = fields_in(query.where) | {order.field.name for order in query.order}
    chosen = (
        select(source.row)
        .select_from(source.tables_for(named))
        .where(source.always, condition_sql(query.where, source.columns, dialect, common=source.common))
        .order_by(*order_sql(query.order, source.columns, dialect))
        .limit(query.limit)
        .offset(query.offset)
    )
    if query.after is not None:
        chosen = chosen.where(after_sql(query.order, query.after, source.columns, dialect))
    rows = list(connection.execute(chosen).scalars())
    records = _records(connection, query.collection, source.row.in_(rows), source.row) if rows else {}
    return [records[row] for row in rows]


def read(connection: Connection, collection: Collection, keys: Sequence[int]) -> dict[int, Record]:
    """Return the records of these keys."""
    key = SOURCES[collection.name].columns[collection.key]
    return _records(connection, collection, key.in_(keys), key)


def count(connection: Connection, collection: Collection, where: Condition) -> int:
    """Return how many records match."""
    source = SOURCES[collection.name]
    condition = condition_sql(where, source.columns, connection.dialect.name)
    counted = select(func.count()).select_from(source.tables_for(fields_in(where))).where(source.always, condition)
    return connection.execute(counted).scalar_one()


def keys(connection: Connection, collection: Collection, where: Condition, limit: int) -> list[int]:
    """Return the keys of records that match."""
    source = SOURCES[collection.name]
    key = source.columns[collection.key]
    condition = condition_sql(where, source.columns, connection.dialect.name)
    found = select(key).select_from(source.tables_for(fields_in(where))).where(source.always, condition)
    return list(connection.execute(found.order_by(key).limit(limit)).scalars())


def threads_of(connection: Connection, conversation_ids: Sequence[int]) -> dict[int, ThreadRef]:
    """Return the threads of conversations."""
    rows = (
        select(conversations.c.id.label("conversation_key"), *THREAD_COLUMNS)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(conversations.c.id.in_(conversation_ids))
    )
    return {row.conversation_key: thread_from(row) for row in connection.execute(rows)}


def names_of(connection: Connection, accounts: Set[Speaker]) -> dict[Speaker, str]:
    """Return what these accounts are called, as far as they are known."""
    if not accounts:
        return {}
    wanted = tuple_(aliases.c.platform, aliases.c.external_id).in_([(each.value, who) for each, who in accounts])
    rows = connection.execute(select(aliases.c.platform, aliases.c.external_id, aliases.c.display_name).where(wanted))
    return {(Platform(row.platform), row.external_id): row.display_name for row in rows}


def _records(
    connection: Connection, collection: Collection, which: ColumnElement[bool], key: Column
) -> dict[int, Record]:
    """Return whole records by a column that tells them apart."""
    source = SOURCES[collection.name]
    rows = connection.execute(_WHOLE[collection.name].add_columns(key.label(_KEY)).where(which)).all()
    records: dict[int, dict[str, object]] = {row.record_key: source.record(row) for row in rows}
    if collection is SESSIONS:
        counts = message_counts(connection, list(records))
        for session_id, record in records.items():
            record["message_count"] = counts.get(session_id, 0)
    return {number: {name: record[name] for name in collection.fields} for number, record in records.items()}
