"""The fake Graph API, driven by an unmodified pywa: what it takes, and where it is as strict as Meta's."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from pywa import errors
from pywa.types.callback import Button, Section, SectionList, SectionRow
from pywa.types.templates import TemplateLanguage
from pywa_async.client import WhatsApp

from tests.fakes.clock import FakeClock
from tests.fakes.graph_account import MANAGEMENT, MESSAGING
from tests.fakes.graph_client import PywaOn
from tests.fakes.graph_errors import Json
from tests.fakes.graph_people import Person
from tests.fakes.graph_phone import Phone
from tests.fakes.graph_server import FakeGraph


@pytest.fixture
async def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def graph(clock: FakeClock) -> AsyncIterator[FakeGraph]:
    async with FakeGraph(clock=clock) as server:
        yield server


@pytest.fixture
async def client(graph: FakeGraph) -> AsyncIterator[WhatsApp]:
    async with PywaOn(graph) as client:
        yield client


@pytest.fixture
async def ada(graph: FakeGraph) -> Person:
    """Somebody who has just written."""
    person = graph.people.add("Ada", phone="491701234567")
    person.last_wrote = graph.clock.now()
    return person


async def post(graph: FakeGraph, body: Json, *, path: str = "messages") -> httpx.Response:
    url = f"{graph.base_url}/v24.0/{graph.account.phone_id}/{path}"
    async with httpx.AsyncClient() as session:
        return await session.post(url, json=body, headers={"Authorization": f"Bearer {graph.account.token}"})


def text_to(person: Person, body: str, **more: object) -> Json:
    return {"messaging_product": "whatsapp", "to": person.phone, "type": "text", "text": {"body": body}, **more}


async def test_a_text_reaches_its_person_with_all_that_was_said_beside_it(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    sent = await client.send_message("+49 170 1234567", "hello", reply_to_message_id="wamid.asked", tracker="turn-7")
    assert sent.to == ada.phone
    (got,) = ada.received
    assert (got.id, got.text, got.tracker, got.replies_to) == (sent.id, "hello", "turn-7", "wamid.asked")
    assert graph.calls[-1].status == 200


async def test_messages_to_one_person_are_kept_in_order(graph: FakeGraph, client: WhatsApp, ada: Person) -> None:
    for number in range(5):
        await client.send_message(ada.phone, f"part {number}")
    assert ada.texts == [f"part {number}" for number in range(5)]
    assert [one.id for one in graph.sent] == [one.id for one in ada.received]


async def test_a_business_scoped_id_is_a_recipient_and_pywa_takes_an_alphanumeric_one_for_a_group(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    assert ada.user_id is not None
    answer = await client.api.send_message(
        sender=graph.account.phone_id,
        to=None,
        recipient=ada.user_id,
        recipient_type="individual",
        typ="text",
        msg={"body": "hi"},
    )
    assert answer["contacts"] == [{"input": ada.user_id, "user_id": ada.user_id}]
    with pytest.raises(errors.InvalidParameter):
        await client.send_message(ada.user_id, "hi")
    assert graph.calls[-1].body is not None
    assert graph.calls[-1].body["recipient_type"] == "group"
    assert ada.texts == ["hi"]


async def test_a_phone_number_goes_before_a_business_scoped_id(graph: FakeGraph, ada: Person) -> None:
    answer = await post(graph, text_to(ada, "hi", recipient="DE.SOMEBODYELSE"))
    assert answer.json()["contacts"] == [{"input": ada.phone, "wa_id": ada.phone}]


async def test_buttons_lists_reactions_and_templates_are_taken(graph: FakeGraph, client: WhatsApp, ada: Person) -> None:
    graph.account.add_template("reminder", parameters=0)
    await client.send_message(ada.phone, "Which?", buttons=[Button("Yes", "y"), Button("No", "n")], footer="shop")
    rows = [SectionRow("Monday", "mon", "in the morning"), SectionRow("Tuesday", "tue")]
    await client.send_message(ada.phone, "When?", buttons=SectionList("Days", [Section("Week", rows)]))
    await client.send_reaction(ada.phone, "👍", ada.received[0].id)
    await client.send_template(ada.phone, "reminder", TemplateLanguage.ENGLISH_US)
    assert [one.kind for one in ada.received] == ["interactive", "interactive", "reaction", "template"]
    assert ada.texts == ["Which?", "When?", "👍", "reminder"]


async def test_media_is_uploaded_sent_described_and_fetched(graph: FakeGraph, client: WhatsApp, ada: Person) -> None:
    await client.send_document(
        ada.phone, b"%PDF-1.7", filename="offer.pdf", caption="as asked", mime_type="application/pdf"
    )
    document = ada.received[0].content
    assert (document["filename"], document["caption"]) == ("offer.pdf", "as asked")
    described = await client.get_media_url(document["id"])
    assert (described.file_size, described.mime_type) == (8, "application/pdf")
    assert await client.get_media_bytes(described.url) == b"%PDF-1.7"
    await client.send_image(ada.phone, "https://shop.example/a.jpg")
    assert ada.received[1].content == {"link": "https://shop.example/a.jpg"}
    assert graph.media.downloads == [document["id"]]
    graph.faults.fail(500, path="attachments")
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        await client.get_media_bytes(described.url)
    await client.delete_media(document["id"])
    with pytest.raises(errors.WhatsAppError):
        await client.get_media_url(document["id"])


async def test_the_address_of_media_works_for_five_minutes_and_with_the_token_only(
    graph: FakeGraph, client: WhatsApp, clock: FakeClock
) -> None:
    uploaded = await client.upload_media(b"\xff\xd8", "image/jpeg", "a.jpg")
    address = (await client.get_media_url(uploaded.id)).url
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.get(address)).status_code == 401
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await client.get_media_bytes(address.replace("ext=", "ext=9"))
    clock.advance(minutes=4, seconds=59)
    assert await client.get_media_bytes(address) == b"\xff\xd8"
    clock.advance(seconds=1)
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await client.get_media_bytes(address)
    clock.advance(days=30)
    with pytest.raises(errors.WhatsAppError) as lost:
        await client.get_media_url(uploaded.id)
    assert (lost.value.code, lost.value.subcode) == (100, 33)


async def test_a_read_receipt_with_typing_is_kept(graph: FakeGraph, client: WhatsApp, ada: Person) -> None:
    asked = Phone(graph.world, ada).text("anybody there?")
    await client.mark_message_as_read(asked.id)
    await client.indicate_typing(asked.id)
    assert [(one.message_id, one.person, one.typing) for one in graph.reads] == [
        (asked.id, ada, False),
        (asked.id, ada, True),
    ]
    with pytest.raises(errors.InvalidParameter):
        await client.indicate_typing("wamid.nobody")


async def test_number_token_and_subscription_are_told(graph: FakeGraph, client: WhatsApp) -> None:
    number = await client.get_business_phone_number()
    assert (number.verified_name, number.status) == ("Lucky Shrub", "CONNECTED")
    few = await client.api.get_business_phone_number(graph.account.phone_id, fields=("throughput",))
    assert few == {"throughput": {"level": "STANDARD"}, "id": graph.account.phone_id}
    told = await client.api.send_raw_request("GET", "/debug_token", params={"input_token": graph.account.token})
    assert told["data"]["is_valid"]
    assert {MESSAGING, MANAGEMENT} <= set(told["data"]["scopes"])
    assert told["data"]["granular_scopes"][0]["target_ids"] == [graph.account.waba_id]
    other = await client.api.send_raw_request("GET", "/debug_token", params={"input_token": "another"})
    assert not other["data"]["is_valid"]
    graph.account.subscribed = False
    assert await client.api.get_waba_subscribed_apps(graph.account.waba_id) == {"data": []}
    await client.api.send_raw_request("POST", f"/{graph.account.waba_id}/subscribed_apps")
    apps = (await client.api.get_waba_subscribed_apps(graph.account.waba_id))["data"]
    assert [one["whatsapp_business_api_data"]["id"] for one in apps] == [graph.account.app_id]


async def test_the_window_closes_24_hours_after_the_person_last_wrote(
    graph: FakeGraph, client: WhatsApp, ada: Person, clock: FakeClock
) -> None:
    graph.account.add_template("reminder")
    clock.advance(hours=23, minutes=59)
    await client.send_message(ada.phone, "just in time")
    clock.advance(minutes=2)
    with pytest.raises(errors.ReEngagementMessage):
        await client.send_message(ada.phone, "too late")
    await client.send_template(ada.phone, "reminder", TemplateLanguage.ENGLISH_US)
    assert ada.texts == ["just in time", "reminder"]
    assert ada.last_wrote == clock.now() - timedelta(hours=24, minutes=1)
