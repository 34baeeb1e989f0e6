"""How threads stand to their platforms, whatever the store."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import pytest

from source.adapters.storage.sql_store import SqlStore
from source.adapters.storage.sync_table import SyncTable
from source.domain.conversation_head import ConversationHead
from source.domain.message import Message, Standing
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.metadata import SaidStore, SyncState, SyncStatus, SyncStore
from source.ports.store import TurnStore
from tests.contract.conftest import Store
from tests.fakes.clock import FakeClock
from tests.fakes.metadata_store import InMemoryMetadata
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import GUILD, MAIN, NOW, head, said

FIRST, SECOND, THIRD = (ThreadRef(Platform.DISCORD, str(number), "7", "Club") for number in (1, 2, 3))


class Both(SyncStore, SaidStore, Protocol):
    """All that is asked of threads and their platforms."""


@dataclass
class Stored:
    """A store and how its threads stand."""

    store: TurnStore
    sync: Both

    async def put(self, conversation: ConversationHead, *messages: Message) -> None:
        await self.store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))


@pytest.fixture
def stored(store: Store, clock: FakeClock) -> Stored:
    if isinstance(store, InMemoryStore):
        return Stored(store, InMemoryMetadata(store, clock))
    assert isinstance(store, SqlStore)
    return Stored(store, SyncTable(store))


async def test_a_thread_that_was_never_synced_comes_first(stored: Stored) -> None:
    for thread in (FIRST, SECOND, THIRD):
        await stored.put(head(thread=thread), said())
    await stored.sync.note_synced(SyncState(FIRST, SyncStatus.OK, NOW + timedelta(hours=1), messages_found=3))
    await stored.sync.note_synced(SyncState(SECOND, SyncStatus.OK, NOW, NOW))
    assert await stored.sync.sync_states() == [
        SyncState(THIRD, SyncStatus.NEVER),
        SyncState(SECOND, SyncStatus.OK, NOW, NOW),
        SyncState(FIRST, SyncStatus.OK, NOW + timedelta(hours=1), messages_found=3),
    ]
    assert [state.thread for state in await stored.sync.sync_states(limit=1, offset=1)] == [SECOND]


async def test_a_failure_keeps_the_times_of_what_went_well(stored: Stored) -> None:
    await stored.put(head(thread=FIRST), said())
    await stored.sync.note_synced(SyncState(FIRST, SyncStatus.OK, NOW, NOW))
    await stored.sync.note_synced(SyncState(FIRST, SyncStatus.FAILED, error="Discord is away."))
    assert await stored.sync.sync_states() == [SyncState(FIRST, SyncStatus.FAILED, NOW, NOW, 0, "Discord is away.")]
    later = NOW + timedelta(hours=1)
    await stored.sync.note_synced(SyncState(FIRST, SyncStatus.OK, later))
    assert await stored.sync.sync_states() == [SyncState(FIRST, SyncStatus.OK, later, NOW)]


async def test_a_thread_that_the_store_does_not_know_has_no_state(stored: Stored) -> None:
    await stored.put(head(thread=FIRST), said())
    await stored.sync.note_synced(SyncState(SECOND, SyncStatus.OK, NOW))
    assert [state.thread for state in await stored.sync.sync_states()] == [FIRST]


async def test_recent_threads_have_an_active_conversation_or_one_spoken_in_lately(stored: Stored) -> None:
    old = NOW - timedelta(days=30)
    await stored.put(head(thread=FIRST, at=old, is_active=False), said(after=-30 * 86_400))
    await stored.put(head(thread=SECOND, at=old), said(after=-30 * 86_400))
    await stored.put(head(thread=THIRD, is_active=False), said())
    await stored.put(head(thread=MAIN), said())
    since = NOW - timedelta(days=7)
    assert await stored.sync.recent_threads([Platform.DISCORD], since) == [SECOND, THIRD]
    await stored.sync.note_synced(SyncState(SECOND, SyncStatus.OK, NOW))
    assert await stored.sync.recent_threads([Platform.DISCORD], since) == [THIRD, SECOND]
    assert await stored.sync.recent_threads([Platform.DISCORD], since, limit=1) == [THIRD]


async def test_what_was_said_in_recent_conversations_is_returned_in_order(stored: Stored) -> None:
    old = NOW - timedelta(days=30)
    forgotten = said("too old", event_id="1", after=-30 * 86_400)
    await stored.put(head(thread=GUILD, at=old, is_active=False), forgotten)
    deleted = replace(said("", event_id="2"), standing=Standing.DELETED)
    ended = said("ended", event_id="3")
    await stored.put(head(thread=GUILD, is_active=False), deleted, ended)
    active = [said("a", event_id="4"), said("reply", by=None), said("without an id"), said("b", event_id="5")]
    await stored.put(head(thread=GUILD), *active)
    await stored.put(head(thread=MAIN), said("elsewhere", event_id="6"))
    since = NOW - timedelta(days=7)
    assert await stored.sync.said_in(GUILD.key, since) == [ended, active[0], active[3]]
    assert await stored.sync.said_in(GUILD.key, since, limit=1) == [active[3]]
