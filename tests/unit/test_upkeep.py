"""Cutting a context: the store and the memory always agree on where it starts."""

import asyncio
from datetime import timedelta

import pytest

from source.domain.conversation_head import StoredConversation
from source.domain.errors import StoreUnavailableError
from source.domain.identifiers import IdGenerator
from source.domain.token_estimate import TokenEstimator
from source.domain.turn import TurnRecord
from source.services.context_service import ContextService, ContextSettings
from source.services.conversation import Conversation
from source.services.summarizer import ConversationSummarizer, SummarySettings
from source.services.upkeep import ContextUpkeep
from tests.fakes.clock import FakeClock
from tests.fakes.dialogue_samples import PEOPLE, head_of, lisbon
from tests.fakes.held_store import HeldStore
from tests.fakes.store import InMemoryStore

SUMMARY = SummarySettings(20, 4_000, 300, timedelta(seconds=30), use_model=False, include_client=True)


async def upkeep_of(store: InMemoryStore) -> tuple[ContextUpkeep, Conversation]:
    """A conversation of which the store has all."""
    head, messages = head_of(), tuple(lisbon())
    await InMemoryStore.commit_turn(store, TurnRecord(head.conversation_id, heads=(head,), messages=messages))
    estimator = TokenEstimator()
    context = ContextService(ContextSettings(4, 100_000, 1_000), estimator, model="none", persona="Echo")
    summarizer = ConversationSummarizer(None, FakeClock(), SUMMARY, "Summarize.", estimator)
    conversation = Conversation.loaded(StoredConversation(head, messages, PEOPLE), IdGenerator())
    return ContextUpkeep(context, summarizer, store), conversation


async def test_what_outgrew_its_marks_is_cut_in_the_store_and_in_memory() -> None:
    store = InMemoryStore(FakeClock())
    upkeep, conversation = await upkeep_of(store)
    await upkeep.after_turn(conversation)
    assert conversation.head.context_start > 0
    assert conversation.head.running_summary
    assert store.heads[1].context_start == conversation.head.context_start


@pytest.mark.parametrize("times", [1, 3])
async def test_a_stop_during_the_commit_of_a_cut_leaves_memory_as_the_store(times: int) -> None:
    store = HeldStore()
    upkeep, conversation = await upkeep_of(store)
    cutting = asyncio.create_task(upkeep.halve(conversation))
    await store.reached.wait()
    for _ in range(times):
        cutting.cancel()
        await asyncio.sleep(0)
    store.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await cutting
    assert conversation.head.context_start == store.heads[1].context_start > 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_stop_during_a_commit_that_fails_is_still_a_stop() -> None:
    store = HeldStore()
    upkeep, conversation = await upkeep_of(store)
    store.failing = StoreUnavailableError("the disk is full")
    cutting = asyncio.create_task(upkeep.halve(conversation))
    await store.reached.wait()
    cutting.cancel()
    await asyncio.sleep(0)
    store.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await cutting
    assert conversation.head.context_start == 0


async def test_a_cut_that_cannot_be_stored_is_not_made_in_memory() -> None:
    store = InMemoryStore(FakeClock())
    upkeep, conversation = await upkeep_of(store)
    store.failing = StoreUnavailableError("the disk is full")
    with pytest.raises(StoreUnavailableError):
        await upkeep.halve(conversation)
    assert conversation.head.context_start == 0
