"""A filter finds in each database what it describes, and pages come in the order asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, insert, make_url

from source.adapters.storage import record_reading
from source.adapters.storage.migrate import bring_up_to_date
from source.adapters.storage.operation_tables import conversation_metadata, message_metadata, user_summaries
from source.adapters.storage.tables import conversations, messages, threads
from source.domain.filter_parsing import parse_filter
from source.domain.filters import EVERYTHING, Record, matches
from source.domain.record_cursor import cursor_after, position_of
from source.domain.records import COLLECTIONS, MESSAGES, SESSIONS, USER_SUMMARIES, Collection, Order
from source.ports.records import RecordQuery
from tests.fakes.databases import database_of
from tests.fakes.filter_samples import filters_over, value_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HEAD = {"carried_summary": "", "running_summary": "", "context_start": 0, "is_active": False, "filename": "x.json"}
FACTS = {"version": 1, "updated_at": NOW}
examples = settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("records")
    with database_of(request.param, folder) as url:
        made = create_engine(url if request.param == "sqlite" else make_url(url).set(drivername="postgresql+psycopg"))
        if request.param == "sqlite":
            with made.connect() as connection:
                bring_up_to_date(connection)
        yield made
        made.dispose()


def rows_of(collection: Collection) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return what the fields of a few rows hold; None where nothing is known."""
    values = {
        name: st.one_of(st.none(), value_of(field)) if field.nullable else value_of(field)
        for name, field in collection.fields.items()
    }
    return st.lists(st.fixed_dictionaries(values), min_size=1, max_size=6)


# Made once: checking a strategy takes longer than drawing from it.
ROWS = {name: rows_of(collection) for name, collection in COLLECTIONS.items()}
FILTERS = {
    name: st.lists(filters_over(dict(collection.fields)), min_size=3, max_size=3)
    for name, collection in COLLECTIONS.items()
}


def put(connection: Connection, collection: Collection, rows: list[dict[str, Any]]) -> None:
    """Insert rows whose fields hold these values."""
    match collection.name:
        case "sessions":
            for number, row in enumerate(rows, 1):
                put_session(connection, number, row)
        case "messages":
            for number, row in enumerate(rows, 1):
                put_message(connection, number, row)
        case "user_summaries":
            for number, row in enumerate(rows, 1):
                values = {**row, "id": number, "user_id": f"{row['user_id']}{number}", "version": 1}
                connection.execute(insert(user_summaries).values(values))


def put_session(connection: Connection, number: int, row: Mapping[str, Any]) -> None:
    thread = {"id": number, "platform": row["platform"], "thread_id": f"{row['thread_id']}{number}"}
    connection.execute(insert(threads).values({**thread, "guild_id": row["guild_id"]}))
    head = {
        "id": number,
        "thread_key": number,
        "requester": row["user_id"],
        "state": row["state"],
        "created_at": row["start_time"],
        "updated_at": row["updated_at"],
        "ended_at": row["end_time"],
        "last_message_at": row["last_message_at"],
        "title": row["title"],
        "summary": row["summary"],
        "parent_conversation_id": row["parent_session_id"],
        "conversation_created_reason": row["created_reason"],
    }
    connection.execute(insert(conversations).values({**HEAD, **head}))
    if number % 3:
        known = {name: row[name] for name in ("outlet_id", "language", "intents", "context", "is_starred")}
        facts = {**FACTS, "conversation_id": number, "analyzed_to": 0, "recall_count": 0}
        connection.execute(insert(conversation_metadata).values({**facts, **known}))


def put_message(connection: Connection, number: int, row: Mapping[str, Any]) -> None:
    if number == 1:
        thread = {"id": 1, "platform": "web", "thread_id": "1"}
        connection.execute(insert(threads).values(thread))
        head = {"thread_key": 1, "state": "ended", "created_at": NOW, "updated_at": NOW, "title": "", "summary": ""}
        for key in range(1, 6):
            connection.execute(insert(conversations).values({**HEAD, **head, "id": key}))
    said = {
        "id": number,
        "conversation_id": row["session_id"],
        "created_at": row["timestamp"],
        "message_type": row["message_type"],
        "content": row["content"],
        "requester": row["user_id"],
        "interrupted": False,
        "edited_at": row["edited_at"],
        "standing": row["standing"],
    }
    connection.execute(insert(messages).values(said))
    if number % 3:
        names = ("sentiment", "category", "tags", "language", "intent", "confidence", "is_read", "is_processed")
        facts = {**FACTS, "conversation_id": row["session_id"], "message_id": number}
        connection.execute(insert(message_metadata).values({**facts, **{name: row[name] for name in names}}))


def all_of(connection: Connection, collection: Collection) -> list[Record]:
    return record_reading.find(connection, RecordQuery(collection, collection.order_of([collection.key]), limit=500))


@pytest.mark.parametrize("name", list(COLLECTIONS))
@examples
@given(data=st.data())
def test_a_filter_finds_what_it_describes(engine: Engine, name: str, data: st.DataObject) -> None:
    collection = COLLECTIONS[name]
    rows = data.draw(ROWS[name])
    wanted = data.draw(FILTERS[name])
    with engine.connect() as connection:
        put(connection, collection, rows)
        records = all_of(connection, collection)
        assert len(records) == len(rows)
        for filter_ in wanted:
            where = parse_filter(filter_, collection.fields)
            described = [record[collection.key] for record in records if matches(record, where)]
            assert record_reading.keys(connection, collection, where, 500) == described, filter_
            assert record_reading.count(connection, collection, where) == len(described)
        connection.rollback()


@pytest.mark.parametrize("name", list(COLLECTIONS))
@examples
@given(data=st.data())
def test_pages_come_in_the_order_asked_for_and_leave_nothing_out(
    engine: Engine, name: str, data: st.DataObject
) -> None:
    collection = COLLECTIONS[name]
    rows = data.draw(ROWS[name])
    ordered = [field.name for field in collection.fields.values() if field.is_ordered]
    names = data.draw(st.lists(st.sampled_from(ordered), unique=True, min_size=1, max_size=3))
    order = collection.order_of([data.draw(st.sampled_from(["", "-"])) + name for name in names])
    query = RecordQuery(collection, order, limit=2)
    with engine.connect() as connection:
        put(connection, collection, rows)
        expected = in_order(all_of(connection, collection), order)
        found: list[Record] = []
        while page := record_reading.find(connection, query):
            found += page
            query = replace(query, after=position_of(cursor_after(page[-1], order), order))
        assert [record[collection.key] for record in found] == [record[collection.key] for record in expected]
        skipped = RecordQuery(collection, order, EVERYTHING, limit=2, offset=1)
        assert record_reading.find(connection, skipped) == expected[1:3]
        connection.rollback()


def in_order(records: list[Record], order: tuple[Order, ...]) -> list[Record]:
    """Sort by the last first: Python's sort keeps what is equal where it was."""
    for each in reversed(order):
        name = each.field.name
        present = [record for record in records if record[name] is not None]
        present.sort(key=lambda record: record[name], reverse=each.descending)  # type: ignore[arg-type, return-value]
        absent = [record for record in records if record[name] is None]
        records = present + absent if each.descending else absent + present
    return records


def test_a_record_reads_as_it_was_written(engine: Engine) -> None:
    with engine.connect() as connection:
        row = {
            **dict.fromkeys(USER_SUMMARIES.fields),
            **{"user_id": "ann", "total_conversations": 1, "total_messages": 2, "intents": {"a b": 1}},
            **{"preferences": {"deep": [1, None, True, "é"]}, "first_interaction": NOW - timedelta(microseconds=1)},
            **{"created_at": NOW, "updated_at": NOW},
        }
        put(connection, USER_SUMMARIES, [row])
        assert all_of(connection, USER_SUMMARIES) == [{**row, "id": 1, "user_id": "ann1", "version": 1}]
        connection.rollback()


def test_what_was_deleted_of_a_session_is_no_record(engine: Engine) -> None:
    row: dict[str, Any] = {
        **dict.fromkeys(MESSAGES.fields),
        **{"session_id": 1, "timestamp": NOW, "message_type": "chat", "content": "", "standing": "deleted"},
        **{"is_read": False, "is_processed": False},
    }
    with engine.connect() as connection:
        put(connection, MESSAGES, [row, {**row, "standing": "superseded"}])
        assert [record["id"] for record in all_of(connection, MESSAGES)] == [2]
        assert record_reading.count(connection, MESSAGES, EVERYTHING) == 1
        assert record_reading.keys(connection, MESSAGES, EVERYTHING, 5) == [2]
        assert list(record_reading.read(connection, MESSAGES, [1, 2])) == [2]
        connection.rollback()


def test_chat_messages_that_stand_are_counted_for_their_session(engine: Engine) -> None:
    row: dict[str, Any] = {
        **dict.fromkeys(MESSAGES.fields),
        **{"session_id": 1, "timestamp": NOW, "message_type": "chat", "content": "", "standing": "kept"},
        **{"is_read": False, "is_processed": False},
    }
    with engine.connect() as connection:
        put(connection, MESSAGES, [row, row, {**row, "standing": "deleted"}, {**row, "message_type": "thinking"}])
        counts = [record["message_count"] for record in all_of(connection, SESSIONS)]
        assert counts == [2, 0, 0, 0, 0]
        connection.rollback()
