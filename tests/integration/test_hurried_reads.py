"""Reads that end within a time, on both databases."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import Connection, text

from source.adapters.storage.engine import READERS
from source.adapters.storage.hurried_reads import HurriedReads
from source.adapters.storage.sql_store import SqlStore
from source.domain.errors import ReadTooLongError, StoreError
from tests.fakes.clock import FakeClock
from tests.fakes.databases import KINDS, database_of
from tests.fakes.records_api import problem, records_api

FOR_EVER = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n"
)


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    with database_of(request.param, tmp_path) as url:
        store = await SqlStore.open(url, clock=FakeClock(), durability="normal")
        yield store
        await store.close()


def for_ever(connection: Connection) -> int:
    return int(connection.execute(FOR_EVER).scalar_one())


def number(connection: Connection, wanted: int) -> int:
    return int(connection.execute(text(f"SELECT {wanted}")).scalar_one())


async def test_what_takes_too_long_is_given_up_and_the_next_one_is_not(store: SqlStore) -> None:
    hurried = HurriedReads(store, within=timedelta(seconds=0.2))
    began = time.monotonic()
    with pytest.raises(ReadTooLongError):
        await hurried.read(for_ever)
    assert time.monotonic() - began < 5
    assert [await hurried.read(number, 7), await store.read(number, 8)] == [7, 8]


async def test_what_is_wrong_otherwise_is_told_as_it_is(store: SqlStore) -> None:
    with pytest.raises(StoreError) as failed:
        await HurriedReads(store).read(lambda connection: connection.execute(text("SELECT * FROM nowhere")))
    assert not isinstance(failed.value, ReadTooLongError)


async def test_who_asks_for_much_leaves_a_thread_to_those_who_talk(store: SqlStore) -> None:
    hurried, gate = HurriedReads(store), threading.Event()
    asking = [asyncio.create_task(hurried.read(lambda _: gate.wait(30))) for _ in range(READERS + 1)]
    try:
        await asyncio.sleep(0)
        assert await asyncio.wait_for(store.read(number, 7), 20) == 7
        assert not any(task.done() for task in asking)
    finally:
        gate.set()
        await asyncio.gather(*asking)


class TooMuch(HurriedReads):
    """Finds that everything takes too long."""

    async def read(self, *_: object, **__: object) -> NoReturn:
        await asyncio.sleep(0)
        raise ReadTooLongError("it was not read within 0:00:10")


@pytest.mark.parametrize("path", ["/api/records/messages?filter={}", "/api/records/sessions/count", "/api/people"])
async def test_who_asks_for_too_much_over_the_api_is_told_to_ask_for_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr("source.app.records.HurriedReads", TooMuch)
    async with records_api(tmp_path, f"sqlite:///{tmp_path / 'echo.db'}") as caller:
        assert "ask for less" in problem(await caller.call("GET", path), 422)
