"""What the owner writes on their phone is read whatever it looks like."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.whatsapp.items import Item
from source.adapters.whatsapp.reading.echoes import ECHOED
from source.adapters.whatsapp.reading.messages import CORRECTED
from source.adapters.whatsapp.reading.values import key_of
from source.adapters.whatsapp.webhook import Webhook, read_webhook

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def _echo(**fields: Any) -> dict[str, Any]:
    text = {"from": "4930111", "to": "4915112345678", "timestamp": "1795250000", "type": "text"}
    return {"id": "wamid.1", **text, "text": {"body": "We have it."}, **fields}


def _read(*echoes: object, **fields: Any) -> Webhook:
    value = {"messaging_product": "whatsapp", "message_echoes": list(echoes), **fields}
    entry = [{"id": "9", "changes": [{"field": "smb_message_echoes", "value": value}]}]
    return read_webhook(json.dumps({"entry": entry}).encode(), phone_id="77", now=NOW)


def _only(echo: dict[str, Any], **fields: Any) -> Item:
    (item,) = _read(echo, **fields).items
    return item


def test_a_text_is_told_with_whom_it_went_to_and_when() -> None:
    assert _only(_echo()) == Item(
        kind=ECHOED,
        key=key_of("wamid.1"),
        addresses=("phone:4915112345678",),
        sent_at=datetime.fromtimestamp(1795250000, UTC),
        content={"text": "We have it."},
    )


def test_who_hides_their_number_is_known_by_their_id_and_a_contact_may_know_more() -> None:
    assert _only(_echo(to=None, to_user_id="US.9x")).addresses == ("user:US.9x",)
    both = ("user:US.9x", "phone:4915112345678")
    assert _only(_echo(), contacts=[{"wa_id": "4915112345678", "user_id": "US.9x"}]).addresses == both
    assert _only(_echo(), contacts=[{"wa_id": "1", "user_id": "US.other"}]).addresses == ("phone:4915112345678",)


def test_a_picture_is_told_in_words() -> None:
    assert _only(_echo(type="image", image={"id": "5", "caption": "the boat"})).content == {"text": "[image] the boat"}


def test_an_edit_and_a_deletion_say_which_message_they_correct() -> None:
    change = {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "We had it."}}}
    edited = _only(_echo(type="edit", edit=change))
    assert (edited.kind, edited.content) == (CORRECTED, {"corrects": key_of("wamid.0"), "text": "We had it."})
    revoked = _only(_echo(type="revoke", revoke={"original_message_id": "wamid.0"}))
    assert (revoked.kind, revoked.content) == (CORRECTED, {"corrects": key_of("wamid.0"), "text": ""})


@pytest.mark.parametrize(
    "echo",
    [
        _echo(id=""),
        _echo(to=None),
        _echo(type="hologram"),
        _echo(text={}),
        _echo(type="edit", edit={"original_message_id": "wamid.0"}),
        _echo(type="revoke", revoke={}),
    ],
)
def test_what_says_nothing_is_counted(echo: dict[str, Any]) -> None:
    webhook = _read(echo)
    assert webhook.items == ()
    assert sum(webhook.passed_over.values()) == 1


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(echo=_anything, value=_anything, kind=st.sampled_from(["text", "image", "edit", "revoke"]))
def test_no_shape_of_it_raises_anything(echo: object, value: object, kind: str) -> None:
    _read(echo, contacts=value)
    _read(_echo(type=kind, **{kind: value}), contacts=echo)
    _read(_echo(to=value, to_user_id=echo, id=value))
