"""What `python bot.py check` says of a database on a server."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.app.checks import Finding, check_database
from source.app.settings import Settings
from source.domain.turn import TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.databases import own_server, rows
from tests.fakes.postgres import Postgres
from tests.fakes.store_samples import head


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with own_server(fsync="on") as started, closing(Postgres(started.url())) as server:
        yield server


async def _checked(url: str) -> Finding:
    return await check_database(Settings(database_url=url, conversations_dir=Path("none")))


async def test_an_empty_database_is_as_good_as_a_filled_one(server: Postgres) -> None:
    with server.database(is_empty=True) as url:
        empty = await _checked(url)
        store = await SqlStore.open(url, clock=FakeClock())
        conversation = head()
        await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
        await store.close()
        filled = await _checked(url)
    assert empty.is_fine
    assert "no tables yet" in empty.text
    assert filled.is_fine
    assert "PostgreSQL" in filled.text
    assert "conversations: 1" in filled.text


async def test_a_server_that_is_not_there_is_a_problem_and_no_password_is_shown() -> None:
    found = await _checked("postgresql://echo:opensesame@127.0.0.1:1/echo")
    assert not found.is_fine
    assert "cannot be reached" in found.text
    assert "sesame" not in found.text


async def test_a_server_that_forgets_in_a_power_cut_is_a_problem() -> None:
    with (
        own_server(fsync="off") as started,
        closing(Postgres(started.url())) as careless,
        careless.database(is_empty=True) as url,
    ):
        found = await _checked(url)
    assert not found.is_fine
    assert "fsync" in found.text


async def test_tables_of_another_program_are_a_problem(server: Postgres) -> None:
    with server.database(is_empty=True) as url:
        rows(url, "CREATE TABLE theirs (x integer)")
        found = await _checked(url)
    assert not found.is_fine
    assert "another program" in found.text
