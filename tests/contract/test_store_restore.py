"""Bringing conversations back, whatever the store."""

from dataclasses import replace
from datetime import timedelta

from source.domain.conversation_head import ConversationState
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import TurnRecord
from tests.contract.conftest import Store
from tests.fakes.store_samples import ANN, GUILD, MAIN, NOW, head, inbound, renamed, said, whole


async def test_conversations_come_back_exactly(store: Store) -> None:
    tool = Message(NOW, MessageType.TOOL_CALL, "", [{"name": "f", "params": {}, "id": "1"}], message_id=9_000_000)
    parent = whole(head(is_active=False), said("Hello", event_id="e1"), said("Hi", by=None), ann="Ann")
    child_head = replace(head(), parent_conversation_id=parent.head.conversation_id, carried_summary="Greetings.")
    child = whole(child_head, said("Again", event_id="e2"), tool, ann="Ann")
    await store.restore([child, parent])
    assert await store.load(parent.head.conversation_id) == parent
    assert await store.active(MAIN.key) == child
    assert await store.count() == 2


async def test_restoring_twice_is_restoring_once(store: Store) -> None:
    conversation = whole(head(), said("Hello", event_id="e1"), said("Hi", by=None), ann="Ann")
    for _ in range(2):
        await store.restore([conversation])
    assert await store.load(conversation.head.conversation_id) == conversation
    assert len(await store.search("Hello")) == 1


async def test_a_restored_message_stays_a_repeat(store: Store) -> None:
    await store.restore([whole(head(), said("Hello", event_id="e1"))])
    assert await store.accept(inbound(event_id="e1")) is None
    assert await store.unanswered() == []
    assert await store.undelivered() == []


async def test_an_event_that_a_transcript_answers_is_not_answered_again(store: Store) -> None:
    answered = await store.accept(inbound(event_id="e1"))
    waiting = await store.accept(inbound(event_id="e2"))
    await store.restore([whole(head(), said("Hello", event_id="e1"), said("Hi", by=None))])
    assert answered is not None
    assert await store.unanswered() == [waiting]


async def test_a_reply_that_waits_for_delivery_still_waits(store: Store) -> None:
    conversation = head()
    event = await store.accept(inbound(event_id="e1"))
    assert event is not None
    messages = (said("Hello", event_id="e1"), said("Hi", by=None))
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), (ANN,), answered=(event.key,))
    await store.commit_turn(record)
    before = await store.undelivered()
    await store.restore([whole(conversation, *messages, ann="Ann")])
    assert await store.undelivered() == before != []


async def test_messages_that_only_the_store_has_are_kept(store: Store) -> None:
    conversation = head()
    first, second = said("first"), said("second", after=5)
    await store.commit_turn(TurnRecord(conversation.conversation_id, (first, second), (conversation,)))
    await store.restore([renamed(whole(conversation, first), "From the transcript")])
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert loaded.messages == (first, second)
    assert loaded.head.title == "From the transcript"
    assert loaded.head.last_message_at == second.created_at


async def test_a_message_that_differs_is_as_the_transcript_has_it(store: Store) -> None:
    conversation = head()
    before = said("the old words")
    await store.commit_turn(TurnRecord(conversation.conversation_id, (before, said("other")), (conversation,)))
    assert len(await store.search("old")) == 1
    await store.restore([whole(conversation, replace(before, message_content="the new words"))])
    assert await store.search("old") == []
    assert [hit.message.message_content for hit in await store.search("new words")] == ["the new words"]
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said("after it"),)))
    assert len(await store.search("after")) == 1


async def test_a_restored_head_may_be_older_than_the_stored_one(store: Store) -> None:
    conversation = head()
    later = replace(conversation, updated_at=NOW + timedelta(days=1), last_message_at=NOW + timedelta(days=1))
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(later,)))
    await store.restore([whole(conversation)])
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert loaded.head == conversation


async def test_the_restored_conversation_of_a_thread_is_the_active_one(store: Store) -> None:
    stored, restored, elsewhere = head(), head(), head(thread=GUILD)
    await store.commit_turn(TurnRecord(stored.conversation_id, heads=(stored,)))
    await store.commit_turn(TurnRecord(elsewhere.conversation_id, heads=(elsewhere,)))
    await store.restore([whole(restored)])
    assert await store.active(MAIN.key) == whole(restored)
    assert await store.active(GUILD.key) == whole(elsewhere)
    loaded = await store.load(stored.conversation_id)
    assert loaded is not None
    assert loaded.head.state is ConversationState.ENDED


async def test_many_conversations_are_restored_together(store: Store) -> None:
    conversations = [
        whole(head(thread=ThreadRef(Platform.WEB, f"{number}")), *(said(f"message {n}") for n in range(5)))
        for number in range(120)
    ]
    await store.restore(conversations)
    assert [conversation async for conversation in store.every_conversation()] == conversations
    assert len(await store.search("message", limit=1_000)) == 600
