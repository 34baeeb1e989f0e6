"""Every implementation of the store, each under the same tests."""

from collections.abc import AsyncIterator
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
from tests.fakes.store import InMemoryStore


class Store(TurnStore, CorrectionStore, ChannelStore, StatisticsStore, ConversationStore, RestoringStore, Protocol):
    """Everything that a store does."""

    ids: IdGenerator


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", "in memory"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    if request.param == "in memory":
        yield InMemoryStore(clock)
        return
    sql_store = await SqlStore.open(tmp_path / "echo.db", clock=clock, durability="normal")
    yield sql_store
    await sql_store.close()
