"""Replies when Discord refuses, forgets, loses answers or is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from source.domain.errors import DeliveryError
from tests.fakes.discord import FakeDiscord, posting
from tests.fakes.discord.message import Draft
from tests.fakes.discord_replies import QuickClock, ReplyDesk, reply_desk, shown

LONG = "All work and no play makes a dull day. " * 100
EDIT = "/messages/[0-9]+$"
POST = "/messages$"


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as discord:
        yield discord


@pytest.fixture
async def desk(server: FakeDiscord) -> AsyncIterator[ReplyDesk]:
    async with reply_desk(server, clock=QuickClock()) as found:
        yield found


@pytest.mark.parametrize(("status", "code"), [(429, 30046), (404, 10008), (400, 50083), (403, 50005)])
async def test_a_new_message_takes_the_place_of_one_that_cannot_be_edited(
    desk: ReplyDesk, status: int, code: int
) -> None:
    reply = await desk.reply()
    reply.show("Hel")
    first = await desk.first_text()
    desk.server.faults.refuse(status, code, method="PATCH", path=EDIT)

    await reply.deliver("Hello there")

    assert desk.texts == ["Hello there"]
    assert desk.messages[0] is not first


async def test_a_message_that_somebody_deleted_is_posted_anew(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("Hel")
    posting.delete(desk.server.world, await desk.first_text())

    await reply.deliver("Hello there")

    assert desk.texts == ["Hello there"]


async def test_a_nonce_of_a_deleted_message_is_not_used_again(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    desk.server.faults.refuse(404, 10008, method="POST", path=POST)

    await reply.deliver("Hello there")

    first, second = (call.body for call in desk.server.requests("POST", "/messages"))
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert first["nonce"] != second["nonce"]
    assert desk.texts == ["Hello there"]


async def test_what_follows_a_message_that_cannot_be_edited_is_posted_anew_too(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show(LONG)
    await desk.server.answer_in(desk.place, 2)
    desk.server.faults.refuse(429, 30046, method="PATCH", path=EDIT)

    await reply.deliver("Another beginning. " + LONG)

    assert desk.texts == shown("Another beginning. " + LONG)


async def test_an_archived_thread_comes_back_and_shows_the_reply_once(desk: ReplyDesk) -> None:
    assert desk.place.guild is not None
    desk.place = thread = desk.place.guild.add_threads(desk.place, 1)[0]
    reply = await desk.reply()
    reply.show("Hel")
    await desk.first_text()
    assert thread.thread is not None
    thread.thread.archived = True

    await reply.deliver("Hello there")

    assert desk.texts == ["Hello there"]
    assert not thread.thread.archived


@pytest.mark.parametrize("after_effect", [True, False])
async def test_a_lost_answer_makes_no_second_message(desk: ReplyDesk, *, after_effect: bool) -> None:
    reply = await desk.reply()
    desk.server.faults.cut(method="POST", path=POST, after_effect=after_effect)

    await reply.deliver("Hello")

    assert desk.texts == ["Hello"]


async def test_the_first_text_whose_answer_was_lost_grows_in_place(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    desk.server.faults.cut(method="POST", path=POST)
    reply.show("Hel")
    await desk.first_text()
    reply.show("lo there")

    await reply.deliver("Hello there")

    (message,) = desk.messages
    assert message.content == "Hello there"
    assert [str(button["custom_id"]).split(":")[1] for button in message.buttons] == ["retry", "good", "bad"]


async def test_a_file_whose_answer_was_lost_hangs_on_once(desk: ReplyDesk) -> None:
    desk.server.limits.is_on = False
    reply = await desk.reply()
    text = LONG * 6
    desk.server.faults.cut(method="POST", path=POST, times=10)

    with pytest.raises(DeliveryError):
        await reply.deliver(text)
    desk.server.faults.clear()
    await desk.same_reply().deliver(text)

    assert len(desk.messages) == 9
    assert [len(message.attachments) for message in desk.messages] == [0] * 8 + [1]


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_error_on_discords_side_is_tried_again(desk: ReplyDesk, status: int) -> None:
    reply = await desk.reply()
    desk.server.faults.fail(status, method="POST", path=POST, times=2)

    await reply.deliver("Hello")

    assert desk.texts == ["Hello"]


async def test_a_reply_that_was_refused_for_now_arrives_when_discord_is_back(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show(LONG)
    await desk.server.answer_in(desk.place, 2)
    desk.server.go_offline()

    with pytest.raises(DeliveryError):
        await reply.deliver(LONG + "The end.")
    desk.server.go_online()
    await desk.same_reply().deliver(LONG + "The end.")

    assert desk.texts == shown(LONG + "The end.")
    assert len({message.id for message in desk.place.messages.values()}) == 2


async def test_a_delivery_goes_on_where_it_stopped(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    text = LONG * 2
    desk.server.faults.fail(500, method="POST", path=POST, times=4)
    with pytest.raises(DeliveryError):
        await reply.deliver(text)

    await desk.same_reply().deliver(text)

    assert desk.texts == shown(text)


async def test_a_request_that_hangs_delays_no_final_text_for_long(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("Hel")
    await desk.first_text()
    desk.server.faults.hang(method="PATCH", path=EDIT)
    reply.show("lo")
    await desk.server.until(lambda: desk.server.faults.struck)

    began = time.monotonic()
    await reply.deliver("Hello there")

    assert time.monotonic() - began < 4
    assert desk.texts == ["Hello there"]


async def test_what_is_not_logged_in_yet_refuses_to_deliver(desk: ReplyDesk) -> None:
    await desk.client.close()

    with pytest.raises(DeliveryError):
        await (await desk.reply()).deliver("Hello")


async def test_a_429_of_one_bucket_only_delays(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    desk.server.faults.rate_limit(retry_after=0.2, method="POST", path=POST)

    await reply.deliver("Hello")

    assert desk.texts == ["Hello"]


async def test_a_429_of_everything_holds_nothing_back_for_ever(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("Hel")
    await desk.first_text()
    desk.server.faults.rate_limit(retry_after=0.3, is_global=True, method="PATCH", path=EDIT)
    reply.show("lo")
    await desk.server.until(lambda: desk.server.faults.struck)

    await reply.deliver("Hello there")
    await (await desk.reply()).deliver("And again")

    assert desk.texts == ["Hello there", "And again"]


async def test_a_typing_sign_that_met_a_429_of_everything_holds_no_text_back(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    desk.server.faults.rate_limit(retry_after=0.5, is_global=True, method="POST", path="/typing")
    reply.thinking()
    await desk.server.until(lambda: desk.server.faults.struck)
    await asyncio.sleep(0.1)

    reply.show("Hello")
    await asyncio.wait_for(reply.deliver("Hello"), 5.0)

    assert desk.texts == ["Hello"]


async def test_an_edit_of_a_message_from_long_ago_falls_back_to_a_new_one(desk: ReplyDesk) -> None:
    key = await desk.accepted()
    old = posting.put_into_the_past(
        desk.server.world, desk.place, desk.server.bot, Draft("Half an ans"), datetime.now(UTC) - timedelta(hours=2)
    )
    desk.server.rules.old_edits = 0
    desk.note(key, old)
    await desk.crash()

    await desk.same_reply().deliver("A whole answer")

    assert desk.texts == ["A whole answer"]


async def test_stopping_ends_what_runs_in_the_background(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.thinking()
    reply.show("Hel")
    desk.server.faults.hang(method="PATCH", path=EDIT)
    await desk.first_text()
    reply.show("lo")
    await desk.server.until(lambda: desk.server.faults.struck)

    await desk.channel.stop()

    ours = [task for task in asyncio.all_tasks() if task.get_name().startswith("discord-")]
    assert ours == []


async def test_after_the_end_nothing_begins_but_what_is_delivered_arrives(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    await desk.channel.stop()

    reply.thinking()
    reply.show("Hel")
    await asyncio.sleep(0.1)
    assert desk.server.requests("POST") == []
    await reply.deliver("Hello")

    assert desk.texts == ["Hello"]
