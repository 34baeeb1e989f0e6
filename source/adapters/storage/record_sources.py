"""Where the fields of records stand in the tables."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, Table, and_, case, select, true

from source.adapters.storage.operation_tables import conversation_metadata, message_metadata, user_summaries
from source.adapters.storage.record_conditions import Column, valued
from source.adapters.storage.row_reading import AnyRow
from source.adapters.storage.tables import BY_PEOPLE, conversations, messages, threads
from source.domain.message import Standing
from source.domain.record_field import Field
from source.domain.records import MESSAGES, SESSIONS, USER_SUMMARIES

_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
_KNOWN: Final = "known_version"


@dataclass(frozen=True, slots=True)
class Beside:
    """A table that is joined for the sake of some fields; no row comes or goes by it."""

    table: Table
    on: ColumnElement[bool]
    fields: frozenset[str]
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A collection's tables and columns; `row` tells rows apart, `version` is a row's, `always` holds for every record.

    Of a condition on a `common` field most rows are expected to match: lists are best read in their order then.
    """

    fields: Mapping[str, Field]
    table: Table
    beside: tuple[Beside, ...]
    row: Column
    columns: Mapping[str, Column]
    shown: Mapping[str, Column]
    version: Callable[[AnyRow], int]
    always: ColumnElement[bool]
    common: frozenset[str] = frozenset()

    def tables_for(self, fields: AbstractSet[str]) -> FromClause:
        """Return the tables that these fields take."""
        tables: FromClause = self.table
        for each in self.beside:
            if each.fields & fields:
                tables = tables.join(each.table, each.on, isouter=each.is_optional)
        return tables

    def select(self) -> Select[Any]:
        """Select whole records, each column by the name of its field."""
        held = [valued(column, self.fields[name].kind).label(name) for name, column in self.columns.items()]
        shown = [column.label(name) for name, column in self.shown.items()]
        return select(*held, *shown).select_from(self.tables_for(self.columns.keys())).where(self.always)

    def record(self, row: AnyRow) -> dict[str, object]:
        """Return the record of a row of `select`."""
        # In the order of `select`: looking twenty fields up by name takes half as long as reading the row.
        return {**dict(zip(self.columns, row, strict=False)), "version": self.version(row)}


def _microseconds(moment: datetime | None) -> int:
    """Return a number of at most fifteen digits that grows with time."""
    return 0 if moment is None else max(0, round((moment - _EPOCH).total_seconds() * 1_000_000))


def _version_of_session(row: AnyRow) -> int:
    return _microseconds(row.updated_at) + (row.known_version or 0)


def _version_of_message(row: AnyRow) -> int:
    return _microseconds(row.edited_at) + (row.known_version or 0)


def _version_of_summary(row: AnyRow) -> int:
    return int(row.known_version)


_head = conversations.c
_known = conversation_metadata.c
_said = messages.c
_told = message_metadata.c

_OF_THREAD: Final = frozenset({"platform", "thread_id", "guild_id"})
_FACTS: Final = frozenset({"outlet_id", "language", "intents", "context"})

_SESSIONS: Final = Source(
    fields=SESSIONS.fields,
    table=conversations,
    beside=(
        Beside(threads, threads.c.id == _head.thread_key, _OF_THREAD),
        Beside(conversation_metadata, _known.conversation_id == _head.id, _FACTS | {"is_starred"}, is_optional=True),
    ),
    row=_head.id,
    columns={
        "session_id": _head.id,
        "user_id": _head.requester,
        "platform": threads.c.platform,
        "thread_id": threads.c.thread_id,
        "guild_id": threads.c.guild_id,
        "outlet_id": _known.outlet_id,
        "language": _known.language,
        "start_time": _head.created_at,
        "end_time": _head.ended_at,
        "last_message_at": _head.last_message_at,
        "state": _head.state,
        "title": _head.title,
        "summary": _head.summary,
        "intents": _known.intents,
        "context": _known.context,
        "is_starred": _known.is_starred,
        "parent_session_id": _head.parent_conversation_id,
        "created_reason": _head.conversation_created_reason,
        "created_at": _head.created_at,
        "updated_at": _head.updated_at,
    },
    shown={_KNOWN: _known.version},
    version=_version_of_session,
    always=true(),
    common=_FACTS | {"platform"},
)

_OF_MESSAGE: Final = frozenset(
    {"language", "intent", "confidence", "sentiment", "category", "tags", "is_read", "is_processed"}
)

_MESSAGES: Final = Source(
    fields=MESSAGES.fields,
    table=messages,
    beside=(
        Beside(
            message_metadata,
            and_(_told.conversation_id == _said.conversation_id, _told.message_id == _said.id),
            _OF_MESSAGE,
            is_optional=True,
        ),
    ),
    row=_said.seq,
    columns={
        "id": _said.id,
        "session_id": _said.conversation_id,
        "role": case((BY_PEOPLE, "user"), else_="assistant"),
        "message_type": _said.message_type,
        "user_id": _said.requester,
        "content": _said.content,
        "timestamp": _said.created_at,
        "edited_at": _said.edited_at,
        "pii": _said.pii,
        "delivery": _said.delivery,
        "language": _told.language,
        "intent": _told.intent,
        "confidence": _told.confidence,
        "sentiment": _told.sentiment,
        "category": _told.category,
        "tags": _told.tags,
        "is_read": _told.is_read,
        "is_processed": _told.is_processed,
        "standing": _said.standing,
        "created_at": _said.created_at,
    },
    shown={_KNOWN: _told.version},
    version=_version_of_message,
    always=_said.standing != Standing.DELETED.value,
)

_SUMMARIES: Final = Source(
    fields=USER_SUMMARIES.fields,
    table=user_summaries,
    beside=(),
    row=user_summaries.c.id,
    columns={name: user_summaries.c[name] for name in USER_SUMMARIES.fields if name != "version"},
    shown={_KNOWN: user_summaries.c.version},
    version=_version_of_summary,
    always=true(),
)

SOURCES: Final = {SESSIONS.name: _SESSIONS, MESSAGES.name: _MESSAGES, USER_SUMMARIES.name: _SUMMARIES}
