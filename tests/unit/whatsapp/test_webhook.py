"""What Meta delivers is read whatever it looks like."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.whatsapp.items import Item
from source.adapters.whatsapp.reading.messages import CORRECTED, SAID
from source.adapters.whatsapp.reading.values import key_of
from source.adapters.whatsapp.webhook import Webhook, read_webhook

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def _message(number: int = 1, **fields: Any) -> dict[str, Any]:
    text = {"from": "4915112345678", "timestamp": "1795250000", "type": "text", "text": {"body": f"Hello {number}"}}
    return {"id": f"wamid.{number}", **text, **fields}


def _value(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    contact = {"profile": {"name": "Ada"}, "wa_id": "4915112345678", "user_id": "DE.Ab12"}
    return {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": "77", "display_phone_number": "4930111"},
        "contacts": [contact],
        "messages": list(messages),
        **fields,
    }


def _read(*values: dict[str, Any], field: str = "messages") -> Webhook:
    entry = [{"id": "9", "changes": [{"field": field, "value": value}]} for value in values]
    return read_webhook(
        json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode(), phone_id="77", now=NOW
    )


def _only(*values: dict[str, Any]) -> Item:
    (said,) = _read(*values).items
    return said


def test_every_message_of_every_change_is_read_in_order() -> None:
    webhook = _read(_value(_message(1), _message(2)), _value(_message(3)))
    assert [said.content["text"] for said in webhook.items] == ["Hello 1", "Hello 2", "Hello 3"]
    assert webhook.passed_over == {}


def test_what_is_of_another_number_of_the_business_is_passed_over() -> None:
    other = {"phone_number_id": "78", "display_phone_number": "4930222"}
    webhook = _read(_value(_message(1), metadata=other), _value(_message(2)), _value(_message(3), metadata=None))
    assert [said.content["text"] for said in webhook.items] == ["Hello 2", "Hello 3"]
    assert webhook.passed_over == {"other_number": 1}


def test_a_text_is_told_with_who_sent_it_when_and_to_what() -> None:
    said = _only(_value(_message(context={"id": "wamid.before", "from": "4930111"})))
    assert said == Item(
        kind=SAID,
        key=key_of("wamid.1"),
        addresses=("user:DE.Ab12", "phone:4915112345678"),
        sent_at=datetime.fromtimestamp(1795250000, UTC),
        content={"text": "Hello 1", "reply_to": key_of("wamid.before")},
        name="Ada",
        wamid="wamid.1",
        renews=True,
    )


def test_the_key_of_a_message_holds_nothing_of_its_id() -> None:
    assert "4915112345678" not in key_of("wamid.4915112345678")
    assert key_of("wamid.1") != key_of("wamid.2")


def test_who_hides_their_number_is_known_by_their_id() -> None:
    lean = _message() | {"from": None, "from_user_id": "US.9x"}
    assert _only(_value(lean, contacts=[{"user_id": "US.9x"}])).addresses == ("user:US.9x",)
    assert _only(_value(_message() | {"from": "US.9x"}, contacts=[])).addresses == ("user:US.9x",)


def test_a_contact_of_somebody_else_says_nothing_of_the_sender() -> None:
    said = _only(_value(_message(), contacts=[{"wa_id": "1", "user_id": "DE.other", "profile": {"name": "Ben"}}]))
    assert (said.addresses, said.name) == (("phone:4915112345678",), None)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"type": "button", "button": {"text": "Yes", "payload": "y"}}, "Yes"),
        ({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"title": "Later"}}}, "Later"),
        ({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"title": "Tea"}}}, "Tea"),
        ({"type": "image", "image": {"id": "5", "caption": "my boat"}}, "[image] my boat"),
        ({"type": "audio", "audio": {"id": "5"}}, "[voice message]"),
    ],
)
def test_what_is_chosen_or_sent_is_told_in_words(fields: dict[str, Any], text: str) -> None:
    assert _only(_value(_message(**fields))).content["text"] == text


def test_an_edit_and_a_deletion_say_which_message_they_correct() -> None:
    edit = {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "Hello there"}}}
    revoke = {"original_message_id": "wamid.1"}
    edited, revoked = _read(
        _value(_message(2, type="edit", edit=edit), _message(3, type="revoke", revoke=revoke))
    ).items
    assert (edited.kind, revoked.kind) == (CORRECTED, CORRECTED)
    assert edited.content == {"corrects": key_of("wamid.1"), "text": "Hello there"}
    assert revoked.content == {"corrects": key_of("wamid.1"), "text": ""}
    assert _read(_value(_message(type="edit", edit={}))).passed_over == {"edit": 1}


def test_what_echo_does_nothing_with_is_counted_by_kind() -> None:
    statuses = [{"id": "wamid.1", "status": "read"}, {"id": "wamid.1", "status": "delivered"}]
    webhook = _read(_value(_message(type="reaction", reaction={}), _message(type="system"), statuses=statuses))
    assert webhook.passed_over == {"reaction": 1, "system": 1}
    assert _read({}, field="account_update").passed_over == {"account_update": 1}


def test_a_moment_that_is_none_or_far_ahead_is_not_believed() -> None:
    assert _only(_value(_message(timestamp="soon"))).sent_at == NOW
    assert (_only(_value(_message(timestamp="99999999999"))).sent_at - NOW).days <= 1


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(message=_anything, value=_anything, entry=_anything)
def test_no_shape_of_it_raises_anything(message: object, value: object, entry: object) -> None:
    for odd in (
        entry if isinstance(entry, dict) else {"entry": entry},
        {"entry": [{"changes": [{"field": "messages", "value": value}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": {"messages": message, "contacts": value}}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": _value(_message(text=message, context=value))}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": _value(_message(id=message, type=value))}]}]},
    ):
        read_webhook(json.dumps(odd).encode(), phone_id="77", now=NOW)


def test_what_is_no_object_is_refused() -> None:
    for body in (b"[]", b"", b"{", b"\xff"):
        with pytest.raises(ValueError, match=r"\w"):
            read_webhook(body, phone_id="77", now=NOW)
