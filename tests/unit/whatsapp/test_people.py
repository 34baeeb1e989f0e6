"""Who somebody is, what changed about it, and what was said before, is read whatever it looks like."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from source.adapters.whatsapp.items import Item
from source.adapters.whatsapp.reading.changes import MOVED
from source.adapters.whatsapp.reading.history import LISTED, PAST
from source.adapters.whatsapp.reading.values import key_of
from source.adapters.whatsapp.webhook import Webhook, read_webhook
from source.ports.history import HistoryNews
from tests.fakes.clock import FakeClock
from tests.fakes.graph_coexistence import OwnersPhone, Past
from tests.fakes.graph_items import Item as Sent
from tests.fakes.graph_items import dumped, packed
from tests.fakes.graph_people import Person
from tests.fakes.graph_phone import Phone
from tests.fakes.graph_server import FakeGraph

NOW = FakeClock().now()
OLD, NEW = "4915112345678", "4915187654321"
_ids = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.integers(), max_size=2))


def graph_with(**about: Any) -> tuple[FakeGraph, Person]:
    graph = FakeGraph(clock=FakeClock())
    return graph, graph.people.add("Ada", phone=OLD, **about)


def read(graph: FakeGraph, *items: Sent) -> Webhook:
    return read_webhook(dumped(packed(graph.account, items)), phone_id=graph.account.phone_id, now=graph.clock.now())


def read_value(field: str, value: dict[str, Any]) -> Webhook:
    entry = [{"id": "9", "changes": [{"field": field, "value": value}]}]
    return read_webhook(json.dumps({"entry": entry}).encode(), phone_id="77", now=NOW)


def moved(*messages: dict[str, Any]) -> Sequence[Item]:
    return read_value("messages", {"messages": list(messages)}).items


def system(sender: dict[str, str], **told: Any) -> dict[str, Any]:
    head = {"id": "wamid.1", "timestamp": "1772000000", "type": "system"}
    return {**head, **sender, "system": {"type": "user_changed_number", "body": "User changed", **told}}


def test_a_change_of_number_says_what_somebody_was_known_by_and_is_now() -> None:
    graph, ada = graph_with(user_id="DE.Old", parent_user_id="DE.ENT.Old")
    (change,) = read(graph, Phone(graph.world, ada).changes_number(NEW)).items
    assert change.kind == MOVED
    assert change.before == ("user:DE.Old", f"phone:{OLD}")
    assert change.addresses == (f"user:{ada.user_id}", "parent:DE.ENT.Old", f"phone:{NEW}")
    assert change.content == {}


def test_a_change_that_tells_the_ids_alone_is_read() -> None:
    graph, eve = graph_with(user_id="DE.Old", shows_phone=False)
    (change,) = read(graph, Phone(graph.world, eve).changes_user_id(NEW)).items
    assert (change.before, change.addresses) == (("user:DE.Old",), (f"user:{eve.user_id}",))


def test_older_forms_of_a_change_are_read() -> None:
    may = system({"from": OLD, "from_user_id": "DE.Old"}, wa_id=NEW, user_id="DE.New")
    (change,) = moved(may)
    assert (change.before, change.addresses) == (("user:DE.Old", f"phone:{OLD}"), ("user:DE.New", f"phone:{NEW}"))
    for told in ({"wa_id": NEW}, {"new_wa_id": NEW, "type": "customer_changed_number"}):
        (change,) = moved(system({"from": OLD}, **told))
        assert (change.before, change.addresses) == ((f"phone:{OLD}",), (f"phone:{NEW}",))


def test_what_tells_of_no_other_address_is_no_change() -> None:
    assert moved(system({"from": OLD}, wa_id=OLD), system({"from": OLD}), system({}, wa_id=NEW)) == ()
    webhook = read_value("messages", {"messages": [system({"from": OLD}, type="customer_identity_changed")]})
    assert (webhook.items, dict(webhook.passed_over)) == ((), {"system": 1})


def test_an_id_of_the_parent_and_a_username_are_read() -> None:
    graph, eve = graph_with(user_id="DE." + "A1" * 64, parent_user_id="DE.ENT.1", username="eve", shows_phone=False)
    (said,) = read(graph, Phone(graph.world, eve).text("Hello")).items
    assert said.addresses == ("user:DE." + "A1" * 64, "parent:DE.ENT.1")
    assert said.content["username"] == "eve"


def test_a_chunk_of_history_is_told_by_people_in_small_parts_without_numbers() -> None:
    graph, ada = graph_with()
    ben = graph.people.add("Ben", phone=NEW)
    owner = OwnersPhone(graph.world)
    told = [Past(NOW, f"message {number}", from_owner=number == 1) for number in range(201)]
    (chunk,) = owner.history({ada: told, ben: [Past(NOW, "Hello", kind="media_placeholder", id="wamid.7")]})
    webhook = read(graph, chunk)
    assert [(item.kind, item.addresses, len(item.content["messages"])) for item in webhook.items] == [
        (PAST, (f"phone:{OLD}",), 200),
        (PAST, (f"phone:{OLD}",), 1),
        (PAST, (f"phone:{NEW}",), 1),
    ]
    stamp = int(NOW.timestamp())
    assert [row[1:] for row in webhook.items[0].content["messages"][:2]] == [
        [stamp, "message 0", False, False, 0],
        [stamp, "message 1", True, False, 1],
    ]
    assert webhook.items[2].content["messages"] == [[key_of("wamid.7"), stamp, "[file]", False, False, 0]]
    assert webhook.history == (HistoryNews(100),)
    kept = json.dumps([item.content for item in webhook.items])
    assert (OLD in kept, "wamid" in kept) == (False, False)
    assert [item.key for item in read(graph, chunk).items] == [item.key for item in webhook.items]


def test_what_is_told_backwards_is_turned_around() -> None:
    later, earlier = (
        {"id": f"wamid.{stamp}", "from": OLD, "timestamp": stamp, "type": "text", "text": {"body": stamp}}
        for stamp in ("1772000009", "1772000000")
    )
    (item,) = read_value("history", {"history": [{"threads": [{"id": OLD, "messages": [later, earlier]}]}]}).items
    assert [(row[2], row[5]) for row in item.content["messages"]] == [("1772000000", 0), ("1772000009", 1)]


def test_a_history_that_is_declined_says_why() -> None:
    graph, _ = graph_with()
    (news,) = read(graph, OwnersPhone(graph.world).declines_history()).history
    assert news.error is not None
    assert "turned off in the WhatsApp Business app" in news.error


def test_a_file_of_the_history_is_told_of_whom_it_is_with() -> None:
    graph, ada = graph_with()
    owner = OwnersPhone(graph.world)
    theirs, own = Past(NOW, "our boat", id="wamid.7"), Past(NOW, "the menu", id="wamid.8", from_owner=True)
    (item,) = read(graph, owner.history_file(ada, theirs, b"picture")).items
    assert item.content["messages"] == [[key_of("wamid.7"), int(NOW.timestamp()), "[image] our boat", False, True, 0]]
    webhook = read(graph, owner.history_file(ada, own, b"picture"))
    assert (webhook.items, dict(webhook.passed_over)) == ((), {"image": 1})


def test_names_of_the_address_book_are_of_people_who_are_known() -> None:
    graph, ada = graph_with()
    owner = OwnersPhone(graph.world)
    webhook = read(
        graph, owner.saves_contact(ada, "Ada from the bakery"), owner.saves_contact(ada, "", action="remove")
    )
    (item,) = webhook.items
    assert (item.kind, item.addresses, item.content) == (LISTED, (f"phone:{OLD}",), {"name": "Ada from the bakery"})
    assert (item.is_of_known, dict(webhook.passed_over)) == (True, {"contact": 1})


@given(value=st.dictionaries(st.sampled_from(["wa_id", "user_id", "previous_user_id", "type", "new_wa_id"]), _ids))
def test_no_system_message_is_an_exception(value: dict[str, Any]) -> None:
    moved({"id": "wamid.1", "from": OLD, "type": "system", "system": value})


@given(
    chunk=st.dictionaries(
        st.sampled_from(["metadata", "threads", "errors"]),
        st.one_of(
            _ids,
            st.lists(
                st.dictionaries(st.sampled_from(["id", "messages", "code", "context"]), st.one_of(_ids, st.lists(_ids)))
            ),
            st.dictionaries(st.sampled_from(["progress", "phase"]), _ids),
        ),
    )
)
def test_no_history_is_an_exception(chunk: dict[str, Any]) -> None:
    read_value("history", {"history": [chunk], "messages": [chunk]})
    read_value("smb_app_state_sync", {"state_sync": [{"contact": chunk}]})
