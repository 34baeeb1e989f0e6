"""What people send that is no text, what they tap and what they think of a message."""

from datetime import UTC, datetime
from typing import Any

import pytest

from source.adapters.whatsapp.items import Item
from source.adapters.whatsapp.reading.messages import CORRECTED, SAID, messages_in
from source.adapters.whatsapp.reading.reactions import REACTED
from source.adapters.whatsapp.reading.values import key_of

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PHOTO = {"id": "17", "mime_type": "image/jpeg", "sha256": "ab", "caption": "my boat"}
PHOTO_KEPT = {"kind": "IMAGE", "id": "17", "type": "image/jpeg", "sha256": "ab", "name": "", "named": "[image]"}


def _read(kind: str, content: object, **fields: object) -> list[Item | str]:
    message = {"from": "4915112345678", "id": "wamid.1", "timestamp": "1795250000", "type": kind, kind: content}
    return list(messages_in({"messages": [{**message, **fields}]}, NOW))


def _item(kind: str, content: object, **fields: object) -> Item:
    (found,) = _read(kind, content, **fields)
    assert isinstance(found, Item)
    return found


@pytest.mark.parametrize(
    ("kind", "content", "text"),
    [
        ("image", PHOTO, "[image] my boat"),
        ("video", {"id": "1"}, "[video]"),
        ("audio", {"id": "1", "voice": True}, "[voice message]"),
        ("audio", {"id": "1", "voice": False}, "[audio]"),
        ("document", {"id": "1", "filename": "a\nb.pdf", "caption": "read"}, "[document: a b.pdf] read"),
        ("sticker", {"id": "1", "animated": True}, "[sticker]"),
        ("location", {"latitude": 52.5200066, "longitude": 13.404954}, "[location: 52.52, 13.405]"),
        ("location", {"latitude": 1, "longitude": 2, "name": "Shop", "address": "A 1"}, "[location: Shop, A 1, 1, 2]"),
        ("location", {"latitude": "north"}, "[location]"),
        (
            "contacts",
            [{"name": {"formatted_name": "Ben"}, "phones": [{"phone": "+49 1"}], "emails": [{"email": "b@x.de"}]}, {}],
            "[contact: Ben, +49 1, b@x.de]\n[contact]",
        ),
        ("contacts", "odd", "[contact]"),
        (
            "order",
            {
                "text": "please",
                "product_items": [
                    {"product_retailer_id": "tea", "quantity": 2, "item_price": 3.5, "currency": "EUR"},
                    {},
                ],
            },
            "[order: 2 × tea at 3.5 EUR, product] please",
        ),
        ("unsupported", {"type": "poll_creation"}, "[poll creation that WhatsApp does not pass on]"),
        ("unsupported", {}, "[something that WhatsApp does not pass on]"),
    ],
)
def test_what_is_sent_is_told_in_words(kind: str, content: object, text: str) -> None:
    assert _item(kind, content).content["text"] == text


def test_an_edit_that_is_not_passed_on_is_nothing_that_was_said() -> None:
    assert _read("unsupported", {"type": "edit"}) == ["unsupported"]


def test_a_file_is_kept_by_its_id_until_it_was_looked_at() -> None:
    assert _item("image", PHOTO).content == {"text": "[image] my boat", "reply_to": None, "file": PHOTO_KEPT}
    voice = _item("audio", {"id": "18", "mime_type": "audio/ogg; codecs=opus", "voice": True}).content["file"]
    assert (voice["kind"], voice["type"]) == ("VOICE", "audio/ogg")
    assert "file" not in _item("image", {"caption": "lost"}).content
    assert "file" not in _item("location", {"id": "17"}).content


def test_an_edited_caption_brings_its_file() -> None:
    edit = {"original_message_id": "wamid.0", "message": {"type": "image", "image": PHOTO}}
    edited = _item("edit", edit)
    assert edited.kind == CORRECTED
    assert edited.content == {"corrects": key_of("wamid.0"), "text": "[image] my boat", "file": PHOTO_KEPT}


@pytest.mark.parametrize("kind", ["button_reply", "list_reply"])
def test_what_was_tapped_brings_its_command(kind: str) -> None:
    tapped = {"type": kind, kind: {"id": "/resume 41", "title": "The boat"}}
    assert _item("interactive", tapped).content == {"text": "The boat", "reply_to": None, "command": "/resume 41"}


@pytest.mark.parametrize("foreign", ["yes", "", "/" + "x" * 200, 7, "/new\x00"])
def test_the_id_of_somebody_elses_button_is_no_command(foreign: object) -> None:
    tapped: Any = {"type": "button_reply", "button_reply": {"id": foreign, "title": "Yes"}}
    assert _item("interactive", tapped).content == {"text": "Yes", "reply_to": None}


def test_a_reaction_says_to_which_message_and_opens_nothing() -> None:
    reacted = _item("reaction", {"message_id": "wamid.0", "emoji": "👍"})
    assert (reacted.kind, reacted.content) == (REACTED, {"to": key_of("wamid.0"), "emoji": "👍"})
    assert (reacted.wamid, reacted.renews) == (None, False)
    taken_back = _item("reaction", {"message_id": "wamid.0"})
    assert taken_back.content["emoji"] == ""
    assert _read("reaction", {"emoji": "👍"}) == ["reaction"]
    assert _item("text", {"body": "Hello"}).kind == SAID
