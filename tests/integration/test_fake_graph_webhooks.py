"""The fake Meta posts webhooks as the real one does: signed, in batches, again, in disorder."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pywa.types.base_update import RawUpdate
from pywa.types.message_status import MessageStatus
from pywa_async.client import WhatsApp

from tests.fakes.clock import FakeClock
from tests.fakes.graph_client import PywaOn
from tests.fakes.graph_coexistence import Past
from tests.fakes.graph_disorder import disordered, with_other_bytes
from tests.fakes.graph_items import Item, dumped
from tests.fakes.graph_meta import Delivery, Meta
from tests.fakes.graph_people import Person
from tests.fakes.graph_phone import Phone
from tests.fakes.graph_receiver import SILENCE, Receiver
from tests.fakes.graph_server import FakeGraph
from tests.fakes.graph_statuses import DELIVERED, READ, SENT


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


async def tried(meta: Meta, delivery: Delivery, count: int) -> None:
    await meta.until(lambda: len(delivery.attempts) == count)


def received(raw: bytes) -> RawUpdate:
    return RawUpdate(raw, hmac_header=None, update_hash="")


async def test_a_webhook_is_signed_over_its_raw_bytes_and_opens_the_window(
    graph: FakeGraph, meta: Meta, receiver: Receiver, ada: Person
) -> None:
    delivery = await meta.post(meta.phone(ada).text("größer 🌍?"))
    assert delivery.is_answered
    assert delivery.is_over
    assert receiver.raw == [delivery.raw]
    (message,) = receiver.items("messages")
    assert message["text"] == {"body": "größer 🌍?"}
    assert (message["from"], message["from_user_id"]) == (ada.phone, ada.user_id)
    assert receiver.changes[0]["value"]["contacts"][0]["profile"] == {"name": "Ada", "username": "@ada"}
    assert ada.is_open_at(graph.clock.now())


async def test_no_signature_a_false_one_and_one_that_is_not_ascii_are_told_apart_from_metas(
    graph: FakeGraph, meta: Meta, receiver: Receiver
) -> None:
    raw = b'{"object":"whatsapp_business_account","entry":[]}'
    for signature in (None, "", "sha256=0", "sha256=ümlaut", meta.signature_of(raw + b" ")):
        assert await meta.knock(raw, signature=signature) == 403
    assert await meta.knock(raw) == 200
    assert not meta.deliveries


async def test_the_dashboard_asks_for_its_challenge(meta: Meta) -> None:
    assert await meta.verify()
    assert not await meta.verify("another word")


async def test_one_post_holds_entries_of_changes_of_items(
    graph: FakeGraph, meta: Meta, receiver: Receiver, ada: Person
) -> None:
    grace = graph.people.add("Grace")
    ours, theirs = meta.phone(ada), meta.phone(grace)
    one, two, three, four = ours.text("1"), theirs.text("2"), ours.text("3"), theirs.text("4")
    five = ours.text("5")
    await meta.post_entries([[one, two, three], [four]], [[five]])
    (body,) = receiver.bodies
    assert [len(entry["changes"]) for entry in body["entry"]] == [2, 1]
    assert [item["text"]["body"] for item in receiver.items("messages")] == ["1", "2", "3", "4", "5"]
    names = [contact["profile"]["name"] for contact in body["entry"][0]["changes"][0]["value"]["contacts"]]
    assert names == ["Ada", "Grace"]


async def test_statuses_follow_each_message_by_themselves(
    graph: FakeGraph, meta: Meta, receiver: Receiver, client: WhatsApp, ada: Person
) -> None:
    await meta.post(meta.phone(ada).text("hi"))
    meta.follow(SENT, READ, DELIVERED)
    sent = await client.send_message(ada.phone, "hello", tracker="turn-1")
    await meta.until(lambda: len(receiver.items("statuses")) == 3)
    statuses = receiver.items("statuses")
    assert [one["status"] for one in statuses] == ["sent", "read", "delivered"]
    assert {(one["id"], one["biz_opaque_callback_data"]) for one in statuses} == {(sent.id, "turn-1")}
    contacts = [change["value"]["contacts"][0]["profile"] for change in receiver.changes[1:]]
    assert [("username" in one) for one in contacts] == [False, True, True]
    told = MessageStatus.from_update(client, received(receiver.raw[1]))
    assert (told.id, told.tracker) == (sent.id, "turn-1")


async def test_what_fails_on_its_way_is_told_with_its_error(
    graph: FakeGraph, meta: Meta, receiver: Receiver, client: WhatsApp, ada: Person
) -> None:
    await meta.post(meta.phone(ada).text("hi"))
    ada.fails_with = 131049
    sent = await client.send_message(ada.phone, "an offer")
    ada.fails_with = None
    await client.send_reaction(ada.phone, "👍", "wamid.of-nobody")
    await meta.until(lambda: len(receiver.items("statuses")) == 2)
    first, second = sorted(receiver.items("statuses"), key=lambda one: str(one["id"] != sent.id))
    assert (first["status"], first["errors"][0]["code"], first["recipient_id"]) == ("failed", 131049, ada.phone)
    assert "recipient_user_id" not in first
    assert second["errors"][0]["code"] == 131009
    assert not ada.received


async def test_a_message_whose_answer_never_came_is_told_by_a_status_with_its_tracker(
    graph: FakeGraph, meta: Meta, receiver: Receiver, ada: Person
) -> None:
    await meta.post(meta.phone(ada).text("hi"))
    meta.follow(SENT)
    graph.faults.hang()
    async with PywaOn(graph, timeout=0.2) as hurried:
        with pytest.raises(httpx.ReadTimeout):
            await hurried.send_message(ada.phone, "hello", tracker="turn-9")
    await meta.until(lambda: receiver.items("statuses"))
    assert receiver.items("statuses")[0]["biz_opaque_callback_data"] == "turn-9"
    assert receiver.items("statuses")[0]["id"] == ada.received[0].id


async def test_what_is_not_answered_200_comes_again_after_growing_pauses(
    graph: FakeGraph, meta: Meta, receiver: Receiver, ada: Person
) -> None:
    assert isinstance(graph.clock, FakeClock)
    receiver.answers.extend([500, SILENCE, 201])
    delivery = await meta.post(meta.phone(ada).text("hi"))
    for number, pause in enumerate((5, 10, 20), 2):
        graph.clock.advance(seconds=pause - 1)
        await meta.verify("a way there and back, in which an attempt too early would begin")
        graph.clock.advance(seconds=1)
        await tried(meta, delivery, number)
    began = [one.at - delivery.attempts[0].at for one in delivery.attempts]
    assert began == [timedelta(seconds=after) for after in (0, 5, 15, 35)]
    assert [one.status for one in delivery.attempts] == [500, None, 201, 200]
    assert delivery.is_over
    assert len(receiver.raw) == 1


async def test_meta_gives_up_after_days(graph: FakeGraph, receiver: Receiver, ada: Person) -> None:
    assert isinstance(graph.clock, FakeClock)
    receiver.answers.extend([500] * 99)
    async with Meta(graph, receiver.url, first_pause=3600, patience=timedelta(hours=4)) as meta:
        delivery = await meta.post(meta.phone(ada).text("hi"))
        for count in (2, 3):
            graph.clock.advance(hours=2)
            await tried(meta, delivery, count)
        await meta.until(lambda: delivery.is_over)
    assert [one.status for one in delivery.attempts] == [500, 500, 500]


async def test_the_same_message_comes_again_in_other_bytes(meta: Meta, receiver: Receiver, ada: Person) -> None:
    first = await meta.post(meta.phone(ada).text("hi"))
    second = await meta.post_again(first)
    assert first.raw != second.raw
    one, two = receiver.items("messages")
    assert one == two


async def test_disorder_loses_nothing_and_repeats_and_moves_some(graph: FakeGraph, ada: Person) -> None:
    phone = Phone(graph.world, ada)
    items = [phone.text(str(number)) for number in range(400)]
    mixed = disordered(items, duplicates=0.1, moved=0.1, distance=4, seed=7)
    assert {one.id for one in mixed} == {one.id for one in items}
    assert 420 <= len(mixed) <= 460
    firsts = list(dict.fromkeys(one.id for one in mixed))
    assert firsts != [one.id for one in items]
    assert mixed == disordered(items, duplicates=0.1, moved=0.1, distance=4, seed=7)


async def test_what_is_posted_twice_of_a_disordered_row_differs_in_bytes(
    meta: Meta, receiver: Receiver, ada: Person
) -> None:
    phone = meta.phone(ada)
    item = phone.text("hi")
    deliveries = await meta.post_each([item, phone.text("there"), item], at_once=3)
    assert len({one.raw for one in deliveries}) == 3
    assert len({one["id"] for one in receiver.items("messages")}) == 2


async def test_history_comes_in_chunks_of_thousands(meta: Meta, receiver: Receiver, graph: FakeGraph) -> None:
    start = datetime(2025, 12, 1, tzinfo=UTC)
    people = [graph.people.add(f"Customer {number}") for number in range(5)]
    threads = {
        person: [Past(start + timedelta(minutes=n), f"line {n}", from_owner=n % 2 == 1) for n in range(1000)]
        for person in people
    }
    chunks = meta.owner.history(threads, per_chunk=1800)
    await meta.post_each(reversed(chunks))
    told = sorted(receiver.items("history"), key=lambda one: int(one["metadata"]["chunk_order"]))
    assert [one["metadata"]["progress"] for one in told] == [33, 66, 100]
    messages = [message for one in told for thread in one["threads"] for message in thread["messages"]]
    assert len({message["id"] for message in messages}) == 5000
    assert messages[1]["from"] == graph.account.display_phone
    assert messages[1]["history_context"] == {"status": "READ"}
    assert max(len(raw) for raw in receiver.raw) < 3_000_000


async def test_a_file_of_the_history_comes_apart_from_its_place(meta: Meta, receiver: Receiver, ada: Person) -> None:
    past = Past(datetime(2026, 2, 1, tzinfo=UTC), "our shop", kind="media_placeholder", id="wamid.old")
    await meta.post(*meta.owner.history({ada: [past]}), meta.owner.history_file(ada, past, b"\xff\xd8"))
    assert [change["field"] for change in receiver.changes] == ["history", "history"]
    (place,) = receiver.items("history")[0]["threads"][0]["messages"]
    (file,) = receiver.items("messages")
    assert (place["id"], place["type"], "text" in place) == ("wamid.old", "media_placeholder", False)
    assert (file["id"], file["type"], file["image"]["caption"]) == ("wamid.old", "image", "our shop")
    assert ada.last_wrote is None


async def test_unknown_kinds_fields_and_the_address_book_are_posted_as_they_are(
    meta: Meta, receiver: Receiver, ada: Person
) -> None:
    odd = meta.phone(ada).writes("hologram", {"depth": 3})
    await meta.post(odd, Item("things", {"a": 1}, field="a_new_field"), meta.owner.saves_contact(ada, "Ada Lovelace"))
    assert [change["field"] for change in receiver.changes] == ["messages", "a_new_field", "smb_app_state_sync"]
    assert receiver.items("messages")[0]["hologram"] == {"depth": 3}


async def test_a_receiver_that_is_not_there_is_tried_again_when_it_is_back(graph: FakeGraph, ada: Person) -> None:
    assert isinstance(graph.clock, FakeClock)
    async with Receiver(graph.account) as gone:
        address = gone.url
    async with Meta(graph, address) as meta:
        delivery = await meta.post(meta.phone(ada).text("hi"))
        assert [one.status for one in delivery.attempts] == [None]
        async with Receiver(graph.account) as back:
            meta.url = back.url
            graph.clock.advance(seconds=5)
            await meta.until(lambda: delivery.is_over)
            assert len(back.bodies) == 1


def test_other_bytes_say_the_same() -> None:
    raw = dumped({"entry": [{"id": "1", "changes": [{"value": {"a": "ü"}, "field": "x"}]}], "object": "o"})
    for seed in range(5):
        changed = json.loads(with_other_bytes(raw, seed))
        del changed["entry"][0]["time"]
        assert changed == json.loads(raw)
