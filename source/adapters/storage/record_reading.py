"""Reading records from the database."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from source.adapters.storage.read_queries import message_counts
from source.adapters.storage.record_conditions import condition_sql
from source.adapters.storage.record_order import after_sql, order_sql
from source.adapters.storage.record_sources import SOURCES
from source.adapters.storage.row_reading import THREAD_COLUMNS, thread_from
from source.adapters.storage.tables import conversations, threads
from source.domain.filters import Condition, Record
from source.domain.records import SESSIONS, Collection
from source.domain.thread import ThreadRef
from source.ports.records import RecordQuery


def find(connection: Connection, query: RecordQuery) -> list[Record]:
    """Return the records of a query."""
    source, dialect = SOURCES[query.collection.name], connection.dialect.name
    rows = source.select().where(condition_sql(query.where, source.columns, dialect))
    if query.after is not None:
        rows = rows.where(after_sql(query.order, query.after, source.columns, dialect))
    rows = rows.order_by(*order_sql(query.order, source.columns, dialect)).limit(query.limit).offset(query.offset)
    records = [source.record(row) for row in connection.execute(rows)]
    return _completed(connection, query.collection, records)


def read(connection: Connection, collection: Collection, keys: Sequence[int]) -> dict[int, Record]:
    """Return the records of these keys."""
    source = SOURCES[collection.name]
    rows = source.select().where(source.columns[collection.key].in_(keys))
    records = _completed(connection, collection, [source.record(row) for row in connection.execute(rows)])
    return {key: record for record in records if isinstance(key := record[collection.key], int)}


def count(connection: Connection, collection: Collection, where: Condition) -> int:
    """Return how many records match."""
    source = SOURCES[collection.name]
    condition = condition_sql(where, source.columns, connection.dialect.name)
    counted = select(func.count()).select_from(source.tables_for(where)).where(source.always, condition)
    return connection.execute(counted).scalar_one()


def keys(connection: Connection, collection: Collection, where: Condition, limit: int) -> list[int]:
    """Return the keys of records that match."""
    source = SOURCES[collection.name]
    key = source.columns[collection.key]
    condition = condition_sql(where, source.columns, connection.dialect.name)
    found = select(key).select_from(source.tables_for(where)).where(source.always, condition)
    return list(connection.execute(found.order_by(key).limit(limit)).scalars())


def threads_of(connection: Connection, conversation_ids: Sequence[int]) -> dict[int, ThreadRef]:
    """Return the threads of conversations."""
    rows = (
        select(conversations.c.id.label("conversation_key"), *THREAD_COLUMNS)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(conversations.c.id.in_(conversation_ids))
    )
    return {row.conversation_key: thread_from(row) for row in connection.execute(rows)}


def _completed(connection: Connection, collection: Collection, records: list[dict[str, object]]) -> list[Record]:
    """Add what is counted for the records at hand alone, and give every record its fields in their order."""
    if collection is SESSIONS:
        counts = message_counts(connection, [_key(record) for record in records])
        for record in records:
            record["message_count"] = counts.get(_key(record), 0)
    return [_in_order(collection, record) for record in records]


def _in_order(collection: Collection, record: Mapping[str, object]) -> Record:
    return {name: record[name] for name in collection.fields}


def _key(record: Mapping[str, object]) -> int:
    key = record["session_id"]
    assert isinstance(key, int)  # noqa: S101  # its column says so
    return key
