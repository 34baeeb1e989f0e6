"""Moving everything from one database to another: row by row, again as often as it takes, and compared at the end."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Table, func, select, text

from source.adapters.storage import (  # noqa: F401  # all tables
    attendance_tables,
    fact_tables,
    identity_tables,
    parked_tables,
    privacy_tables,
    profile_tables,
    reaction_tables,
    recall_tables,
    webhook_tables,
)
from source.adapters.storage.operation_tables import executors, tasks
from source.adapters.storage.sql_access import insert_of
from source.adapters.storage.tables import (
    conversations,
    message_changes,
    metadata,
    search_progress,
    transcript_progress,
    unwritten_transcripts,
)
from source.domain.errors import StoreConflictError
from source.domain.task import TaskStatus

Progress = Callable[[str, int, int], None]
"""Told the table, how many of its rows are done, and how many there are."""

_ROWS_AT_ONCE: Final = 1_000
# Of one database alone: who runs tasks on it, how far the index of SQLite has come, what changed lately, and which
# transcripts may be behind, which after a move are all.
_STAY: Final = frozenset(
    each.name for each in (executors, search_progress, message_changes, transcript_progress, unwritten_transcripts)
)
_DIGEST_BITS: Final = 256
_UNFINISHED: Final = frozenset({TaskStatus.PENDING.value, TaskStatus.RUNNING.value})

_Values = dict[str, Any]  # what the columns hold


@dataclass(frozen=True, slots=True)
class MovedTable:
    """What a table has in both databases; `digest` does not depend on the order of rows."""

    name: str
    rows: int
    digest: str


def move(source: Engine, target: Engine, progress: Progress) -> list[MovedTable]:
    """Copy all rows that the target has not, then compare every table; both have the newest tables.

    The source is only read. A move that was cut off goes on when it is called again.
    Raises: StoreConflictError: the target has conversations of another installation, or differs afterwards.
    """
    with source.connect() as reading, target.connect() as writing:
        _refuse_strangers(reading, writing)
        tables = [table for table in metadata.sorted_tables if table.name not in _STAY]
        for table in tables:
            _copy(reading, writing, table, progress)
        _continue_numbering(writing, tables)
        with writing.begin():  # without statistics the server would go through whole tables for a few open rows
            writing.execute(text("ANALYZE"))
        return [_compared(reading, writing, table) for table in tables]


def _refuse_strangers(reading: Connection, writing: Connection) -> None:
    """The target may have a part of the source, from a move that was cut off, and nothing else."""
    there = set(writing.execute(select(conversations.c.id)).scalars())
    writing.rollback()
    strangers = len(there - set(reading.execute(select(conversations.c.id)).scalars()))
    if strangers:
        raise StoreConflictError(
            f"the database to move to has {strangers:,} conversations that are not from here: name an empty one"
        )


def _copy(reading: Connection, writing: Connection, table: Table, progress: Progress) -> None:
    total = _count(reading, table)
    done = 0
    for rows in _batches(reading, table):
        with writing.begin():
            writing.execute(insert_of(writing, table).on_conflict_do_nothing(), [_moved(table, row) for row in rows])
        done += len(rows)
        progress(table.name, done, total)


def _batches(reading: Connection, table: Table) -> Iterator[Sequence[Row[Any]]]:
    query = select(table).order_by(*table.primary_key.columns)
    return reading.execution_options(yield_per=_ROWS_AT_ONCE).execute(query).partitions()


def _moved(table: Table, row: Row[Any]) -> _Values:
    values: _Values = dict(row._mapping)  # SQLAlchemy's public name for it
    if table is tasks and values["status"] in _UNFINISHED:
        # The engine there has not heard of it: it is begun anew, and finds done what is done.
        values |= {"status": TaskStatus.PENDING.value, "handed_over": False}
    return values


def _continue_numbering(writing: Connection, tables: Sequence[Table]) -> None:
    """Have rows that the database numbers by itself go on behind those that were moved."""
    if writing.dialect.name != "postgresql":
        return
    with writing.begin():
        for table in tables:
            column = table.autoincrement_column
            if column is None:
                continue
            highest = select(func.coalesce(func.max(column), 0)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, column.name)
            writing.execute(select(func.setval(sequence, highest + 1, text("false"))))


def _compared(reading: Connection, writing: Connection, table: Table) -> MovedTable:
    here, there = _summed(reading, table), _summed(writing, table)
    writing.rollback()
    if here != there:
        raise StoreConflictError(
            f"{table.name}: {here.rows:,} rows here, {there.rows:,} there, and they differ: "
            "run the move again into an empty database; nothing was changed here"
        )
    return here


def _summed(connection: Connection, table: Table) -> MovedTable:
    rows = total = 0
    for batch in _batches(connection, table):
        rows += len(batch)
        total += sum(_number_of(_moved(table, row)) for row in batch)
    return MovedTable(table.name, rows, f"{total % 2**_DIGEST_BITS:064x}")


def _number_of(values: Mapping[str, object]) -> int:
    plain = json.dumps(values, sort_keys=True, default=_plain, ensure_ascii=False)
    return int.from_bytes(hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest(), "big")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"a column of {type(value).__name__} cannot be compared")


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
