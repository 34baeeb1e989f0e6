"""What programs say about sessions and messages beyond what those say themselves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Table, bindparam

from source.adapters.storage.interaction_counting import recount_names
from source.adapters.storage.operation_tables import conversation_metadata, message_metadata
from source.adapters.storage.sql_access import insert_of
from source.domain.memory import MemorySource

# Any: the values of a row, as the driver takes them.
_Row = dict[str, Any]
_NAMING: Final = frozenset({"language", "intent", "intents"})
_ANALYZED: Final = frozenset({"sentiment", "category", "tags"})


@dataclass(frozen=True, slots=True)
class _Facts:
    """A table of facts, and what a new row of it has where nothing is said."""

    table: Table
    key: tuple[str, ...]
    new: _Row


_SESSIONS: Final = _Facts(
    conversation_metadata, ("conversation_id",), {"analyzed_to": 0, "is_starred": False, "recall_count": 0}
)
_MESSAGES: Final = _Facts(
    message_metadata, ("conversation_id", "message_id"), {"is_read": False, "is_processed": False}
)


def put_session_facts(connection: Connection, facts: Mapping[int, Mapping[str, object]], now: datetime) -> None:
    """Set facts of conversations by their ids; the version of each grows, also without facts."""
    _put(connection, _SESSIONS, ({"conversation_id": key, **given} for key, given in facts.items()), now)
    recount_names(connection, [key for key, given in facts.items() if _NAMING & given.keys()])


def put_message_facts(
    connection: Connection, facts: Mapping[tuple[int, int], Mapping[str, object]], now: datetime
) -> None:
    """Set facts of messages by the ids of their conversations and their own; the version of each grows."""
    rows = (
        {"conversation_id": conversation_id, "message_id": message_id, **_signed(given)}
        for (conversation_id, message_id), given in facts.items()
    )
    _put(connection, _MESSAGES, rows, now)
    recount_names(connection, {key for (key, _), given in facts.items() if _NAMING & given.keys()})


def _signed(facts: Mapping[str, object]) -> _Row:
    """What programs say of a message's mood and matter is not found out anew."""
    signed = {"source": MemorySource.PERSON.value} if _ANALYZED & facts.keys() else {}
    return {**facts, **signed}


def _put(connection: Connection, facts: _Facts, rows: Iterable[_Row], now: datetime) -> None:
    alike: defaultdict[frozenset[str], list[_Row]] = defaultdict(list)
    for row in rows:
        alike[frozenset(row)].append({**facts.new, **row, "version": 1, "updated_at": now})
    for names, some in alike.items():
        insert = insert_of(connection, facts.table).values({name: bindparam(name) for name in some[0]})
        changed: _Row = {name: insert.excluded[name] for name in names - set(facts.key)}
        changed |= {"version": facts.table.c.version + 1, "updated_at": insert.excluded.updated_at}
        connection.execute(insert.on_conflict_do_update(index_elements=list(facts.key), set_=changed), some)
