"""What somebody replies to is shown to the model, unless it is what was said last."""

from dataclasses import replace
from datetime import timedelta

import pytest

from source.adapters.whatsapp.items import Kept
from source.adapters.whatsapp.quoting import quoted
from source.adapters.whatsapp.reading.messages import SAID
from source.domain.message import OF_BUSINESS, Message
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import SentPart, TurnRecord
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import head, inbound, said

CHAT = ThreadRef(Platform.WHATSAPP, "4711")
ADA = PersonRef("4711", "Ada")
WROTE = Kept(1, SAID, "m9", 4711, "Ada", FakeClock().now(), {"text": "That one", "reply_to": "m1"})


@pytest.fixture
async def store() -> InMemoryStore:
    return InMemoryStore(FakeClock())


async def _said(store: InMemoryStore, event_id: str, *others: Message, reply: str = "Tea is in the shop.") -> None:
    event = await store.accept(inbound(event_id=event_id, thread=CHAT, person=ADA))
    assert event is not None
    conversation = head(thread=CHAT, is_active=False)
    messages = (said("Where is tea?", by=ADA, event_id=event_id), said(reply, by=None, after=1), *others)
    await store.commit_turn(TurnRecord(conversation.conversation_id, messages, (conversation,), answered=(event.key,)))
    store.note_sent(Platform.WHATSAPP, SentPart(event.key, 0, "m1"))


async def test_an_older_reply_is_shown_on_one_line(store: InMemoryStore) -> None:
    await _said(store, "e1", said("And coffee?", by=ADA, after=2), reply="Tea is\nin the shop.")
    assert await quoted(store, WROTE) == "> Echo: Tea is in the shop."


async def test_what_people_and_the_business_said_has_their_names(store: InMemoryStore) -> None:
    await store.accept(inbound(event_id="m8", thread=CHAT, person=PersonRef(OF_BUSINESS, "")))
    business = replace(said("We are closed", event_id="m8", after=3), requester=OF_BUSINESS)
    await _said(store, "m7", business, said("Oh", by=ADA, after=4))
    assert await quoted(store, replace(WROTE, content={"reply_to": "m7"})) == "> Ada: Where is tea?"
    assert await quoted(store, replace(WROTE, content={"reply_to": "m8"})) == "> The business: We are closed"


async def test_what_was_said_last_needs_no_quote(store: InMemoryStore) -> None:
    await _said(store, "e1")
    assert await quoted(store, WROTE) == ""


async def test_what_was_said_last_in_a_conversation_that_ended_is_shown(store: InMemoryStore) -> None:
    await _said(store, "e1")
    later = head(thread=CHAT, at=WROTE.sent_at + timedelta(days=3))
    message = said("Hello again", by=ADA, after=300_000)
    await store.commit_turn(TurnRecord(later.conversation_id, (message,), (later,)))
    assert await quoted(store, WROTE) == "> Echo: Tea is in the shop."


@pytest.mark.parametrize("reply_to", [None, "unknown", 17])
async def test_a_reply_to_nothing_that_is_known_shows_nothing(store: InMemoryStore, reply_to: object) -> None:
    await _said(store, "e1", said("And coffee?", by=ADA, after=2))
    assert await quoted(store, replace(WROTE, content={"reply_to": reply_to})) == ""


async def test_nothing_is_shown_of_another_thread(store: InMemoryStore) -> None:
    await _said(store, "e1", said("And coffee?", by=ADA, after=2))
    assert await quoted(store, replace(WROTE, contact_id=4712)) == ""
