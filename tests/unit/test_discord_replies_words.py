"""Names of buttons and messages, what a message is made of, what Discord's refusals mean."""

import asyncio
import json

import aiohttp
import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source.adapters.discord.replies.custom_ids import Control, custom_id, parse
from source.adapters.discord.replies.layout import LIMIT, LiveText, final_looks, small, with_cut
from source.adapters.discord.replies.look import Buttons, Look, change, creation
from source.adapters.discord.replies.nonces import line_number, nonce
from source.adapters.discord.replies.shown import ShownReplies
from source.adapters.discord.replies.troubles import (
    VENDOR_ERRORS,
    GoneError,
    RefusedError,
    UnreachableError,
    refusal,
    translated,
)
from source.domain.errors import DeliveryError, DeliveryRefusedError
from source.domain.reply_text import split, utf16_length
from source.domain.thread import Platform
from source.domain.turn import SentPart
from tests.fakes.clock import FakeClock
from tests.fakes.store import InMemoryStore
from tests.fakes.store_samples import GUILD, inbound

LARGEST_KEY = 2**53 - 1


@pytest.mark.parametrize("control", list(Control))
def test_a_button_names_its_reply(control: Control) -> None:
    assert parse(custom_id(control, LARGEST_KEY)) == (control, LARGEST_KEY)


@pytest.mark.parametrize("name", ["", "echo:stop:", "echo:other:1", "echo:stop:1x", "echo:stop:-1", "x:stop:1"])
def test_buttons_of_others_are_not_parsed(name: str) -> None:
    assert parse(name) is None


@given(st.text(), st.integers(0, 8))
def test_every_nonce_is_within_discords_25_characters(line: str, generation: int) -> None:
    for purpose in ("p8", "f", f"n{line_number(line):x}"):
        assert len(nonce(LARGEST_KEY, purpose, generation) or "") <= 25


def test_nonces_tell_keys_purposes_and_generations_apart() -> None:
    names = {nonce(key, purpose, number) for key in (1, 17) for purpose in ("p0", "p1", "f") for number in (0, 1)}

    assert len(names) == 12


def test_a_reply_to_nothing_has_no_nonce_and_no_buttons() -> None:
    payload = creation(Look("Hello", Buttons.JUDGE), None, nonce(None, "p0", 0))

    assert not {"nonce", "enforce_nonce", "components"} & payload.keys()


def test_every_message_pings_nobody_and_hides_previews() -> None:
    for payload in (creation(Look("Hello"), 1, "n"), change(None, Look("Hello"), 1)):
        assert payload["allowed_mentions"] == {"parse": []}
        assert payload["flags"] == 4


def test_an_edit_of_the_text_alone_leaves_the_buttons_alone() -> None:
    stop = Look("Hel", Buttons.STOP)

    assert "components" not in change(stop, Look("Hello", Buttons.STOP), 1)
    assert change(stop, Look("Hello"), 1)["components"] == []
    assert change(None, Look("Hello"), 1)["components"] == []


async def test_a_cut_reply_puts_its_retry_first_to_the_eye() -> None:
    (cut,) = await final_looks("Hello", is_cut=True)
    rows = creation(cut, 1, None)["components"]

    assert isinstance(rows, list)
    styles = [button["style"] for button in rows[0]["components"]]
    assert styles == [1, 2, 2]


@given(st.text(alphabet="ab \n`😀", max_size=9_000))
async def test_final_messages_are_those_of_the_splitter(text: str) -> None:
    texts = [look.content for look in await final_looks(text, is_cut=False)]

    assert texts == [chunk.text for chunk in split(text, LIMIT)]


async def test_a_long_odd_reply_is_cut_no_further_than_it_is_shown_and_leaves_others_their_time() -> None:
    text = "a\n\n" * 30_000
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.ensure_future(others())
    looks = await final_looks(text, is_cut=False)
    beside.cancel()

    assert [look.content for look in looks[:-1]] == [chunk.text for chunk in split(text[:30_000], LIMIT)[:8]]
    assert looks[-1].file == text
    assert 8 <= turns <= 15


@given(st.integers(1_950, 2_000))
def test_a_cut_reply_stays_within_the_limit(length: int) -> None:
    texts = with_cut(["a" * length])

    assert all(utf16_length(text) <= LIMIT for text in texts)
    assert texts[-1].endswith("-# (stopped before its end)")


def test_live_text_has_its_stop_button_under_the_last_message_only() -> None:
    live = LiveText()
    live.feed("All work and no play. " * 200)

    assert [look.buttons for look in live.looks()] == [Buttons.NONE, Buttons.NONE, Buttons.STOP]


def test_live_text_that_comes_in_pieces_grows_to_its_last_message_and_says_that_it_goes_on() -> None:
    live, delta = LiveText(), "All work and no play. "
    counts = []
    for _ in range(1_200):
        live.feed(delta)
        counts.append(len(live.looks()))

    assert counts == sorted(counts)
    assert counts[-1] == 9
    assert live.looks()[-1].content.startswith("-# This goes on")


def test_every_line_of_a_notice_is_small() -> None:
    assert small("One.\n\nTwo.") == "-# One.\n-# Two."
    assert small(" \n ") == ""


def subclasses(kind: type[BaseException]) -> set[type[BaseException]]:
    return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))


@pytest.mark.parametrize(
    "kind",
    sorted(subclasses(discord.DiscordException) | subclasses(aiohttp.ClientError), key=str),
)
def test_every_error_of_the_vendors_becomes_a_delivery_error(kind: type[BaseException]) -> None:
    assert issubclass(kind, VENDOR_ERRORS)
    error = kind.__new__(kind)
    if isinstance(error, discord.HTTPException):
        error.status, error.code = 400, 50035
    if isinstance(error, discord.RateLimited):
        error.retry_after = 1.0

    assert isinstance(translated(error, 7), DeliveryError)


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (500, 0, UnreachableError),
        (503, 0, UnreachableError),
        (429, 0, UnreachableError),
        (429, 30046, RefusedError),
        (403, 50013, RefusedError),
        (404, 10008, RefusedError),
        (404, 10003, GoneError),
    ],
)
def test_a_status_says_whether_trying_again_helps(status: int, code: int, meaning: type[DeliveryError]) -> None:
    error = discord.HTTPException.__new__(discord.HTTPException)
    error.status, error.code = status, code

    assert type(translated(error, 7)) is meaning


@pytest.mark.parametrize(("status", "is_overtaken"), [(400, True), (403, True), (502, False), (429, False)])
def test_what_is_newer_waits_for_what_may_still_arrive_alone(status: int, is_overtaken: bool) -> None:
    assert isinstance(refusal(status, 0, 1), DeliveryRefusedError) is is_overtaken


async def test_parts_come_back_as_they_were_shown() -> None:
    store = InMemoryStore(FakeClock())
    event = await store.accept(inbound(thread=GUILD))
    assert event is not None
    for part, name in [(0, "100"), (1, "101"), (0, "90"), (-1, "95"), (3, "103"), (-2 - line_number("Hi"), "80")]:
        store.note_sent(Platform.DISCORD, SentPart(event.key, part, name))
    replies = ShownReplies(store)

    await replies.load()

    reply = replies.of(event.key)
    assert [part.message_id for part in reply.parts] == [100, 101]
    assert sorted(reply.leftovers) == [90, 103]
    assert reply.failure is not None
    assert reply.failure.message_id == 95
    assert reply.noticed == {line_number("Hi")}


def test_no_text_of_a_person_is_in_what_the_operator_reads() -> None:
    assert "secret" not in str(translated(ValueError("secret"), 7))
    assert json.dumps(str(RefusedError(400, 50035, 7)))
