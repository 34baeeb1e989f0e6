"""Memories that several processes make on one PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.operation_tables import memory_failures
from source.adapters.storage.sql_store import SqlStore
from source.domain.errors import StoreConflictError
from source.domain.memory import MemorySource
from source.domain.turn import TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.databases import database_of
from tests.fakes.store_samples import ANN, head, said

DATA: dict[str, object] = {"facts": []}
MODEL = MemorySource.MODEL
ROUNDS = 30


@pytest.fixture
async def tables(tmp_path: Path) -> AsyncIterator[tuple[SqlStore, list[MemoryTable]]]:
    """A store, and the memories as two processes see them."""
    clock = FakeClock()
    with database_of("postgresql", tmp_path) as url:
        stores = [await SqlStore.open(url, clock=clock, durability="normal") for _ in range(2)]
        yield stores[0], [MemoryTable(store) for store in stores]
        for store in stores:
            await store.close()


async def put(store: SqlStore) -> int:
    conversation = head(is_active=False)
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said(),), (conversation,), (ANN,)))
    return conversation.conversation_id


async def test_two_who_put_the_first_memory_at_once_keep_one(tables: tuple[SqlStore, list[MemoryTable]]) -> None:
    store, both = tables
    for _ in range(ROUNDS):
        conversation = await put(store)
        kept = await asyncio.gather(*(table.put_memory(conversation, DATA, source=MODEL) for table in both))
        assert {memory.memory_id for memory in kept} == {kept[0].memory_id}
        assert sorted(memory.version for memory in kept) == [1, 2]


async def test_of_two_who_saw_the_same_version_one_is_told(tables: tuple[SqlStore, list[MemoryTable]]) -> None:
    store, both = tables
    conversation = await put(store)
    for version in range(ROUNDS):
        outcomes = await asyncio.gather(
            *(table.put_memory(conversation, DATA, source=MODEL, version=version) for table in both),
            return_exceptions=True,
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["StoreConflictError", "StoredMemory"]
        assert any(isinstance(outcome, StoreConflictError) for outcome in outcomes)


async def test_failures_that_two_note_at_once_are_counted_both(tables: tuple[SqlStore, list[MemoryTable]]) -> None:
    store, both = tables
    for _ in range(ROUNDS):
        conversation = await put(store)
        await asyncio.gather(*(table.note_failure(conversation, "no") for table in both))
    counted = select(memory_failures.c.attempts).distinct()
    assert await store.read(lambda connection: list(connection.execute(counted).scalars())) == [2]
