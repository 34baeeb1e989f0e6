"""What was said before anything was counted of people is counted once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from source.adapters.storage.database_url import database_named
from source.adapters.storage.engine import writing_engine
from source.adapters.storage.interaction_table import InteractionTable
from source.adapters.storage.migrate import bring_up_to_date
from source.adapters.storage.people_table import PeopleTable
from source.adapters.storage.postgres_engine import server_writing_engine
from source.adapters.storage.sql_store import SqlStore
from source.domain.interactions import Interactions
from tests.fakes.clock import FakeClock
from tests.fakes.databases import rows, server

_BEFORE = """
INSERT INTO people (id) VALUES (1), (2);
INSERT INTO aliases VALUES ('web', 'ann', 1, 'Ann'), ('web', 'ben', 2, 'Ben');
INSERT INTO threads (id, platform, thread_id) VALUES (1, 'web', 'main'), (2, 'web', 'quiet');
INSERT INTO conversations (id, thread_key, requester, state, created_at, updated_at, filename, title, summary,
    carried_summary, running_summary, context_start)
    VALUES (10, 1, 'ann', 'ended', '{0}', '{0}', '', '', '', '', '', 0),
        (20, 2, 'ann', 'ended', '{0}', '{0}', '', '', '', '', '', 0);
INSERT INTO participants (external_id, conversation_id) VALUES ('ann', 10), ('ben', 10), ('ann', 20);
INSERT INTO messages (id, conversation_id, created_at, message_type, content, requester, interrupted, standing)
    VALUES (1, 10, '{0}', 'chat', 'Boxes', 'ann', false, 'kept'), (2, 10, '{1}', 'chat', 'Yes', NULL, false, 'kept'),
        (3, 10, '{1}', 'chat', 'More', 'ann', false, 'kept'), (4, 10, '{1}', 'chat', '', 'ann', false, 'deleted'),
        (5, 10, '{0}', 'chat', 'Me too', 'ben', false, 'kept');
INSERT INTO message_metadata (conversation_id, message_id, intent, language, is_read, is_processed, version, updated_at)
    VALUES (10, 5, 'agree', 'en', false, false, 1, '{0}');
INSERT INTO conversation_metadata (conversation_id, analyzed_to, is_starred, recall_count, language, intents, version,
    updated_at) VALUES (20, 0, false, 0, 'de', '{{"primary": "order"}}', 1, '{0}');
INSERT INTO conversation_memories (id, conversation_id, memory_data, covers_to, source, version, created_at, updated_at)
    VALUES (7, 10,
        '{{"language": "en", "intents": [{{"name": "order", "message_ids": [1]}}]}}', 5, 'model', 1, '{0}', '{0}')
"""
FIRST, LAST = (f"2026-01-{day} 08:00:00.000000" for day in (13, 14))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'echo.db'}"
        return
    with server().database(is_empty=True) as url:
        yield url


def engine_of(url: str) -> Engine:
    named = database_named(url)
    return writing_engine(named, "normal") if isinstance(named, Path) else server_writing_engine(named, "normal")


async def test_everything_is_counted_and_rightly(url: str) -> None:
    engine = engine_of(url)
    with engine.connect() as connection:
        bring_up_to_date(connection, "0008")
    engine.dispose()
    for statement in _BEFORE.format(FIRST, LAST).split(";"):
        rows(url, statement)
    store = await SqlStore.open(url, clock=FakeClock())
    ann, ben = [await PeopleTable(store).person(key) for key in (1, 2)]
    assert ann is not None
    assert ben is not None
    first, last = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (FIRST, LAST))
    assert ann.interactions == Interactions(2, 2, first, last, {"order": 2}, {"de": 1, "en": 1})
    assert ben.interactions == Interactions(1, 1, first, first, {"agree": 1}, {"en": 1})
    assert (await InteractionTable(store).recount()).corrected == 0
    await store.close()
