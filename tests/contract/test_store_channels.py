"""What a channel keeps of its platform, whatever the store."""

from dataclasses import replace

import pytest

from source.domain.errors import StoreError
from source.domain.thread import Platform
from source.domain.turn import AcceptedEvent, Feedback, InboundKind, SaidMessage, SentPart, TurnRecord
from tests.contract.conftest import Store
from tests.fakes.store_samples import ANN, BEN, CLOSED, GUILD, NOW, head, inbound, said

DISCORD = Platform.DISCORD


async def _accepted(store: Store, event_id: str) -> AcceptedEvent:
    event = await store.accept(inbound(event_id=event_id, thread=GUILD))
    assert event is not None
    return event


async def _answered(store: Store, *events: AcceptedEvent) -> SaidMessage:
    conversation = head(thread=GUILD, is_active=False)
    asked = [said("Hello", event_id=event.inbound.event_id) for event in events]
    reply = said("Hi", by=None)
    keys = tuple(event.key for event in events)
    await store.commit_turn(TurnRecord(conversation.conversation_id, (*asked, reply), (conversation,), answered=keys))
    return SaidMessage(conversation.conversation_id, GUILD, reply)


async def test_everything_of_an_accepted_event_waits_with_it(store: Store) -> None:
    given = replace(inbound("", thread=CLOSED), kind=InboundKind.RETRY, reply_to="1234")
    event = await store.accept(given)
    plain = await store.accept(inbound(thread=GUILD))
    assert event is not None
    assert event.inbound == given
    assert await store.unanswered() == [event, plain]


async def test_an_event_id_is_known_once_it_was_accepted(store: Store) -> None:
    assert not await store.is_accepted(DISCORD, "1")
    await _accepted(store, "1")
    assert await store.is_accepted(DISCORD, "1")
    assert not await store.is_accepted(Platform.TERMINAL, "1")
    await store.amend(DISCORD, "1", None)
    assert await store.is_accepted(DISCORD, "1")


async def test_the_reply_to_an_event_is_there_once_it_is_committed(store: Store) -> None:
    first, second = await _accepted(store, "1"), await _accepted(store, "2")
    assert await store.reply_to_event(first.key) is None
    reply = await _answered(store, first, second)
    assert await store.reply_to_event(first.key) == reply
    assert await store.reply_to_event(second.key) == reply
    assert await store.reply_to_event(999_999) is None


async def test_a_reply_is_found_by_any_message_that_shows_a_part_of_it(store: Store) -> None:
    event = await _accepted(store, "1")
    for part, external_id in enumerate(["100", "101"]):
        store.note_sent(DISCORD, SentPart(event.key, part, external_id))
    assert await store.find(DISCORD, "101") is None
    reply = await _answered(store, event)
    assert await store.find(DISCORD, "100") == await store.find(DISCORD, "101") == reply
    assert await store.find(Platform.TERMINAL, "100") is None


async def test_parts_are_unfinished_until_their_reply_is_confirmed(store: Store) -> None:
    streaming, waiting, done = [await _accepted(store, f"{number}") for number in range(3)]
    parts = [
        SentPart(streaming.key, 0, "99"),
        SentPart(streaming.key, 0, "100"),
        SentPart(streaming.key, 1, "98"),
        SentPart(waiting.key, 0, "97"),
    ]
    for part in (*reversed(parts), SentPart(done.key, 0, "96")):
        store.note_sent(DISCORD, part)
    for event in (waiting, done):
        await _answered(store, event)
    await store.mark_delivered([done.key])
    await store.undelivered()
    assert await store.unfinished_parts(DISCORD) == parts
    assert await store.unfinished_parts(Platform.TERMINAL) == []
    await store.amend(DISCORD, "0", None)
    assert await store.unfinished_parts(DISCORD) == parts[-1:]


async def test_a_message_shows_the_part_that_was_noted_last(store: Store) -> None:
    event = await _accepted(store, "1")
    store.note_sent(DISCORD, SentPart(event.key, 1, "100"))
    store.note_sent(DISCORD, SentPart(event.key, 0, "100"))
    assert await store.unfinished_parts(DISCORD) == [SentPart(event.key, 0, "100")]


async def test_what_shows_a_part_takes_the_place_of_what_was_about_to_be_sent(store: Store) -> None:
    event = await _accepted(store, "1")
    await store.begin_sending(DISCORD, SentPart(event.key, 0, "begun 0"))
    await store.begin_sending(DISCORD, SentPart(event.key, 0, "begun 0"))
    await store.begin_sending(DISCORD, SentPart(event.key, 1, "begun 1"))
    assert [each.external_id for each in await store.unfinished_parts(DISCORD)] == ["begun 0", "begun 1"]
    store.note_sent(DISCORD, SentPart(event.key, 0, "100"), begun_as="begun 0")
    assert [each.external_id for each in await store.unfinished_parts(DISCORD)] == ["100", "begun 1"]


async def test_what_was_not_sent_after_all_is_known_no_more_and_may_be_begun_again(store: Store) -> None:
    event = await _accepted(store, "1")
    begun = SentPart(event.key, 0, "begun 0")
    await store.begin_sending(DISCORD, begun)
    store.note_not_sent(DISCORD, begun)
    assert await store.unfinished_parts(DISCORD) == []
    await store.begin_sending(DISCORD, begun)
    store.note_not_sent(DISCORD, begun)
    await store.begin_sending(DISCORD, begun)
    assert await store.unfinished_parts(DISCORD) == [begun]


async def test_marks_move_place_by_place(store: Store) -> None:
    assert await store.seen(DISCORD) == {}
    store.note_seen(DISCORD, {"42": "1", "43": "5"})
    store.note_seen(DISCORD, {"42": "2"})
    store.note_seen(DISCORD, {})
    assert await store.seen(DISCORD) == {"42": "2", "43": "5"}
    assert await store.seen(Platform.TERMINAL) == {}


async def test_the_mark_of_a_place_that_is_gone_is_dropped(store: Store) -> None:
    store.note_seen(DISCORD, {"42": "1", "43": "5", "44": "7"})
    store.note_seen(Platform.TERMINAL, {"42": "9"})
    store.note_seen(DISCORD, {"42": None, "43": "6", "45": None})
    store.note_seen(DISCORD, {"44": None})
    store.note_seen(DISCORD, {"44": "8"})
    assert await store.seen(DISCORD) == {"43": "6", "44": "8"}
    assert await store.seen(Platform.TERMINAL) == {"42": "9"}


async def test_marks_that_change_after_they_were_handed_over_are_kept_as_they_were(store: Store) -> None:
    marks = {"42": "1"}
    store.note_seen(DISCORD, marks)
    marks["42"] = "2"
    assert await store.seen(DISCORD) == {"42": "1"}


async def test_an_opinion_can_be_given_changed_and_taken_back(store: Store) -> None:
    event = await _accepted(store, "1")
    for who, value in ((ANN, 1), (ANN, -1), (BEN, 1), (BEN, 0), (BEN, 0)):
        await store.put_feedback(Feedback(event.key, who, value, NOW))


async def test_an_opinion_of_nothing_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.put_feedback(Feedback(999_999, ANN, 1, NOW))
