"""What somebody of the business says without being asked is a reply that has to be delivered, whatever the store."""

from dataclasses import replace

from source.domain.message import OF_BUSINESS
from source.domain.thread import PersonRef
from source.domain.turn import AcceptedEvent, TurnRecord
from tests.contract.conftest import Store
from tests.fakes.store_samples import MAIN, NOW, head, inbound, said

_TEAM = PersonRef(OF_BUSINESS, "The team")


async def test_it_waits_for_its_channel_as_a_reply_does_and_is_answered_by_nobody(store: Store) -> None:
    conversation = head()
    await store.commit_turn(TurnRecord(conversation.conversation_id, heads=(conversation,)))
    event = AcceptedEvent(store.ids.next(NOW), inbound("", event_id="sent-1", person=_TEAM), NOW)
    message = replace(said("Your tea is ready.", by=_TEAM, event_id="sent-1"), message_id=store.ids.next(NOW))
    record = TurnRecord(
        conversation.conversation_id, messages=(message,), people=(_TEAM,), answered=(event.key,), unasked=event
    )
    assert await store.commit_turn(record) == (message,)
    assert await store.unanswered() == []
    (waiting,) = await store.undelivered(MAIN.key)
    assert (waiting.keys, waiting.message.message_content) == ((event.key,), "Your tea is ready.")
    assert waiting.message.is_of_business
    await store.mark_delivered(waiting.keys)
    await store.accept(inbound())  # what was noted before is written before
    assert await store.undelivered() == []


async def test_what_the_business_says_on_its_phone_waits_for_no_channel(store: Store) -> None:
    event = await store.accept(inbound("I am here.", event_id="echo-1", person=_TEAM))
    assert event is not None
    conversation = head()
    message = replace(said("I am here.", by=_TEAM, event_id="echo-1"), message_id=store.ids.next(NOW))
    record = TurnRecord(conversation.conversation_id, (message,), (conversation,), (_TEAM,), answered=(event.key,))
    await store.commit_turn(record)
    assert await store.undelivered() == []
