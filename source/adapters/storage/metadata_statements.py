"""What is written about messages and conversations."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    select,
)

from source.adapters.storage.operation_tables import conversation_metadata, message_metadata
from source.adapters.storage.sql_access import Insert, insert_of
from source.adapters.storage.tables import conversations, messages
from source.domain.memory import MemorySource
from source.domain.metadata import Analysis
from source.ports.metadata import StatusChange

_FOUND_OUT = ("sentiment", "category", "tags")
_PERSON = MemorySource.PERSON.value
# Any: the values of a row, as the driver takes them.
_Values = dict[str, Any]


def put_messages(connection: Connection, now: datetime, conversation_id: int, analyses: Mapping[int, Analysis]) -> None:
    """Insert or complete what is known of messages; a person's word goes before everything that was found out."""
    rows = [
        {
            "conversation_id": conversation_id,
            "message_id": message_id,
            **_found_out(analysis),
            "is_read": False,
            "is_processed": False,
            "version": 1,
            "updated_at": now,
        }
        for message_id, analysis in analyses.items()
    ]
    if rows:
        insert = insert_of(connection, message_metadata).values({name: bindparam(name) for name in rows[0]})
        connection.execute(_completed(insert, message_metadata, ("conversation_id", "message_id")), rows)


def put_conversation(
    connection: Connection,
    now: datetime,
    conversation_id: int,
    analysis: Analysis,
    covers_to: int | None = None,
    *,
    is_starred: bool | None = None,
) -> None:
    """Insert or complete what is known of a conversation that is there; `covers_to` and a star that are None stay."""
    row: _Values = {
        "conversation_id": conversation_id,
        **_found_out(analysis),
        "analyzed_to": covers_to or 0,
        "is_starred": bool(is_starred),
        "recall_count": 0,
        "version": 1,
        "updated_at": now,
    }
    insert = insert_of(connection, conversation_metadata).values(row)
    also: _Values = {"analyzed_to": _larger(conversation_metadata.c.analyzed_to, insert.excluded.analyzed_to)}
    if is_starred is not None:
        also["is_starred"] = insert.excluded.is_starred
    connection.execute(_completed(insert, conversation_metadata, ("conversation_id",), **also))


def put_status(connection: Connection, now: datetime, *, which: ColumnElement[bool], status: StatusChange) -> int:
    """Mark the messages for which `which` holds; return how many there are of them."""
    given = {"is_read": status.is_read, "is_processed": status.is_processed}
    rows = select(
        messages.c.conversation_id,
        messages.c.id,
        *(literal(bool(value)).label(name) for name, value in given.items()),
        literal(1),
        literal(now, message_metadata.c.updated_at.type),
    ).where(which)
    names = ["conversation_id", "message_id", *given, "version", "updated_at"]
    insert = insert_of(connection, message_metadata).from_select(names, rows)
    changed: _Values = {name: insert.excluded[name] for name, value in given.items() if value is not None}
    changed |= {"version": message_metadata.c.version + 1, "updated_at": insert.excluded.updated_at}
    put = insert.on_conflict_do_update(index_elements=["conversation_id", "message_id"], set_=changed)
    return connection.execute(put, execution_options={"preserve_rowcount": True}).rowcount


def put_recalled(connection: Connection, now: datetime, *, conversation_ids: Sequence[int]) -> None:
    """Count one more recall of each conversation that is there."""
    moment = literal(now, conversation_metadata.c.updated_at.type)
    rows = select(conversations.c.id, literal(0), false(), literal(1), moment, literal(1), moment).where(
        conversations.c.id.in_(conversation_ids)
    )
    names = [
        "conversation_id",
        "analyzed_to",
        "is_starred",
        "recall_count",
        "last_recalled_at",
        "version",
        "updated_at",
    ]
    insert = insert_of(connection, conversation_metadata).from_select(names, rows)
    counted = conversation_metadata.c.recall_count + 1
    put = insert.on_conflict_do_update(
        index_elements=["conversation_id"],
        set_={"recall_count": counted, "last_recalled_at": insert.excluded.last_recalled_at},
    )
    connection.execute(put)


def _completed(insert: Insert, table: Table, unique: Sequence[str], **also: Any) -> Insert:
    """Have the insert complete a row that is there: nothing in it becomes unknown, nothing of a person's changes."""
    new = insert.excluded
    yields = and_(func.coalesce(table.c.source, "") == _PERSON, func.coalesce(new.source, "") != _PERSON)
    changed: _Values = {name: _chosen(table.c[name], new[name], yields) for name in _FOUND_OUT}
    changed["source"] = _chosen(table.c.source, new.source, yields)
    changed |= {"version": table.c.version + 1, "updated_at": new.updated_at}
    return insert.on_conflict_do_update(index_elements=list(unique), set_=changed | also)


def _chosen(stored: Column[Any], new: ColumnElement[Any], yields: ColumnElement[bool]) -> ColumnElement[Any]:
    return case((yields, func.coalesce(stored, new)), else_=func.coalesce(new, stored))


def _larger(stored: Column[Any], new: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((stored < new, new), else_=stored)


def _found_out(analysis: Analysis) -> _Values:
    found = {
        "sentiment": analysis.sentiment.value if analysis.sentiment else None,
        "category": analysis.category.value if analysis.category else None,
        "tags": None if analysis.tags is None else list(analysis.tags),
    }
    # A person who sets nothing of this, but a star, has said nothing of it.
    says_nothing = analysis.source is MemorySource.PERSON and not any(value is not None for value in found.values())
    return {**found, "source": None if says_nothing else analysis.source.value}
