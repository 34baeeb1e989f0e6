"""Whatever a file says, it is read or refused."""

import contextlib
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from source.domain.errors import RefusedInputError
from source.domain.imports.cutting import cut
from source.domain.message_text import is_storable
from tests.fakes.import_samples import discord, discord_export, whatsapp

_PIECES = st.sampled_from(
    ["[", "]", " - ", ": ", ", ", "/", ".", "-", "\n", "\u200e", "\u202f", "\x00", "\ud800", "Ann", "PM", "下午", "<x>"]
) | st.sampled_from(
    ["3", "13", "2026", "99", "٣", "²", "20/11/2026, 17:53 - ", "[20.11.26, 17:53:02] ", "0000", "12:00", "12.60"]
)
_TEXTS = st.lists(_PIECES, max_size=40).map("".join) | st.text(max_size=200)
_KEYS = st.sampled_from(
    ["id", "type", "content", "author", "timestamp", "reference", "messageId", "mentions", "attachments"]
) | st.sampled_from(["name", "nickname", "embeds", "stickers", "forwardedMessage", "fileName"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=30,
)
_TIMES = st.sampled_from(["2026-03-15T09:00:00+00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "x"])


@given(_TEXTS)
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    with contextlib.suppress(RefusedInputError):
        chat = whatsapp(text)
        for each in chat.messages:
            assert is_storable(each.text)
            assert each.speaker
            assert is_storable(each.speaker.external_id)


@given(st.lists(_TEXTS, min_size=1, max_size=5))
def test_no_words_are_lost_or_attributed_to_nobody(texts: list[str]) -> None:
    lines = [f"20/11/2026, 17:{number:02} - Ann: w{number} {text}" for number, text in enumerate(texts)]
    with contextlib.suppress(RefusedInputError):
        chat = whatsapp("\n".join(lines))
        for number in range(len(texts)):
            assert any(f"w{number}" in each.text for each in chat.messages) or chat.unread or chat.left_out


@given(_JSON)
def test_no_json_raises_anything_but_a_refusal(exported: object) -> None:
    with contextlib.suppress(RefusedInputError):
        discord(exported)


@given(st.lists(st.dictionaries(_KEYS, _JSON | _TIMES, max_size=8), max_size=5))
def test_no_message_of_a_channel_raises_anything(messages: list[dict[str, object]]) -> None:
    author: dict[str, object] = {"id": "5", "name": "\ud800"}
    written = [{"id": str(number), "author": author, **each} for number, each in enumerate(messages)]
    chat = discord(discord_export(*written))
    assert len(chat.messages) + chat.left_out + len(chat.unread) <= len(messages)
    for each in chat.messages:
        assert is_storable(each.text)


@given(st.lists(st.integers(0, 59), max_size=20), st.integers(1, 60))
def test_cutting_loses_nothing_and_parts_are_further_apart_than_the_window(minutes: list[int], window: int) -> None:
    lines = [f"20/11/2026, 17:{minute:02} - Ann: {number}" for number, minute in enumerate(sorted(minutes))]
    messages = whatsapp("\n".join(lines)).messages if lines else ()
    parts = list(cut(messages, timedelta(minutes=window)))
    assert [each for part in parts for each in part] == list(messages)
    for before, after in pairwise(parts):
        assert after[0].said_at - before[-1].said_at >= timedelta(minutes=window)
