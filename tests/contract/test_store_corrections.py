"""Following what people edit, delete and ask anew, whatever the store."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from source.domain.errors import StoreError
from source.domain.message import Message, MessageType, Standing
from source.domain.thread import Platform
from source.domain.turn import InboundKind, SaidMessage, TurnRecord
from source.ports.store import Scope
from tests.contract.conftest import Store
from tests.fakes.store_samples import ANN, BEN, GUILD, MAIN, NOW, head, inbound, said, whole

LATER = NOW + timedelta(minutes=5)


def _edited(message: Message, text: str) -> Message:
    return replace(message, message_content=text, edited_at=LATER)


def _deleted(message: Message) -> Message:
    return replace(message, message_content="", standing=Standing.DELETED)


async def _conversation(store: Store, *messages: Message) -> int:
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,)))
    return conversation.conversation_id


async def _messages(store: Store, conversation_id: int) -> tuple[Message, ...]:
    loaded = await store.load(conversation_id)
    assert loaded is not None
    return loaded.messages


async def _found(store: Store, words: str) -> list[str]:
    return [hit.message.message_content for hit in await store.search(words)]


async def test_a_waiting_message_is_answered_as_it_was_edited(store: Store) -> None:
    event = await store.accept(inbound("teh lighthouse", event_id="e1"))
    assert event is not None
    amended = await store.amend(Platform.TERMINAL, "e1", "the lighthouse")
    assert amended == replace(event, inbound=replace(event.inbound, text="the lighthouse"))
    assert await store.unanswered() == [amended]


async def test_a_waiting_message_that_was_taken_back_is_not_answered(store: Store) -> None:
    event = await store.accept(inbound("never mind", event_id="e1"))
    assert event is not None
    withdrawn = await store.amend(Platform.TERMINAL, "e1", None)
    assert withdrawn == replace(event, inbound=replace(event.inbound, text=""))
    assert await store.unanswered() == []
    assert await store.undelivered() == []
    assert await store.accept(event.inbound) is None
    assert await store.amend(Platform.TERMINAL, "e1", "after all") is None
    assert await store.find(Platform.TERMINAL, "e1") is None


@pytest.mark.parametrize("text", ["changed", None])
async def test_only_what_waits_for_an_answer_can_be_amended(store: Store, text: str | None) -> None:
    event = await store.accept(inbound("Hello", event_id="e1"))
    assert event is not None
    conversation = head()
    messages = (said("Hello", event_id="e1"), said("Hi", by=None))
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), answered=(event.key,))
    await store.commit_turn(record)
    assert await store.amend(Platform.TERMINAL, "e1", text) is None
    assert await store.amend(Platform.TERMINAL, "unknown", text) is None
    assert await store.amend(Platform.DISCORD, "e1", text) is None
    assert await _messages(store, conversation.conversation_id) == messages


async def test_a_message_that_is_answered_while_it_is_edited_is_one_or_the_other(store: Store) -> None:
    event = await store.accept(inbound("Hello", event_id="e1"))
    assert event is not None
    conversation = head()
    messages = (said("Hello", event_id="e1"), said("Hi", by=None))
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), answered=(event.key,))
    amended, _ = await asyncio.gather(store.amend(Platform.TERMINAL, "e1", "Hello!"), store.commit_turn(record))
    answered = await store.find(Platform.TERMINAL, "e1")
    assert answered is not None
    assert amended is None or amended.inbound.text == "Hello!"
    assert await store.unanswered() == []


@pytest.mark.parametrize("text", ["Hello!", None])
async def test_what_is_changed_during_its_turn_is_kept_as_it_reads_by_then(store: Store, text: str | None) -> None:
    event, other = await store.accept(inbound("my secret", event_id="e1")), await store.accept(inbound(event_id="e2"))
    assert event is not None
    assert other is not None
    conversation = head()
    messages = (said("my secret", event_id="e1"), said("Go on", event_id="e2"), said("Hi", by=None))
    record = TurnRecord(conversation.conversation_id, messages, (conversation,), answered=(event.key, other.key))
    await store.amend(Platform.TERMINAL, "e1", text)
    kept = await store.commit_turn(record)

    assert kept == await _messages(store, conversation.conversation_id)
    assert kept[1:] == messages[1:]
    assert kept[0] == (_deleted(messages[0]) if text is None else replace(messages[0], message_content=text))
    assert await _found(store, "secret") == []


async def test_an_edited_message_is_found_by_its_new_words_alone(store: Store) -> None:
    old, other = said("the old harbour"), said("another harbour")
    conversation_id = await _conversation(store, old, other)
    assert await _found(store, "old") == ["the old harbour"]
    edited = _edited(old, "a new pier")
    await store.correct(conversation_id, edited)
    assert await _messages(store, conversation_id) == (edited, other)
    assert await _found(store, "old") == []
    assert await _found(store, "pier") == ["a new pier"]
    assert await _found(store, "harbour") == ["another harbour"]


async def test_a_message_that_was_never_searched_can_be_edited_too(store: Store) -> None:
    old = said("the old harbour")
    conversation_id = await _conversation(store, old)
    await store.correct(conversation_id, _edited(old, "a new pier"))
    assert await _found(store, "harbour") == []
    assert await _found(store, "pier") == ["a new pier"]


async def test_of_a_deleted_message_the_place_stays_and_the_text_goes(store: Store) -> None:
    gone, stays = said("my secret"), said("no secret", by=None)
    conversation_id = await _conversation(store, gone, stays)
    await store.correct(conversation_id, _deleted(gone))
    assert await _messages(store, conversation_id) == (_deleted(gone), stays)
    assert await _found(store, "secret") == ["no secret"]
    (listed,) = await store.listing()
    assert listed.message_count == 1


async def test_who_deleted_everything_still_took_part(store: Store) -> None:
    words = said("words", by=BEN)
    conversation = head()
    record = TurnRecord(conversation.conversation_id, (words, said()), (conversation,), (ANN, BEN))
    await store.commit_turn(record)
    await store.correct(conversation.conversation_id, _deleted(words))
    loaded = await store.load(conversation.conversation_id)
    assert loaded is not None
    assert loaded.people == {"ann": "Ann", "ben": "Ben"}
    assert len(await store.listing(scope=Scope(Platform.TERMINAL, "ben", None))) == 1


async def test_a_correction_changes_nothing_but_text_edit_and_standing(store: Store) -> None:
    call = Message(NOW, MessageType.TOOL_CALL, "Calling f", [{"name": "f", "params": {}, "id": "1"}], message_id=7)
    asked = replace(said("Hello", event_id="e1"), message_id=3)
    conversation_id = await _conversation(store, asked, call)
    stranger = Message(LATER, MessageType.CHAT, "Hello!", requester="ben", message_id=3, edited_at=LATER)
    await store.correct(conversation_id, stranger)
    await store.correct(conversation_id, replace(call, standing=Standing.SUPERSEDED))
    expected = (_edited(asked, "Hello!"), replace(call, standing=Standing.SUPERSEDED))
    assert await _messages(store, conversation_id) == expected


async def test_a_correction_of_nothing_is_an_error_and_harms_no_other(store: Store) -> None:
    message = said("Hello")
    conversation_id = await _conversation(store, message)
    outcomes = await asyncio.gather(
        store.correct(conversation_id, said("of no such message")),
        store.correct(999_999, message),
        store.correct(conversation_id, _edited(message, "Hello!")),
        return_exceptions=True,
    )
    assert [isinstance(outcome, StoreError) for outcome in outcomes] == [True, True, False]
    assert await _messages(store, conversation_id) == (_edited(message, "Hello!"),)


async def test_a_reply_given_anew_supersedes_the_old_one(store: Store) -> None:
    event = await store.accept(inbound("Hello", event_id="e1"))
    assert event is not None
    asked, thought = said("Hello", event_id="e1"), replace(said("hm", by=None), message_type=MessageType.THINKING)
    old, new = said("an old answer", by=None, after=1), said("a new answer", by=None, after=2)
    conversation = head()
    first = TurnRecord(conversation.conversation_id, (asked, thought, old), (conversation,), answered=(event.key,))
    await store.commit_turn(first)
    retry = await store.accept(replace(inbound("", event_id="retry"), kind=InboundKind.RETRY))
    assert retry is not None
    superseded = (thought.message_id, old.message_id, 999_999)
    again = TurnRecord(conversation.conversation_id, (new,), answered=(retry.key,), superseded=superseded)
    await store.commit_turn(again)
    gone = [replace(message, standing=Standing.SUPERSEDED) for message in (thought, old)]
    assert await _messages(store, conversation.conversation_id) == (asked, *gone, new)
    assert await _found(store, "answer") == ["a new answer"]
    assert [reply.message for reply in await store.undelivered()] == [new]
    assert (await store.listing())[0].message_count == 2
    replies = [await store.reply_to_event(key) for key in (event.key, retry.key)]
    assert [reply and reply.message for reply in replies] == [gone[1], new]
    assert await store.find(Platform.TERMINAL, "retry") is None


async def test_what_was_deleted_is_not_superseded_as_well(store: Store) -> None:
    message = said("Hello")
    conversation_id = await _conversation(store, message)
    await store.correct(conversation_id, _deleted(message))
    await store.commit_turn(TurnRecord(conversation_id, superseded=(message.message_id,)))
    assert await _messages(store, conversation_id) == (_deleted(message),)


async def test_a_turn_that_fails_supersedes_nothing(store: Store) -> None:
    message = said("an answer", by=None)
    conversation_id = await _conversation(store, message)
    with pytest.raises(StoreError):
        await store.commit_turn(TurnRecord(conversation_id, (message,), superseded=(message.message_id,)))
    assert await _messages(store, conversation_id) == (message,)


async def test_a_persons_message_is_found_by_its_platforms_id(store: Store) -> None:
    conversation = head(thread=GUILD)
    keys, messages = [], []
    for number in range(3):
        event = await store.accept(inbound(f"{number}", event_id=f"e{number}", thread=GUILD))
        assert event is not None
        keys.append(event.key)
        messages.append(said(f"{number}", event_id=f"e{number}"))
    assert await store.find(Platform.DISCORD, "e1") is None
    reply = said("All three", by=None)
    record = TurnRecord(conversation.conversation_id, (*messages, reply), (conversation,), answered=tuple(keys))
    await store.commit_turn(record)
    expected = SaidMessage(conversation.conversation_id, GUILD, messages[1])
    assert await store.find(Platform.DISCORD, "e1") == expected
    assert await store.find(Platform.TERMINAL, "e1") is None
    assert await store.find(Platform.DISCORD, "e9") is None


async def test_a_message_of_an_answer_without_a_reply_is_found(store: Store) -> None:
    event = await store.accept(inbound("Hello", event_id="e1"))
    assert event is not None
    conversation = head()
    message = said("Hello", event_id="e1")
    record = TurnRecord(conversation.conversation_id, (message,), (conversation,), answered=(event.key,))
    await store.commit_turn(record)
    assert await store.find(Platform.TERMINAL, "e1") == SaidMessage(conversation.conversation_id, MAIN, message)


async def test_a_restored_message_is_found_and_keeps_edit_and_standing(store: Store) -> None:
    edited = _edited(said("Hello", event_id="e1"), "Hello!")
    deleted = _deleted(said("gone", event_id="e2"))
    old = replace(said("old answer", by=None), standing=Standing.SUPERSEDED)
    restored = whole(head(), edited, deleted, old, ann="Ann")
    for _ in range(2):
        await store.restore([restored])
    assert await store.load(restored.head.conversation_id) == restored
    assert await store.find(Platform.TERMINAL, "e1") == SaidMessage(restored.head.conversation_id, MAIN, edited)
    assert await _found(store, "Hello") == ["Hello!"]
    assert await _found(store, "answer") == []
    assert await store.accept(inbound(event_id="e2")) is None


async def test_the_kinds_of_personal_data_stay_with_a_message_and_change_with_its_text(store: Store) -> None:
    message = replace(said("ana@example.org, +49 170 1234567"), pii=("email", "phone"))
    reply = said("Noted", by=None)
    conversation_id = await _conversation(store, message, reply)
    assert await _messages(store, conversation_id) == (message, reply)
    edited = replace(_edited(message, "ana@example.org"), pii=("email",))
    await store.correct(conversation_id, edited)
    assert await _messages(store, conversation_id) == (edited, reply)
