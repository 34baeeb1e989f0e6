"""Making the vectors of what was said, whatever the database."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
from structlog.testing import capture_logs

from source.adapters.storage.embedding_table import EmbeddingTable
from source.adapters.storage.sql_store import SqlStore
from source.domain.errors import ModelRefusedError, ModelUnavailableError
from source.domain.turn import TurnRecord
from source.services.embedding_filler import EmbeddingFiller
from tests.fakes.clock import FakeClock
from tests.fakes.databases import rows
from tests.fakes.embedding_model import FakeEmbeddings
from tests.fakes.store_samples import head, said


class NotedClock(FakeClock):
    """Tells when somebody sleeps, and how long they meant to."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []
        self._changed = asyncio.Condition()

    async def sleep(self, seconds: float) -> None:
        async with self._changed:
            self.pauses.append(seconds)
            self._changed.notify_all()
        await super().sleep(seconds)

    async def slept(self, times: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.pauses) >= times)


@pytest.fixture
def clock() -> NotedClock:
    return NotedClock()


@pytest.fixture
def table(sql_store: SqlStore) -> EmbeddingTable:
    return EmbeddingTable(sql_store)


async def _say(store: SqlStore, texts: Iterable[str]) -> None:
    conversation = head(is_active=False)
    messages = tuple(said(text) for text in texts)
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))


def _no_progress(_done: int, _total: int) -> None:
    pass


async def test_all_that_was_said_gets_a_vector_newest_first(
    sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock
) -> None:
    texts = [f"message {number}" for number in range(150)]
    await _say(sql_store, texts)
    model, told = FakeEmbeddings(), list[tuple[int, int]]()
    filler = EmbeddingFiller(model, table, clock)
    assert await filler.fill(lambda done, total: told.append((done, total))) == 150
    assert model.texts == texts[::-1]
    assert told == [(0, 150), (64, 150), (128, 150), (150, 150)]
    assert await filler.fill(_no_progress) == 0
    assert await EmbeddingFiller(model, table, clock).fill(_no_progress) == 0
    assert len(model.texts) == 150


async def test_after_a_failure_it_goes_on_where_it_was(
    sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock
) -> None:
    await _say(sql_store, (f"message {number}" for number in range(100)))
    model = FakeEmbeddings()
    filler = EmbeddingFiller(model, table, clock)
    with pytest.raises(ModelUnavailableError):
        await filler.fill(lambda done, _: setattr(model, "is_away", done > 0))
    assert (await table.counts("fake"))[0] == 64
    model.is_away = False
    assert await filler.fill(_no_progress) == 36
    assert len(model.texts) == len(set(model.texts)) == 100


async def test_a_text_that_is_refused_for_its_own_sake_is_passed_over(
    sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock
) -> None:
    await _say(sql_store, [*(f"message {number}" for number in range(20)), "poison", "another"])
    with capture_logs() as logs:
        assert await EmbeddingFiller(FakeEmbeddings(refused="poison"), table, clock).fill(_no_progress) == 21
    assert [entry["event"] for entry in logs] == ["message_not_embedded"]
    assert "poison" not in str(logs)


async def test_a_server_that_refuses_everything_is_not_asked_text_by_text(
    sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock
) -> None:
    await _say(sql_store, (f"message {number}" for number in range(20)))
    model = FakeEmbeddings(refused="")
    with pytest.raises(ModelRefusedError):
        await EmbeddingFiller(model, table, clock).fill(_no_progress)
    assert model.calls == 2


async def test_what_is_edited_while_its_vector_is_made_gets_another(
    sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock, database: str
) -> None:
    await _say(sql_store, ["before"])
    model = FakeEmbeddings()
    model.gate.clear()
    filling = asyncio.create_task(EmbeddingFiller(model, table, clock).fill(_no_progress))
    await model.called(1)
    rows(database, "UPDATE messages SET content = 'after'")
    model.gate.set()
    assert await filling == 0
    assert await table.counts("fake") == (0, 1)
    assert await EmbeddingFiller(model, table, clock).fill(_no_progress) == 1
    assert model.texts == ["before", "after"]


async def test_vectors_that_cannot_be_compared_any_more_are_made_anew(
    sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock, database: str
) -> None:
    await _say(sql_store, ["one", "two"])
    await EmbeddingFiller(FakeEmbeddings(size=64), table, clock).fill(_no_progress)
    await _say(sql_store, ["three"])
    with capture_logs() as logs:
        assert await EmbeddingFiller(FakeEmbeddings(size=32), table, clock).fill(_no_progress) == 3
    assert logs[0]["event"] == "embeddings_of_another_size"
    assert rows(database, "SELECT DISTINCT length(vector) FROM message_embeddings") == [(64,)]


@pytest.fixture
async def running(
    sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock
) -> AsyncIterator[tuple[FakeEmbeddings, asyncio.Event]]:
    """A filler at work, its model, and what stops it."""
    model, stop = FakeEmbeddings(), asyncio.Event()
    work = asyncio.create_task(EmbeddingFiller(model, table, clock).run(stop))
    yield model, stop
    stop.set()
    await work


async def test_what_is_said_later_gets_its_vector_at_the_next_look(
    running: tuple[FakeEmbeddings, asyncio.Event], sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock
) -> None:
    model, _ = running
    await clock.slept(1)
    await _say(sql_store, ["something new"])
    clock.advance(seconds=20)
    await clock.slept(2)
    assert model.texts == ["something new"]
    assert await table.counts("fake") == (1, 1)


async def test_while_the_server_is_away_the_pauses_grow_and_one_warning_is_written(
    running: tuple[FakeEmbeddings, asyncio.Event], sql_store: SqlStore, table: EmbeddingTable, clock: NotedClock
) -> None:
    model, _ = running
    await clock.slept(1)
    model.is_away = True
    await _say(sql_store, ["something new"])
    with capture_logs() as logs:
        for times in (2, 3, 4):
            clock.advance(seconds=clock.pauses[-1])
            await clock.slept(times)
    assert clock.pauses[1:] == [30, 60, 120]
    assert [entry["log_level"] for entry in logs] == ["warning", "info", "info"]
    model.is_away = False
    clock.advance(seconds=120)
    await clock.slept(5)
    assert clock.pauses[-1] == 15
    assert await table.counts("fake") == (1, 1)


async def test_what_was_edited_gets_a_vector_within_minutes(
    running: tuple[FakeEmbeddings, asyncio.Event],
    sql_store: SqlStore,
    table: EmbeddingTable,
    clock: NotedClock,
    database: str,
) -> None:
    model, _ = running
    await clock.slept(1)
    await _say(sql_store, ["before"])
    clock.advance(seconds=20)
    await clock.slept(2)
    rows(database, "UPDATE messages SET content = 'after'")
    clock.advance(minutes=11)
    await clock.slept(3)
    assert model.texts == ["before", "after"]
    assert await table.counts("fake") == (1, 1)


async def test_it_stops_in_the_middle_of_a_pause(
    running: tuple[FakeEmbeddings, asyncio.Event], clock: NotedClock
) -> None:
    await clock.slept(1)
    running[1].set()
