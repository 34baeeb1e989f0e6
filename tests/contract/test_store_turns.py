"""What a turn may rely on, whatever the store."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from source.domain.errors import AlreadyAnsweredError, StoreError
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import ModelUsage, Purpose, TurnRecord
from tests.contract.conftest import Store
from tests.fakes.clock import FakeClock
from tests.fakes.store_samples import ANN, BEN, GUILD, MAIN, NOW, head, inbound, said, whole


async def test_an_accepted_message_waits_for_its_answer(store: Store, clock: FakeClock) -> None:
    message = inbound("Héllo\n\t🙂 \u202eright to left")
    event = await store.accept(message)
    assert event is not None
    assert (event.inbound, event.accepted_at) == (message, clock.now())
    assert await store.unanswered() == [event]


async def test_a_repeated_delivery_is_recorded_once(store: Store) -> None:
    first = await store.accept(inbound("Hello", event_id="same"))
    assert await store.accept(inbound("Hello again", event_id="same")) is None
    assert [event.inbound.text for event in await store.unanswered()] == ["Hello"]
    assert first is not None


async def test_of_deliveries_at_the_same_moment_one_is_new(store: Store) -> None:
    outcomes = await asyncio.gather(*(store.accept(inbound(event_id="same")) for _ in range(20)))
    assert sum(outcome is not None for outcome in outcomes) == 1


async def test_the_same_event_id_on_another_platform_is_another_message(store: Store) -> None:
    assert await store.accept(inbound(event_id="same")) is not None
    assert await store.accept(inbound(event_id="same", thread=GUILD)) is not None


async def test_unanswered_messages_come_oldest_first_and_by_platform(store: Store, clock: FakeClock) -> None:
    accepted = []
    for number, thread in enumerate([MAIN, GUILD, MAIN, GUILD]):
        clock.jump(seconds=-1)
        accepted.append(await store.accept(inbound(f"{number}", thread=thread)))
    assert await store.unanswered() == accepted
    assert await store.unanswered(platform=Platform.DISCORD) == accepted[1::2]


async def test_a_committed_turn_can_be_loaded_as_it_was_said(store: Store) -> None:
    event = await store.accept(inbound())
    assert event is not None
    conversation = head()
    messages = (
        said("Hello", event_id=event.inbound.event_id),
        Message(NOW, MessageType.THINKING, "hm", message_id=store.ids.next(NOW)),
        Message(
            NOW, MessageType.TOOL_CALL, "", [{"name": "f", "params": {"x": [1, None]}, "id": "c"}], message_id=5_000
        ),
        Message(NOW, MessageType.TOOL_CALL_RESPONSE, "é", [{"name": "f", "id": "c"}], message_id=5_001),
        replace(said("Hi", by=None, after=2), message_id=5_002, interrupted=True),
    )
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), (ANN,), answered=(event.key,))
    await store.commit_turn(record)
    expected = tuple(sorted(messages, key=lambda message: message.message_id))
    loaded = await store.load(conversation.conversation_id)
    assert loaded == replace(whole(conversation, *messages, ann="Ann"), messages=expected)
    assert await store.unanswered() == []
    assert [reply.message for reply in await store.undelivered()] == [messages[-1]]


async def test_a_naive_time_is_local_time(store: Store) -> None:
    conversation = head()
    message = replace(said(), created_at=datetime(2026, 7, 1, 12, 0))
    await store.commit_turn(TurnRecord(conversation.conversation_id, (message,), (conversation,)))
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert loaded.messages[0].created_at.astimezone() == message.created_at.astimezone()


async def test_a_time_of_another_zone_stays_the_same_moment(store: Store) -> None:
    conversation = head()
    message = replace(said(), created_at=NOW.astimezone(timezone(timedelta(hours=5, minutes=30))))
    await store.commit_turn(TurnRecord(conversation.conversation_id, (message,), (conversation,)))
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert loaded.messages[0].created_at == NOW
    assert loaded.head.last_message_at == NOW


async def test_a_reply_is_undelivered_until_its_channel_confirms_it(store: Store) -> None:
    conversation = head(thread=GUILD)
    events = [await store.accept(inbound(f"{number}", thread=GUILD)) for number in range(2)]
    keys = tuple(event.key for event in events if event)
    reply = said("Both answered", by=None, after=1)
    messages = (said("0"), said("1"), said("not this", by=None), reply)
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), answered=keys))
    (undelivered,) = await store.undelivered()
    assert (undelivered.keys, undelivered.thread, undelivered.message) == (keys, GUILD, reply)
    assert await store.undelivered(GUILD.key) == [undelivered]
    assert await store.undelivered(MAIN.key) == []
    await store.mark_delivered(keys)
    assert await store.undelivered() == []


async def test_undelivered_replies_come_oldest_first(store: Store) -> None:
    replies = []
    for number in range(3):
        thread = ThreadRef(Platform.TERMINAL, f"thread {number}")
        conversation = head(thread=thread)
        event = await store.accept(inbound(thread=thread))
        assert event is not None
        replies.append(said(f"{number}", by=None, after=-number))
        record = TurnRecord(conversation.conversation_id, (replies[-1],), (conversation,), answered=(event.key,))
        await store.commit_turn(record)
    assert [undelivered.message for undelivered in await store.undelivered()] == replies


async def test_an_answer_without_text_leaves_nothing_to_deliver(store: Store) -> None:
    event = await store.accept(inbound())
    assert event is not None
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,), answered=(event.key,)))
    assert await store.undelivered() == []
    assert await store.unanswered() == []


async def test_confirming_a_delivery_never_loses_an_unanswered_message(store: Store) -> None:
    event = await store.accept(inbound())
    assert event is not None
    await store.mark_delivered([event.key])
    await store.undelivered()
    assert await store.unanswered() == [event]


async def test_time_never_goes_back(store: Store) -> None:
    conversation = head()
    late, early = said("late", after=60), said("early", after=-60)
    await store.commit_turn(TurnRecord(conversation.conversation_id, (late,), (conversation,)))
    await store.commit_turn(TurnRecord(conversation.conversation_id, (early,)))
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(replace(conversation, title="T"),)))
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert loaded.head.last_message_at == loaded.head.updated_at == late.created_at
    assert loaded.head.title == "T"


async def test_one_conversation_ends_and_the_next_begins_in_one_turn(store: Store) -> None:
    old = head()
    await store.commit_turn(TurnRecord(old.conversation_id, heads=(old,)))
    new = replace(head(), parent_conversation_id=old.conversation_id)
    ended = old.ended(NOW + timedelta(hours=1), summary="It was about ships.")
    await store.commit_turn(TurnRecord(new.conversation_id, (said(),), (new, ended)))
    active = await store.active(MAIN.key)
    assert active is not None
    assert active.head.parent_conversation_id == old.conversation_id
    loaded = await store.load(old.conversation_id)
    assert loaded is not None
    assert loaded.head == ended


@pytest.mark.parametrize("fault", ["a second active conversation", "no such conversation", "a message twice"])
async def test_a_turn_that_does_not_fit_leaves_no_trace_and_harms_no_other(store: Store, fault: str) -> None:
    good, other = head(), head(thread=GUILD)
    first = said("first")
    await store.commit_turn(TurnRecord(good.conversation_id, (first,), (good,)))
    rival = head()
    bad = {
        "a second active conversation": TurnRecord(rival.conversation_id, (said("bad"),), (rival,)),
        "no such conversation": TurnRecord(999_999, (said("bad"),)),
        "a message twice": TurnRecord(good.conversation_id, (said("bad"), first)),
    }[fault]
    outcomes = await asyncio.gather(
        store.commit_turn(TurnRecord(other.conversation_id, (said("good", by=BEN),), (other,))),
        store.commit_turn(bad),
        store.commit_turn(TurnRecord(good.conversation_id, (said("second"),))),
        return_exceptions=True,
    )
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [False, True, False]
    assert await store.search("bad") == []
    stored = [conversation async for conversation in store.every_conversation()]
    texts = [[message.message_content for message in conversation.messages] for conversation in stored]
    assert texts == [["first", "second"], ["good"]]


async def test_a_cancelled_waiter_does_not_undo_its_write(store: Store) -> None:
    conversation = head()
    waiter = asyncio.create_task(
        store.commit_turn(TurnRecord(conversation.conversation_id, (said(),), (conversation,)))
    )
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    later = head(thread=GUILD)
    await store.commit_turn(TurnRecord(later.conversation_id, heads=(later,)))
    loaded = await store.load(conversation.conversation_id)
    assert loaded is None or len(loaded.messages) == 1


async def test_usage_is_kept_with_its_turn(store: Store) -> None:
    conversation = head()
    usage = ModelUsage("model", Purpose.REPLY, NOW, 100, 80, 20)
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,), usage=(usage, usage)))
    assert await store.count() == 1


async def test_a_person_has_the_name_they_used_last(store: Store) -> None:
    conversation = head()
    await store.accept(inbound())
    await store.commit_turn(TurnRecord(conversation.conversation_id, (said(),), (conversation,), (ANN,)))
    await store.commit_turn(TurnRecord(conversation.conversation_id, people=(replace(ANN, display_name="Anna"),)))
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert loaded.people == {"ann": "Anna"}


@pytest.mark.parametrize("has_reply", [True, False])
async def test_what_has_an_answer_is_not_answered_again(store: Store, has_reply: bool) -> None:
    event, other = (
        await store.accept(inbound("Hello", event_id="e1")),
        await store.accept(inbound("You", event_id="e2")),
    )
    assert event is not None
    assert other is not None
    conversation = head()
    messages = (said("Hello", event_id="e1"), said("Hi", by=None)) if has_reply else ()
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), answered=(event.key,))
    await store.commit_turn(record)
    before = await store.load(conversation.conversation_id)
    again = (said("Hello", event_id="e1"), said("You", event_id="e2"), said("Hi again", by=None))
    with pytest.raises(AlreadyAnsweredError):
        await store.commit_turn(TurnRecord(conversation.conversation_id, again, answered=(event.key, other.key)))
    assert await store.load(conversation.conversation_id) == before
    assert await store.unanswered() == [other]
    assert [reply.keys for reply in await store.undelivered()] == [(event.key,)] * has_reply


async def test_of_two_answers_at_the_same_moment_one_is_kept(store: Store) -> None:
    event = await store.accept(inbound("Hello", event_id="e1"))
    assert event is not None
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
    turns = [
        TurnRecord(conversation.conversation_id, (said(f"{number}", by=None),), answered=(event.key,))
        for number in range(3)
    ]
    outcomes = await asyncio.gather(*map(store.commit_turn, turns), return_exceptions=True)
    assert [isinstance(outcome, AlreadyAnsweredError) for outcome in outcomes].count(True) == 2
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert len(loaded.messages) == 1
