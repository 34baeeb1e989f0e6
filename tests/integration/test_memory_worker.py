"""A worker between a real queue and the real API."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fastapi import APIRouter

from source.adapters.remote.api_client import ApiClient, ApiUnavailableError
from source.adapters.remote.memory_desk import ApiMemoryDesk
from source.adapters.sqs.memory_queue import SqsMemoryQueue
from source.adapters.storage.memory_table import MemoryTable
from source.adapters.storage.message_pages import MessageTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.web.routes import memories, messages
from source.domain.api_key import Scope
from source.domain.errors import ModelRefusedError, SettingsError, StoreConflictError, StoreUnavailableError
from source.domain.memory import Memory, MemoryItem, MemorySource
from source.domain.memory_reading import made_of
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import TurnRecord
from source.ports.memories import ReceivedBatch
from source.services.memories import MadeMemory, MemoryService
from source.services.memory_extractors import ModelExtractor
from source.services.memory_intake import MemoryIntake
from source.services.memory_worker import MemoryWorker
from source.services.structured_model import StoreLedger, StructuredLanguageModel
from tests.fakes.clock import FakeClock
from tests.fakes.databases import KINDS, database_of
from tests.fakes.language_model import ScriptedModel
from tests.fakes.memory_samples import claim
from tests.fakes.memory_work import PROMPT, HastyClock, answer, no_language
from tests.fakes.sqs_server import Queue, new_queue, sqs_server
from tests.fakes.store_samples import ANN, MAIN, head, said
from tests.fakes.web_api import ServedApi, frame_on, served

LIVES = "I live in Lisbon"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with sqs_server() as address:
        yield address


class NoTrigger:
    """Nobody asks for batches over the API here."""

    async def trigger(self, requested_by: str, *, key: str | None = None) -> tuple[None, list[int]]:
        await asyncio.sleep(0)
        return None, []

    async def why_none(self) -> str:
        await asyncio.sleep(0)
        return "Nobody needs one."


class OneBatch(SqsMemoryQueue):
    """Stops its worker when a batch leaves its hands."""

    def __init__(self, url: str) -> None:
        super().__init__(url, poll=timedelta(seconds=1))
        self.stop = asyncio.Event()

    async def done(self, batch: ReceivedBatch) -> None:
        await super().done(batch)
        self.stop.set()

    async def give_back(self, batch: ReceivedBatch, *, after: timedelta = timedelta(0)) -> None:
        await super().give_back(batch)
        self.stop.set()


@dataclass
class Apart:
    """An Echo with its API, and a worker's parts beside it."""

    api: ServedApi
    store: SqlStore
    queue: Queue
    model: ScriptedModel
    clock: FakeClock

    @property
    def memories(self) -> MemoryTable:
        return MemoryTable(self.store)

    async def put(self, text: str) -> int:
        conversation = head(is_active=False)
        messages = (said(text), said("I see.", by=None))
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), (ANN,)))
        return conversation.conversation_id

    def service(self, client: ApiClient) -> MemoryService:
        """Return what makes memories over the API."""
        desk, clock = ApiMemoryDesk(client), HastyClock()
        asking = StructuredLanguageModel(self.model, desk, clock, TokenEstimator())
        return MemoryService(desk, ModelExtractor(asking, PROMPT, no_language), clock)

    async def work_off(self, *conversation_ids: int, key: str | None = None) -> None:
        """Hand over a batch and have a worker take it."""
        batches = OneBatch(self.queue.url)
        async with ApiClient(self.api.url, key) as client, batches.open():
            await batches.send(conversation_ids)
            await MemoryWorker(batches, self.service(client), FakeClock(), side_by_side=1).run(batches.stop)


@pytest.fixture(params=KINDS)
async def apart(request: pytest.FixtureRequest, tmp_path: Path, server: str) -> AsyncIterator[Apart]:
    with database_of(request.param, tmp_path) as url:
        clock = FakeClock()
        store = await SqlStore.open(url, clock=clock, durability="normal")
        table = MemoryTable(store)

        def routers() -> Sequence[APIRouter]:
            intake = MemoryIntake(store, table, StoreLedger(store))
            parts = memories.MemoryParts(NoTrigger(), table, intake, clock)
            return [memories.router(parts), messages.router(MessageTable(store))]

        async with served(frame_on(store, clock), routers, tmp_path) as api:
            yield Apart(api, store, await new_queue(server), ScriptedModel(), clock)
        await store.close()


async def test_a_worker_makes_the_memories_of_a_batch_over_the_api(apart: Apart) -> None:
    conversation, other = await apart.put(LIVES), await apart.put("Hello there")
    apart.model.add(answer(facts=[claim("Ann lives in Lisbon.", 1)]), answer())
    await apart.work_off(conversation, other, 404)
    stored = await apart.memories.memory(conversation)
    assert stored is not None
    assert stored.memory_data["facts"] == [claim("Ann lives in Lisbon.", stored.covers_to - 1)]
    assert stored.source is MemorySource.MODEL
    empty = await apart.memories.memory(other)
    assert empty is not None
    assert "Ann (2026-03-02): I live in Lisbon" in apart.model.prompts[0].messages[-1].content
    assert await apart.queue.counts() == (0, 0, 0)
    assert (await apart.store.thread_statistics(MAIN.key)).usage.calls == 2


class LosesAnAnswer(ApiClient):
    """Hears nothing more of the first memory that it puts down; `before` it was put down, or after."""

    before = False
    is_lost = False

    @asynccontextmanager
    async def opened(self, method: str, path: str, **call: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        loses, self.is_lost = path == "/memories" and not self.is_lost, self.is_lost or path == "/memories"
        if loses and self.before:
            raise ApiUnavailableError("it broke off")
        async with super().opened(method, path, **call) as response:
            if loses:
                raise ApiUnavailableError("it broke off")
            yield response


class LosesARequest(LosesAnAnswer):
    before = True


@pytest.mark.parametrize("calling", [LosesAnAnswer, LosesARequest])
async def test_what_a_memory_cost_is_counted_once_although_its_answer_was_lost(
    apart: Apart, calling: type[ApiClient]
) -> None:
    conversation = await apart.put(LIVES)
    async with calling(apart.api.url) as client:
        service = apart.service(client)
        with pytest.raises(StoreUnavailableError, match="broke off"):
            await service.attempt(conversation)
        assert await service.attempt(conversation) is MadeMemory.UNCHANGED
        assert (await apart.store.thread_statistics(MAIN.key)).usage.calls == len(apart.model.prompts) == 1
        await apart.memories.delete_memory(conversation)
        assert await service.attempt(conversation) is MadeMemory.GENERATED
    assert (await apart.store.thread_statistics(MAIN.key)).usage.calls == len(apart.model.prompts) == 2


async def test_a_batch_that_comes_again_asks_no_model(apart: Apart) -> None:
    conversation = await apart.put(LIVES)
    await apart.work_off(conversation)
    await apart.work_off(conversation)
    assert len(apart.model.prompts) == 1


async def test_a_batch_with_a_failure_stays_in_the_queue_until_it_is_put_aside(apart: Apart) -> None:
    broken, whole = await apart.put(LIVES), await apart.put("Hello there")
    apart.model.add(*[ModelRefusedError("no")] * 1)
    await apart.work_off(broken, whole)
    assert await apart.queue.counts() == (1, 0, 0)
    made = [await apart.memories.memory(each) for each in (broken, whole)]
    assert [each is None for each in made].count(True) == 1


async def test_a_conversation_whose_memory_failed_elsewhere_rests_here(apart: Apart) -> None:
    conversation = await apart.put(LIVES)
    later = datetime(2030, 1, 1, tzinfo=UTC)
    assert await apart.memories.eligible(later, later) == [conversation]
    apart.model.add(ModelRefusedError("no"))
    await apart.work_off(conversation)
    failed_at = apart.clock.now()
    assert await apart.memories.eligible(later, failed_at + timedelta(minutes=59)) == []
    assert await apart.memories.eligible(later, failed_at + timedelta(minutes=61)) == [conversation]


async def test_a_key_that_is_refused_ends_the_worker(apart: Apart) -> None:
    reader = await apart.api.make_key(Scope.READ, name="reader")
    conversation = await apart.put(LIVES)
    with pytest.raises(SettingsError, match="ECHO_API_KEY"):
        await apart.work_off(conversation, key="wrong")
    with pytest.raises(SettingsError, match="ECHO_API_KEY"):
        await apart.work_off(conversation, key=reader)
    worker = await apart.api.make_key(Scope.READ, Scope.WRITE, name="worker")
    await apart.work_off(conversation, key=worker)
    assert await apart.memories.memory(conversation) is not None


async def test_the_desk_says_when_a_memory_has_changed_or_its_conversation_is_gone(apart: Apart) -> None:
    conversation = await apart.put(LIVES)
    async with ApiClient(apart.api.url) as client:
        desk = ApiMemoryDesk(client)
        found = await desk.fetch(conversation)
        assert found is not None
        assert (found.memory, found.people) == (None, {"ann": "Ann"})
        last = found.messages[-1].message_id
        memory = Memory(MemorySource.MODEL, last, MemoryItem("I live in Lisbon.", (last - 1,)), dropped=2)
        read = made_of(found.messages, last)
        kept = await desk.keep(conversation, memory, version=0, made_of=read)
        assert kept == await apart.memories.memory(conversation)
        assert kept.memory_data["dropped"] == 2
        for version in (0, 2):
            with pytest.raises(StoreConflictError):
                await desk.keep(conversation, memory, version=version, made_of=read)
        with pytest.raises(StoreConflictError):
            await desk.keep(404, memory, version=0, made_of=read)
        assert await desk.fetch(404) is None


async def test_the_desk_says_when_what_a_memory_was_made_of_was_edited_meanwhile(apart: Apart) -> None:
    conversation = await apart.put(LIVES)
    async with ApiClient(apart.api.url) as client:
        desk = ApiMemoryDesk(client)
        for minute in range(2):
            found = await desk.fetch(conversation)
            assert found is not None
            first, last = found.messages
            memory = Memory(MemorySource.MODEL, last.message_id, MemoryItem(LIVES, (first.message_id,)))
            apart.clock.advance(minutes=1, seconds=minute / 3)
            edited = replace(first, message_content="I live elsewhere", edited_at=apart.clock.now())
            await apart.store.correct(conversation, edited)
            with pytest.raises(StoreConflictError):
                await desk.keep(conversation, memory, version=0, made_of=made_of(found.messages, last.message_id))
        again = await desk.fetch(conversation)
        assert again is not None
        read = made_of(again.messages, last.message_id)
        await desk.keep(conversation, Memory(MemorySource.MODEL, last.message_id), version=0, made_of=read)


async def test_an_echo_that_is_away_is_unavailable() -> None:
    async with ApiClient("http://127.0.0.1:9") as client:
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            await ApiMemoryDesk(client).fetch(1)
