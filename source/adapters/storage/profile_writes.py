"""Keeps the values of profiles as the memories are, inside the transactions that change them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, insert, select

from source.adapters.storage.operation_tables import conversation_memories as memories
from source.adapters.storage.profile_tables import profile_values
from source.adapters.storage.tables import aliases, conversations, messages, people, threads
from source.domain.errors import RefusedInputError
from source.domain.memory import MemoryPart, MemorySource
from source.domain.memory_claims import read_claims
from source.domain.profile import ProfileSource

_PART: Final = MemoryPart.PROFILE.value
# Whoever writes a memory by hand is no person speaking of themself.
_SOURCES: Final[Mapping[MemorySource, ProfileSource]] = {
    MemorySource.MODEL: ProfileSource.MODEL,
    MemorySource.OFFLINE: ProfileSource.OFFLINE,
    MemorySource.PERSON: ProfileSource.OPERATOR,
}
_IDS_AT_ONCE: Final = 500

_Row = Mapping[str, Any]  # what the columns hold


@dataclass(frozen=True, slots=True)
class _Told:
    """One value of a memory, and the last message in which its person gave it; `row` is all but when it was kept."""

    field: str
    value: str
    message_ids: frozenset[int]
    row: _Row


def without_forgotten_values(
    connection: Connection, conversation_id: int, memory_data: Mapping[str, object]
) -> dict[str, object]:
    """Return a record without values of fields that were forgotten in this place after they were said."""
    told = list(_told(connection, conversation_id, memory_data))
    gone = [each for each in told if _is_forgotten(connection, each)]
    return without_values(memory_data, [(each.field, each.message_ids) for each in gone]) if gone else {**memory_data}


def put_values(
    connection: Connection, conversation_id: int, memory_data: Mapping[str, object], source: MemorySource, now: datetime
) -> None:
    """Have what a conversation tells of people be what its memory says."""
    found = _SOURCES[source]
    new = [
        {**each.row, "field": each.field, "value": each.value, "source": found.value}
        for each in _told(connection, conversation_id, memory_data)
    ]
    here = profile_values.c.conversation_id == conversation_id
    known = connection.execute(select(profile_values).where(here)).mappings()
    stored = {_same(row): row["id"] for row in map(dict, known)}
    wanted = {_same(row): row for row in new}
    _delete(connection, [stored[same] for same in stored.keys() - wanted.keys()])
    added = [{**row, "created_at": now} for same, row in wanted.items() if same not in stored]
    if added:
        connection.execute(insert(profile_values), added)


def forget_values_shown_by(connection: Connection, conversation_id: int, message_id: int) -> None:
    """Forget what a message showed that reads otherwise now; another that shows it too is found with the memory."""
    shown = (profile_values.c.conversation_id == conversation_id, profile_values.c.message_id == message_id)
    connection.execute(delete(profile_values).where(*shown))


def forget_found_values(connection: Connection, conversation_id: int) -> None:
    """Forget what was found in a conversation, whose memory is gone."""
    connection.execute(delete(profile_values).where(profile_values.c.conversation_id == conversation_id))


def strip_memories(connection: Connection, forgotten: Iterable[tuple[int, str, int]]) -> None:
    """Take values (conversation, field and a message that shows it) out of memories."""
    by_conversation: dict[int, list[tuple[str, frozenset[int]]]] = {}
    for conversation_id, field, message_id in forgotten:
        by_conversation.setdefault(conversation_id, []).append((field, frozenset({message_id})))
    for conversation_id, gone in by_conversation.items():
        here = memories.c.conversation_id == conversation_id
        row = connection.execute(
            select(memories.c.memory_data, memories.c.version).where(here).with_for_update()
        ).first()
        if row is not None:
            left = {"memory_data": without_values(row.memory_data, gone), "version": row.version + 1}
            connection.execute(memories.update().where(here).values(**left))


def without_values(memory_data: Mapping[str, object], gone: Sequence[tuple[str, Collection[int]]]) -> dict[str, object]:
    """Return a record without the values of these fields that cite one of these messages."""
    given = memory_data.get(_PART)
    items = given if isinstance(given, list) else []
    left = [item for item in items if not any(_is_of(item, field, ids) for field, ids in gone)]
    return {**memory_data, _PART: left}


def _is_of(item: object, field: str, message_ids: Collection[int]) -> bool:
    if not isinstance(item, Mapping) or item.get("name") != field:
        return False
    cited = item.get("message_ids")
    return isinstance(cited, list) and any(each in message_ids for each in cited)


def _told(connection: Connection, conversation_id: int, memory_data: Mapping[str, object]) -> Iterator[_Told]:
    """Yield the values of a memory as each person's who gave them, with where and when they last did."""
    try:
        claims = read_claims({_PART: memory_data.get(_PART)})
    except RefusedInputError:  # of a form that this version does not know
        return
    items = [item for part, item in claims.items if part is MemoryPart.PROFILE and item.name]
    said = _said_by(connection, conversation_id, {each for item in items for each in item.message_ids})
    for item in items:
        last: dict[int, _Row] = {}
        for message_id in sorted(each for each in item.message_ids if each in said):
            last[said[message_id]["person_id"]] = said[message_id]
        for row in last.values():
            yield _Told(str(item.name), item.text, frozenset(item.message_ids), row)


def _said_by(connection: Connection, conversation_id: int, message_ids: Collection[int]) -> dict[int, _Row]:
    """Return by message who said it, where and when; what nobody known said is left out."""
    wanted = sorted(message_ids)
    found: dict[int, _Row] = {}
    for start in range(0, len(wanted), _IDS_AT_ONCE):
        query = (
            select(
                aliases.c.person_id,
                aliases.c.platform,
                aliases.c.external_id,
                threads.c.guild_id,
                threads.c.circle,
                messages.c.conversation_id,
                messages.c.id.label("message_id"),
                messages.c.created_at.label("said_at"),
            )
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .join(threads, threads.c.id == conversations.c.thread_key)
            .join(
                aliases,
                and_(aliases.c.platform == threads.c.platform, aliases.c.external_id == messages.c.requester),
            )
            .where(messages.c.conversation_id == conversation_id)
            .where(messages.c.id.in_(wanted[start : start + _IDS_AT_ONCE]))
        )
        found |= {row["message_id"]: row for row in map(dict, connection.execute(query).mappings())}
    return found


def _is_forgotten(connection: Connection, told: _Told) -> bool:
    mark, row = profile_values.c, told.row
    # Who forgets holds the person: either the mark is there, or it comes after this and takes this away.
    connection.execute(select(people.c.id).where(people.c.id == row["person_id"]).with_for_update(key_share=True))
    here = [mark.guild_id.is_(None)]
    if row["guild_id"] is not None:
        here = [mark[name] == row[name] for name in ("platform", "external_id", "guild_id")]
        here += [] if row["circle"] is None else [mark.circle == row["circle"]]
    is_mark = (mark.person_id == row["person_id"], mark.field == told.field, mark.value.is_(None))
    query = select(mark.id).where(*is_mark, mark.said_at >= row["said_at"], *here)
    return connection.execute(query.limit(1)).first() is not None


def _same(row: _Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("person_id", "field", "value", "source", "message_id"))


def _delete(connection: Connection, keys: Sequence[int]) -> None:
    for start in range(0, len(keys), _IDS_AT_ONCE):
        connection.execute(delete(profile_values).where(profile_values.c.id.in_(keys[start : start + _IDS_AT_ONCE])))
