"""The fake Graph API refuses what Meta's refuses, with Meta's bodies, and fails when told to."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from pywa import errors
from pywa_async.client import WhatsApp

from tests.fakes.clock import FakeClock
from tests.fakes.graph_account import MANAGEMENT, MESSAGING
from tests.fakes.graph_client import PywaOn
from tests.fakes.graph_errors import ERRORS, Json
from tests.fakes.graph_faults import Slow
from tests.fakes.graph_people import Person
from tests.fakes.graph_server import FakeGraph


@pytest.fixture
async def graph() -> AsyncIterator[FakeGraph]:
    async with FakeGraph(clock=FakeClock()) as server:
        yield server


@pytest.fixture
async def client(graph: FakeGraph) -> AsyncIterator[WhatsApp]:
    async with PywaOn(graph) as client:
        yield client


@pytest.fixture
async def ada(graph: FakeGraph) -> Person:
    """Somebody who has just written."""
    person = graph.people.add("Ada")
    person.last_wrote = graph.clock.now()
    return person


async def refused(graph: FakeGraph, body: Json, *, node: str | None = None) -> tuple[int, Json]:
    """POST to `messages` and return the status and the error."""
    url = f"{graph.base_url}/v24.0/{node or graph.account.phone_id}/messages"
    async with httpx.AsyncClient() as session:
        response = await session.post(url, json=body, headers={"Authorization": f"Bearer {graph.account.token}"})
    error: Json = response.json()["error"]
    return response.status_code, error


def message(person: Person, kind: str, content: object, **more: object) -> Json:
    return {"messaging_product": "whatsapp", "to": person.phone, "type": kind, kind: content, **more}


def buttons(*titles: str, body: str = "Which?") -> Json:
    replies = [{"type": "reply", "reply": {"id": f"b{number}", "title": one}} for number, one in enumerate(titles)]
    return {"type": "button", "body": {"text": body}, "action": {"buttons": replies}}


def rows(count: int, title: str = "a row") -> Json:
    listed = [{"id": f"r{number}", "title": title} for number in range(count)]
    sections = [{"title": "first", "rows": listed[:5]}, {"title": "second", "rows": listed[5:]}]
    return {"type": "list", "body": {"text": "Which?"}, "action": {"button": "Choose", "sections": sections}}


async def test_a_wrong_and_an_expired_token_are_refused_with_190(graph: FakeGraph, ada: Person) -> None:
    async with PywaOn(graph, token="another") as stranger:
        with pytest.raises(errors.ExpiredAccessToken) as wrong:
            await stranger.send_message(ada.phone, "hi")
    assert (wrong.value.status_code, wrong.value.type) == (401, "OAuthException")
    graph.account.token_is_expired = True
    _, error = await refused(graph, message(ada, "text", {"body": "hi"}))
    assert (error["code"], error["error_subcode"]) == (190, 463)
    assert error["fbtrace_id"]
    assert not graph.sent


async def test_a_missing_permission_is_refused_with_10_or_200(graph: FakeGraph, client: WhatsApp, ada: Person) -> None:
    graph.account.permissions = {MANAGEMENT}
    with pytest.raises(errors.PermissionDenied) as sending:
        await client.send_message(ada.phone, "hi")
    graph.account.permissions = {MESSAGING}
    with pytest.raises(errors.APIPermission) as asking:
        await client.get_business_phone_number()
    assert (sending.value.code, asking.value.code, asking.value.status_code) == (10, 200, 403)


@pytest.mark.parametrize(
    ("kind", "content", "code", "said"),
    [
        ("text", {"body": "x" * 4097}, 100, "Param text['body'] must be at most 4096 characters long."),
        ("text", {"body": "x", "bold": True}, 100, 'Unexpected key "bold" on param "text".'),
        ("text", {"body": 7}, 100, "must be a string"),
        (
            "interactive",
            buttons("a", body="x" * 1025),
            131009,
            "Body text length invalid. Min length: 1, Max length: 1024",
        ),
        ("interactive", buttons("a", "b", "c", "d"), 131009, "Invalid buttons count."),
        ("interactive", buttons("x" * 21), 131009, "Button title length invalid. Min length: 1, Max length: 20"),
        ("interactive", buttons("a", "a"), 131009, "Duplicated title"),
        ("interactive", rows(11), 131009, "Total row count exceed max allowed count: 10"),
        ("interactive", rows(6, "x" * 25), 131009, "Row title is too long. Max length is 24"),
        ("interactive", {**buttons("a"), "sound": "loud"}, 100, 'Unexpected key "sound" on param "interactive".'),
        ("image", {"id": "1", "filename": "a.jpg"}, 100, 'Unexpected key "filename" on param "image".'),
        ("image", {"id": "1"}, 131009, "is not valid"),
        ("template", {"name": "unknown", "language": {"code": "en_US"}}, 132001, "does not exist in en_US"),
        ("poll", {"question": "?"}, 100, "Param type must be one of"),
    ],
)
async def test_what_is_too_long_too_many_or_unknown_is_refused(
    graph: FakeGraph, ada: Person, kind: str, content: Json, code: int, said: str
) -> None:
    status, error = await refused(graph, message(ada, kind, content))
    assert (status, error["code"]) == (ERRORS[code].status, code)
    assert said in error["message"] + error.get("error_data", {}).get("details", "")
    assert not graph.sent


async def test_what_is_just_not_too_long_is_taken(graph: FakeGraph, client: WhatsApp, ada: Person) -> None:
    await client.send_message(ada.phone, "x" * 4096)
    for content in (buttons("x" * 20, "b", "c", body="x" * 1024), rows(10, "x" * 24)):
        await client.api.send_raw_request(
            "POST", f"/{graph.account.phone_id}/messages", json=message(ada, "interactive", content)
        )
    assert len(ada.received) == 3


async def test_unknown_keys_beside_the_message_a_missing_product_and_an_unknown_number_are_refused(
    graph: FakeGraph, ada: Person
) -> None:
    _, unknown = await refused(graph, message(ada, "text", {"body": "hi"}, parse_mode="markdown"))
    assert unknown["message"] == '(#100) Unexpected key "parse_mode".'
    _, missing = await refused(graph, {"to": ada.phone, "type": "text", "text": {"body": "hi"}})
    assert missing["message"] == "(#100) The parameter messaging_product is required."
    status, other = await refused(graph, message(ada, "text", {"body": "hi"}), node="555")
    assert (status, other["code"], other["error_subcode"], other["type"]) == (400, 100, 33, "GraphMethodException")


async def test_a_file_of_a_type_or_size_that_whatsapp_does_not_take_is_refused(
    graph: FakeGraph, client: WhatsApp
) -> None:
    with pytest.raises(errors.WhatsAppError, match="must be a file with one of the following types"):
        await client.upload_media(b"PK", "application/zip", "a.zip")
    with pytest.raises(errors.MediaUploadError):
        await client.upload_media(bytes(5 * 1024 * 1024 + 1), "image/png", "large.png")


async def test_somebody_without_whatsapp_is_told_at_once_or_by_a_status(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    with pytest.raises(errors.MessageUndeliverable) as now:
        await client.send_message("4915112345678", "hi")
    assert now.value.code == 131026
    graph.world.late = {131026}
    await client.send_message("4915112345678", "hi")
    (lost,) = graph.sent
    assert lost.failure is not None
    assert (lost.failure.code, lost.person.received) == (131026, [])


async def test_what_is_too_late_can_be_taken_and_fail_afterwards(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    ada.last_wrote = None
    graph.world.late = {131047}
    sent = await client.send_message(ada.phone, "hi")
    assert [(one.id, one.failure and one.failure.code) for one in graph.sent] == [(sent.id, 131047)]
    assert not ada.received


async def test_a_code_cannot_go_to_a_business_scoped_id_nor_anything_to_the_number_itself(
    graph: FakeGraph, ada: Person
) -> None:
    graph.account.add_template("code", parameters=1, category="authentication")
    component = {"type": "body", "parameters": [{"type": "text", "text": "123456"}]}
    template = {"name": "code", "language": {"code": "en_US"}, "components": [component]}
    body = {"messaging_product": "whatsapp", "recipient": ada.user_id, "type": "template", "template": template}
    assert (await refused(graph, body))[1]["code"] == 131062
    template["components"] = []
    assert (await refused(graph, body))[1]["code"] == 132000
    itself = Person("", graph.account.display_phone, None)
    assert (await refused(graph, message(itself, "text", {"body": "hi"})))[1]["code"] == 131021


async def test_one_person_can_be_written_to_in_a_burst_and_then_every_six_seconds(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    assert isinstance(graph.clock, FakeClock)
    graph.rates.burst = 3
    grace = graph.people.add("Grace")
    grace.last_wrote = graph.clock.now()
    for number in range(3):
        await client.send_message(ada.phone, str(number))
    with pytest.raises(errors.TooManyMessages):
        await client.send_message(ada.phone, "too soon")
    await client.send_message(grace.phone, "somebody else")
    graph.clock.advance(seconds=6)
    await client.send_message(ada.phone, "3")
    assert (ada.texts, graph.rates.exceeded) == (["0", "1", "2", "3"], 1)


async def test_a_number_sends_only_so_much_in_a_second(graph: FakeGraph, client: WhatsApp, ada: Person) -> None:
    assert isinstance(graph.clock, FakeClock)
    graph.rates.per_second = 2
    await client.send_message(ada.phone, "1")
    await client.send_message(ada.phone, "2")
    with pytest.raises(errors.RateLimitHit):
        await client.send_message(ada.phone, "too soon")
    graph.clock.advance(seconds=1)
    await client.send_message(ada.phone, "3")
    assert ada.texts == ["1", "2", "3"]


@pytest.mark.parametrize("code", sorted(ERRORS))
async def test_every_error_of_the_table_can_be_had(graph: FakeGraph, client: WhatsApp, ada: Person, code: int) -> None:
    graph.faults.refuse(code)
    with pytest.raises(errors.WhatsAppError) as caught:
        await client.send_message(ada.phone, "hi")
    assert (caught.value.code, caught.value.status_code) == (code, ERRORS[code].status)
    await client.send_message(ada.phone, "again")
    assert ada.texts == ["again"]


async def test_a_fault_planned_for_one_person_strikes_nobody_else(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    grace = graph.people.add("Grace")
    grace.last_wrote = graph.clock.now()
    graph.faults.refuse(131016, person=grace, times=2)
    await client.send_message(ada.phone, "fine")
    for _ in range(2):
        with pytest.raises(errors.ServiceUnavailable):
            await client.send_message(grace.phone, "down")
    await client.send_message(grace.phone, "up")
    assert (ada.texts, grace.texts, graph.faults.pending) == (["fine"], ["up"], 0)


async def test_a_hanging_call_has_taken_the_message_and_a_cut_one_has_not(graph: FakeGraph, ada: Person) -> None:
    graph.faults.hang()
    graph.faults.cut()
    graph.faults.fail(503)
    async with PywaOn(graph, timeout=0.2) as hurried:
        with pytest.raises(httpx.ReadTimeout):
            await hurried.send_message(ada.phone, "taken, and nobody knows")
        with pytest.raises(httpx.RemoteProtocolError):
            await hurried.send_message(ada.phone, "lost")
        with pytest.raises(errors.WhatsAppError) as broken:
            await hurried.send_message(ada.phone, "lost as well")
    assert broken.value.status_code == 503
    assert ada.texts == ["taken, and nobody knows"]
    assert [one.status for one in graph.calls] == [0, 0, 503]


async def test_a_slow_call_is_answered_when_the_clock_has_moved(
    graph: FakeGraph, client: WhatsApp, ada: Person
) -> None:
    assert isinstance(graph.clock, FakeClock)
    graph.faults.slow(3)
    sending = asyncio.create_task(client.send_message(ada.phone, "hi"))
    await graph.until(lambda: any(isinstance(fault, Slow) for fault, _ in graph.faults.struck))
    assert not ada.received
    graph.clock.advance(seconds=3)
    await sending
    assert ada.texts == ["hi"]
