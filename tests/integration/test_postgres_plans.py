"""On PostgreSQL, too, what is open and what is new is found without going through what is done."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from source.adapters.storage import channel_reading, event_reading, read_queries, search_reading, statistics_reading
from source.adapters.storage.database_url import database_named
from source.adapters.storage.postgres_engine import server_reading_engine
from source.adapters.storage.recall_likely import _Holders
from source.domain.thread import Platform, ThreadKey
from source.ports.recall import EVERYTHING
from source.ports.store import Scope
from tests.fakes.databases import rows, server
from tests.fakes.store_samples import NOW

# 20,000 messages, half of them answered events; what is still open are a few.
_MUCH = """
INSERT INTO people SELECT i FROM generate_series(1, 200) i;
INSERT INTO aliases SELECT 'discord', 'p' || i, i, 'Ann' FROM generate_series(1, 200) i;
INSERT INTO threads (id, platform, thread_id, guild_id)
SELECT i, 'discord', 't' || i, '7' FROM generate_series(1, 500) i;
INSERT INTO conversations (id, thread_key, state, created_at, updated_at, filename, title, summary, carried_summary,
    running_summary, context_start, is_active)
SELECT i, mod(i, 500) + 1, 'ended', now(), now(), '', '', '', '', '', 0, i > 1500 FROM generate_series(1, 2000) i;
INSERT INTO participants SELECT 'p' || mod(i, 200) + 1, i FROM generate_series(1, 2000) i;
INSERT INTO messages (id, conversation_id, created_at, message_type, content, interrupted)
SELECT i, mod(i, 2000) + 1, now(), 'chat', 'word' || mod(i, 5000) || ' ship' || mod(i, 3000), false
FROM generate_series(1, 20000) i;
INSERT INTO events (id, platform, event_id, thread_key, external_id, sent_at, accepted_at, state, conversation_id,
    reply_id)
SELECT i, 'discord', 'e' || i, mod(i, 500) + 1, 'p' || mod(i, 200) + 1, now(), now(),
    CASE WHEN i < 4 THEN 'accepted' WHEN i < 8 THEN 'answered' ELSE 'delivered' END, mod(i, 2000) + 1, i
FROM generate_series(1, 10000) i;
INSERT INTO usage (conversation_id, model, purpose, created_at, input_tokens, cached_tokens, output_tokens, estimated,
    person)
SELECT mod(i, 2000) + 1, 'm', 'reply', timestamptz '2026-03-02 09:00Z' + i * interval '1 second', 1, 0, 1, false, 'ann'
FROM generate_series(1, 10000) i;
INSERT INTO sent_parts SELECT 'discord', 'r' || i, i, 0 FROM generate_series(1, 10000) i;
"""
_LARGE = ("messages", "events", "usage", "sent_parts")
_THREAD = ThreadKey(Platform.DISCORD, "t7")
_READINGS: dict[str, Callable[[Connection], object]] = {
    "a conversation": lambda c: read_queries.load(c, 1600),
    "the active one": lambda c: read_queries.active(c, _THREAD),
    "the latest one": lambda c: read_queries.latest(c, _THREAD),
    "those of a thread": lambda c: read_queries.listing(c, None, _THREAD, 50, 0),
    "those of a person in a thread": lambda c: read_queries.listing(
        c, Scope(Platform.DISCORD, "p8", "7"), _THREAD, 50, 0
    ),
    "the next ones": lambda c: read_queries.following(c, 100, 5),
    "the highest id": read_queries.highest_id,
    "unanswered events": lambda c: event_reading.unanswered(c, None),
    "undelivered replies": lambda c: event_reading.undelivered(c, None),
    "undelivered replies of a thread": lambda c: event_reading.undelivered(c, _THREAD),
    "a person's message": lambda c: channel_reading.find(c, Platform.DISCORD, "e100"),
    "a reply": lambda c: channel_reading.find(c, Platform.DISCORD, "r100"),
    "an event": lambda c: channel_reading.is_accepted(c, Platform.DISCORD, "e5"),
    "parts of open replies": lambda c: channel_reading.unfinished_parts(c, Platform.DISCORD),
    "statistics of a thread": lambda c: statistics_reading.thread_statistics(c, _THREAD),
    "the last tokens": lambda c: statistics_reading.tokens_since(c, Platform.DISCORD, NOW + timedelta(seconds=13_590)),
    "a word": lambda c: search_reading.search(c, "ship77", None, 10, with_tail=False),
    "a word that one may see": lambda c: search_reading.search(
        c, "ship77", Scope(Platform.DISCORD, "p8", "7"), 10, with_tail=False
    ),
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with server().database() as url:
        rows(url, _MUCH)
        rows(url, "ANALYZE")
        named = database_named(url)
        assert not hasattr(named, "open")
        engine = server_reading_engine(named)
        yield engine
        engine.dispose()


def _plans(engine: Engine, reading: Callable[[Connection], object]) -> str:
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    with engine.connect() as connection:
        event.listen(engine, "before_cursor_execute", note)
        reading(connection)
        event.remove(engine, "before_cursor_execute", note)
        cursor = connection.connection.cursor()
        return "\n".join(line for each in asked for line in _explained(cursor, *each))


def _explained(cursor: Any, statement: str, parameters: Any) -> list[str]:
    cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", parameters)
    return [line for (line,) in cursor.fetchall()]


def test_every_plan_knows_the_values_however_often_it_is_asked_for(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(15):
            _Holders(connection, ["ship77", "word5"], EVERYTHING).by_word({"ship77": ["ship78"]})
        query = text("SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements")
        custom, generic = connection.execute(query).one()
    assert custom > 5
    assert generic == 0


@pytest.mark.parametrize("name", _READINGS)
def test_no_large_table_is_read_whole(engine: Engine, name: str) -> None:
    plans = _plans(engine, _READINGS[name])
    assert "Scan" in plans
    assert [table for table in _LARGE if f"Seq Scan on {table}" in plans] == []


def test_the_plan_of_what_must_read_everything_would_show_it(engine: Engine) -> None:
    assert "Seq Scan on messages" in _plans(
        engine, lambda c: search_reading.search(c, "会议", None, 10, with_tail=False)
    )
