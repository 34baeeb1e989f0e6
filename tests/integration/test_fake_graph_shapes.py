"""What the fake Meta says in its webhooks has the shapes that pywa reads and Meta documents."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from pywa.types.base_update import RawUpdate
from pywa.types.callback import CallbackButton, CallbackSelection
from pywa.types.message import DeletedMessage, EditedMessage, Message, OutgoingMessage
from pywa.types.system import PhoneNumberChange
from pywa_async.client import WhatsApp

from tests.fakes.clock import FakeClock
from tests.fakes.graph_client import PywaOn
from tests.fakes.graph_items import Item, dumped, packed
from tests.fakes.graph_meta import Meta
from tests.fakes.graph_people import Contact, Person
from tests.fakes.graph_phone import Phone
from tests.fakes.graph_receiver import Receiver
from tests.fakes.graph_server import FakeGraph


@pytest.fixture
async def graph() -> AsyncIterator[FakeGraph]:
    async with FakeGraph(clock=FakeClock()) as server:
        yield server


@pytest.fixture
async def receiver(graph: FakeGraph) -> AsyncIterator[Receiver]:
    async with Receiver(graph.account) as receiver:
        yield receiver


@pytest.fixture
async def meta(graph: FakeGraph, receiver: Receiver) -> AsyncIterator[Meta]:
    async with Meta(graph, receiver.url, deadline=0.3) as meta:
        yield meta


@pytest.fixture
async def client(graph: FakeGraph) -> AsyncIterator[WhatsApp]:
    async with PywaOn(graph) as client:
        yield client


@pytest.fixture
async def ada(graph: FakeGraph) -> Person:
    return graph.people.add("Ada", phone="491701234567", username="@ada")


def parsed(graph: FakeGraph, item: Item) -> RawUpdate:
    """A webhook with this item as pywa gets it."""
    return received(dumped(packed(graph.account, [item])))


def received(raw: bytes) -> RawUpdate:
    return RawUpdate(raw, hmac_header=None, update_hash="")


async def test_what_a_person_writes_is_understood_by_pywa(graph: FakeGraph, client: WhatsApp, ada: Person) -> None:
    phone = Phone(graph.world, ada)
    text = Message.from_update(client, parsed(graph, asked := phone.text("hello", replies_to="wamid.x")))
    assert (text.text, text.from_user.wa_id, text.from_user.username) == ("hello", ada.phone, "@ada")
    assert text.reply_to_message is not None
    image = Message.from_update(client, parsed(graph, phone.image(b"\xff\xd8", caption="look")))
    assert image.image is not None
    assert (image.caption, image.image.mime_type) == ("look", "image/jpeg")
    assert await client.get_media_bytes(str(image.image.url)) == b"\xff\xd8"
    voice = Message.from_update(client, parsed(graph, phone.voice_note(b"OggS")))
    assert voice.audio is not None
    assert voice.audio.voice
    file = Message.from_update(client, parsed(graph, phone.document(b"%PDF", name="a.pdf")))
    assert file.document is not None
    assert file.document.filename == "a.pdf"
    liked = Message.from_update(client, parsed(graph, phone.reacts(asked.id, "👍")))
    assert liked.reaction is not None
    assert (liked.reaction.emoji, liked.reaction.message_id) == ("👍", asked.id)
    edited = EditedMessage.from_update(client, parsed(graph, phone.edits(asked.id, "hallo")))
    assert (edited.original_message_id, edited.message.text) == (asked.id, "hallo")
    assert DeletedMessage.from_update(client, parsed(graph, phone.revokes(asked.id))).original_message_id == asked.id
    odd = Message.from_update(client, parsed(graph, phone.unsupported()))
    assert odd.error is not None


async def test_only_what_a_person_says_opens_the_window(graph: FakeGraph, ada: Person) -> None:
    phone = Phone(graph.world, ada)
    for item in (phone.edits("wamid.x", "better"), phone.revokes("wamid.x"), phone.changes_number("4930777")):
        assert item.value["from"]
        assert ada.last_wrote is None
    early, late = graph.clock.now() - timedelta(hours=2), graph.clock.now()
    phone.text("hi")
    phone.text("written before, brought later", at=early)
    assert ada.last_wrote == late


async def test_taps_and_choices_answer_the_message_that_offered_them(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    phone = Phone(graph.world, ada)
    phone.text("open the window")
    offers = (
        {
            "type": "button",
            "body": {"text": "?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
        },
        {
            "type": "list",
            "body": {"text": "?"},
            "action": {"button": "Days", "sections": [{"rows": [{"id": "mon", "title": "Monday"}]}]},
        },
    )
    for offer in offers:
        body = {"messaging_product": "whatsapp", "to": ada.phone, "type": "interactive", "interactive": offer}
        await client.api.send_raw_request("POST", f"/{graph.account.phone_id}/messages", json=body)
    tapped = CallbackButton.from_update(client, parsed(graph, phone.taps(ada.received[0], "y")))
    assert (tapped.data, tapped.title) == ("y", "Yes")
    assert tapped.reply_to_message is not None
    assert tapped.reply_to_message.id == ada.received[0].id
    chosen = CallbackSelection.from_update(client, parsed(graph, phone.chooses(ada.received[1], "mon")))
    assert (chosen.data, chosen.title) == ("mon", "Monday")


@pytest.mark.parametrize(
    ("contact", "keys", "has_from"),
    [
        (Contact.WHOLE, {"profile", "wa_id", "user_id"}, True),
        (Contact.NO_PROFILE, {"wa_id", "user_id"}, True),
        (Contact.NO_WA_ID, {"profile", "user_id"}, True),
        (Contact.ONLY_USER_ID, {"user_id"}, False),
        (Contact.MISSING, None, True),
    ],
)
async def test_contacts_can_be_lean(graph: FakeGraph, contact: Contact, keys: set[str] | None, has_from: bool) -> None:
    person = graph.people.add("Lean", contact=contact)
    item = Phone(graph.world, person).text("hi")
    value = packed(graph.account, [item])["entry"][0]["changes"][0]["value"]
    assert (set(value["contacts"][0]) if "contacts" in value else None) == keys
    assert ("from" in value["messages"][0]) == has_from
    assert value["messages"][0]["from_user_id"] == person.user_id


async def test_webhooks_from_before_business_scoped_ids_have_none(graph: FakeGraph) -> None:
    person = graph.people.add("Early", user_id=None)
    raw = dumped(packed(graph.account, [Phone(graph.world, person).text("hi")]))
    assert b"user_id" not in raw
    assert b"wa_id" in raw


async def test_a_new_number_brings_a_new_id_and_tells_the_old_one(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    before = ada.user_id
    moved = PhoneNumberChange.from_update(client, parsed(graph, Phone(graph.world, ada).changes_number("4930999")))
    assert (moved.old_wa_id, moved.new_wa_id, moved.new_user_id) == ("491701234567", "4930999", ada.user_id)
    hidden = Phone(graph.world, graph.people.add("Grace", shows_phone=False)).changes_user_id("4930888")
    system = hidden.value["system"]
    assert (system["type"], "wa_id" in system, "from" in hidden.value) == ("user_changed_user_id", False, False)
    assert system["previous_user_id"] != system["user_id"]
    assert ada.user_id != before
    assert graph.people.by_user_id(str(ada.user_id)) is ada
    assert graph.people.by_phone("491701234567") is None


async def test_the_owners_own_messages_are_echoed_and_open_nothing(
    graph: FakeGraph, meta: Meta, receiver: Receiver, client: WhatsApp, ada: Person
) -> None:
    echo = meta.owner.writes(ada, "I'll take this one")
    await meta.post(echo, meta.owner.edits(ada, echo.id, "I take it"), meta.owner.revokes(ada, echo.id))
    assert [change["field"] for change in receiver.changes] == ["smb_message_echoes"]
    assert [one["type"] for one in receiver.items("message_echoes")] == ["text", "edit", "revoke"]
    assert OutgoingMessage.from_update(client, received(receiver.raw[0])).text == "I'll take this one"
    assert not ada.is_open_at(graph.clock.now())
