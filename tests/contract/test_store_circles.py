"""What was said among few stays among them, whatever the store."""

from dataclasses import replace

from source.domain.thread import Platform, ThreadRef
from source.domain.turn import TurnRecord
from source.ports.store import Scope
from tests.contract.conftest import Store
from tests.fakes.store_samples import CLOSED, GUILD, head, inbound, said, whole

OPEN = replace(CLOSED, circle=None)


def _from(circle: str | None) -> Scope:
    return Scope(Platform.DISCORD, "ann", "7", circle)


async def _say(store: Store, text: str, thread: ThreadRef) -> int:
    conversation = head(thread=thread)
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said(text),), (conversation,)))
    return conversation.conversation_id


async def _seen(store: Store, scope: Scope | None) -> tuple[set[str], int]:
    hits = {hit.message.message_content for hit in await store.search("plans 计划", scope=scope)}
    return hits, len(await store.listing(scope=scope))


async def test_what_was_said_in_a_circle_is_seen_from_there_alone(store: Store) -> None:
    await _say(store, "public plans", GUILD)
    await _say(store, "secret plans 计划", CLOSED)
    assert await _seen(store, _from(None)) == ({"public plans"}, 1)
    assert await _seen(store, _from("others")) == ({"public plans"}, 1)
    assert await _seen(store, _from("staff")) == ({"public plans", "secret plans 计划"}, 2)
    assert await _seen(store, None) == ({"public plans", "secret plans 计划"}, 2)


async def test_the_circle_comes_back_with_the_thread(store: Store) -> None:
    event = await store.accept(inbound(event_id="e1", thread=CLOSED))
    assert event is not None
    conversation = head(thread=CLOSED)
    messages = (said("Hello", event_id="e1"), said("Hi", by=None))
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), answered=(event.key,))
    await store.commit_turn(record)
    loaded, found = await store.active(CLOSED.key), await store.find(Platform.DISCORD, "e1")
    assert loaded is not None
    assert found is not None
    assert loaded.head.thread == found.thread == CLOSED
    assert [reply.thread for reply in await store.undelivered()] == [CLOSED]
    assert [listed.thread for listed in await store.listing()] == [CLOSED]
    assert [hit.thread for hit in await store.search("Hello")] == [CLOSED]


async def test_the_channel_closes_a_place_and_opens_it_again(store: Store) -> None:
    await _say(store, "the plans", OPEN)
    for circle in (None, "staff", "board", None):
        event = await store.accept(inbound(thread=replace(OPEN, circle=circle)))
        assert event is not None
        latest = await store.latest(OPEN.key)
        assert latest is not None
        assert latest.thread.circle == circle
        assert await _seen(store, _from(None)) == ((set(), 0) if circle else ({"the plans"}, 1))
        assert await _seen(store, _from(circle)) == ({"the plans"}, 1)


async def test_a_head_from_before_a_place_was_closed_does_not_open_it(store: Store) -> None:
    conversation_id = await _say(store, "the plans", OPEN)
    await store.accept(inbound(thread=CLOSED))
    stale = await store.load(conversation_id)
    assert stale is not None
    older = replace(stale.head, thread=OPEN, title="Plans")
    await store.commit_turn(TurnRecord(conversation_id, heads=(older,)))
    assert await _seen(store, _from(None)) == (set(), 0)
    await store.restore([whole(replace(older, title="Restored"), *stale.messages)])
    assert await _seen(store, _from(None)) == (set(), 0)
    latest = await store.latest(OPEN.key)
    assert latest is not None
    assert (latest.title, latest.thread.circle) == ("Restored", "staff")


async def test_a_restored_circle_is_closed_whichever_conversation_comes_first(store: Store) -> None:
    before, after = head(thread=OPEN, is_active=False), head(thread=CLOSED, is_active=False)
    await store.restore([whole(after, said("new plans"))])
    await store.restore([whole(before, said("old plans"))])
    assert await _seen(store, _from(None)) == (set(), 0)
    assert await _seen(store, _from("staff")) == ({"new plans", "old plans"}, 2)
