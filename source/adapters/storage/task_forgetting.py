"""Tasks that name a person."""

from collections.abc import Collection, Iterator
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from source.adapters.storage.operation_tables import tasks
from source.adapters.storage.row_reading import AnyRow
from source.domain.task import TaskStatus

_OPEN: Final = tasks.c.status.in_([status.value for status in TaskStatus if not status.is_final])


def unfinished_tasks(connection: Connection, names: Collection[str]) -> list[int]:
    """Return the tasks under way that name somebody so."""
    return [row.id for row in _naming(connection, names, _OPEN)]


def forget_tasks(connection: Connection, names: Collection[str]) -> list[int]:
    """Remove the tasks that are over and name somebody so, and return them; of the others nobody has asked for them."""
    by = [f"person:{name}" for name in names]
    connection.execute(update(tasks).where(_OPEN, tasks.c.requested_by.in_(by)).values(requested_by="person"))
    gone = [row.id for row in _naming(connection, names, ~_OPEN)]
    connection.execute(delete(tasks).where(tasks.c.id.in_(gone)))
    return gone


def _naming(connection: Connection, names: Collection[str], which: ColumnElement[bool]) -> Iterator[AnyRow]:
    known = frozenset(names)
    columns = (tasks.c.id, tasks.c.requested_by, tasks.c.input, tasks.c.output_data, tasks.c.error, tasks.c.key)
    for row in connection.execute(select(*columns).where(which)).all():
        told = (row.requested_by, row.error, row.key, row.input, row.output_data)
        if not known.isdisjoint(word for each in told for word in _strings(each)):
            yield row


def _strings(value: object) -> Iterator[str]:
    """Return every text in a JSON value and its words, of names with a platform before them (`discord:1`) the parts."""
    if isinstance(value, str):
        yield value
        yield from value.split()
        yield from value.split(":")
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _strings(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
