"""Counting conversations anew: whatever cannot be added up as it happens, and all of it in a rebuild."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select

from source.adapters.storage.interaction_naming import known_names
from source.adapters.storage.interaction_tables import interaction_names, interactions
from source.adapters.storage.record_counts import refresh_summaries
from source.adapters.storage.tables import SAID, conversations, messages, participants, threads

_AT_ONCE: Final = 500


class _Part(NamedTuple):
    """Who took part in which conversation, on which platform that is."""

    external_id: str
    conversation_id: int
    platform: str


class _Said(NamedTuple):
    messages: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


_Name = tuple[int, str, str, str]
"""The key of a row of `interaction_names`."""


def recount(connection: Connection, conversation_ids: Sequence[int]) -> int:
    """Have what is counted of these conversations be what their rows say; return of how many it was not."""
    corrected = 0
    for start in range(0, len(conversation_ids), _AT_ONCE):
        corrected += _recount(connection, conversation_ids[start : start + _AT_ONCE])
    return corrected


def recount_names(connection: Connection, conversation_ids: Collection[int]) -> None:
    """As `recount`, of intents and languages alone: no message is read but those of which one of them is known."""
    ids = list(conversation_ids)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        if _put_names(connection, some):
            took_part = select(interactions.c.external_id).where(interactions.c.conversation_id.in_(some))
            refresh_summaries(connection, set(connection.execute(took_part).scalars()))


def _recount(connection: Connection, ids: Sequence[int]) -> int:
    expected, stored = _taken_part(connection, ids), _stored_parts(connection, ids)
    wrong = {part for part in stored if expected.get(part) != stored[part]}
    missing = {part for part in expected if expected[part] != stored.get(part)}
    _delete(connection, interactions, [part._asdict() for part in sorted(wrong)])
    if missing:
        rows = [{**part._asdict(), **expected[part]._asdict()} for part in sorted(missing)]
        connection.execute(insert(interactions), rows)
    corrected = {part.conversation_id for part in wrong | missing} | _put_names(connection, ids)
    if corrected:
        refresh_summaries(connection, {part.external_id for part in expected.keys() | wrong})
    return len(corrected)


def _taken_part(connection: Connection, ids: Sequence[int]) -> dict[_Part, _Said]:
    said = messages.c
    query = (
        select(
            said.conversation_id,
            said.requester,
            func.count().label("number"),
            func.min(said.created_at).label("first"),
            func.max(said.created_at).label("last"),
        )
        .where(said.conversation_id.in_(ids), SAID, said.requester.is_not(None))
        .group_by(said.conversation_id, said.requester)
    )
    counted = {
        (row.conversation_id, row.requester): _Said(row.number, row.first, row.last)
        for row in connection.execute(query)
    }
    took_part = (
        select(participants.c.external_id, participants.c.conversation_id, threads.c.platform)
        .join(conversations, conversations.c.id == participants.c.conversation_id)
        .join(threads, threads.c.id == conversations.c.thread_key)
        .where(participants.c.conversation_id.in_(ids))
    )
    parts = (_Part(*row) for row in connection.execute(took_part))
    return {part: counted.get((part.conversation_id, part.external_id), _Said()) for part in parts}


def _stored_parts(connection: Connection, ids: Sequence[int]) -> dict[_Part, _Said]:
    rows = connection.execute(select(interactions).where(interactions.c.conversation_id.in_(ids)))
    return {
        _Part(row.external_id, row.conversation_id, row.platform): _Said(row.messages, row.first_at, row.last_at)
        for row in rows
    }


def _put_names(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Have the names be those that are known; return in which conversations they were not."""
    expected = {(key, each.kind.value, each.name, each.who) for key, each in known_names(connection, ids)}
    stored: set[_Name] = {
        (row.conversation_id, row.kind, row.name, row.external_id)
        for row in connection.execute(select(interaction_names).where(interaction_names.c.conversation_id.in_(ids)))
    }
    columns = [column.name for column in interaction_names.columns]
    _delete(connection, interaction_names, [dict(zip(columns, row, strict=True)) for row in sorted(stored - expected)])
    if expected - stored:
        rows = [dict(zip(columns, row, strict=True)) for row in sorted(expected - stored)]
        connection.execute(insert(interaction_names), rows)
    return {row[0] for row in expected ^ stored}


def _delete(connection: Connection, table: Table, keys: Sequence[Mapping[str, object]]) -> None:
    if keys:
        own = and_(*(column == bindparam(f"old_{column.name}") for column in table.primary_key))
        rows = [{f"old_{column.name}": key[column.name] for column in table.primary_key} for key in keys]
        connection.execute(delete(table).where(own), rows)
