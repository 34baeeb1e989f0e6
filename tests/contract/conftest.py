"""Every implementation of the store, each under the same tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.domain.identifiers import IdGenerator
from source.ports.store import (
    ChannelStore,
    ConversationStore,
    CorrectionStore,
    RestoringStore,
    StatisticsStore,
    TurnStore,
)
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.store import InMemoryStore


class Store(TurnStore, CorrectionStore, ChannelStore, StatisticsStore, ConversationStore, RestoringStore, Protocol):
    """Everything that a store does."""

    ids: IdGenerator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store."""
    with database_of(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def sql_store(database: str, clock: FakeClock) -> AsyncIterator[SqlStore]:
    """An open store of each kind of database, for what has tables of its own."""
    store = await SqlStore.open(database, clock=clock, durability="normal")
    yield store
    await store.close()


@pytest.fixture(params=["sqlite", "postgresql", "in memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    if request.param == "in memory":
        yield InMemoryStore(clock)
        return
    with database_of(request.param, tmp_path) as url:
        sql_store = await SqlStore.open(url, clock=clock, durability="normal")
        yield sql_store
        await sql_store.close()
