"""Replies that failed or were begun before a crash, and what is left of them when they are given again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_replies import QuickClock, ReplyDesk, reply_desk

LONG = "All work and no play makes a dull day. " * 100


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as discord:
        yield discord


@pytest.fixture
async def desk(server: FakeDiscord) -> AsyncIterator[ReplyDesk]:
    async with reply_desk(server, clock=QuickClock()) as found:
        yield found


async def test_a_failure_can_be_tried_again_and_goes_when_the_answer_comes(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("The ans")
    await desk.first_text()

    await reply.fail("I can't reach my model.")
    assert desk.texts == ["The ans\n-# (stopped before its end)", "I can't reach my model."]
    assert [str(button["custom_id"]) for m in desk.messages for button in m.buttons] == [f"echo:retry:{desk.keys[0]}"]
    await desk.place_says("Are you there?")
    await desk.same_reply().deliver("The answer is 42.")

    assert [message.content for message in desk.place.visible()] == ["Are you there?", "The answer is 42."]


async def test_a_failure_before_a_crash_goes_when_the_answer_comes(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("The ans")
    await desk.first_text()
    await reply.fail("I can't reach my model.")
    await desk.crash()
    await desk.place_says("Are you there?")

    await desk.same_reply().deliver("The answer is 42.")

    assert [message.content for message in desk.place.visible()] == ["Are you there?", "The answer is 42."]


async def test_the_same_failure_is_told_once_until_somebody_says_more(desk: ReplyDesk) -> None:
    key = await desk.accepted()
    for _ in range(2):
        await desk.channel.open_reply(desk.thread, [key]).fail("I can't reach my model.")
    (first,) = desk.messages
    more = await desk.accepted()

    await desk.channel.open_reply(desk.thread, [key, more]).fail("I can't reach my model.")

    assert desk.texts == ["I can't reach my model."]
    assert desk.messages != [first]


async def test_a_failure_that_cannot_be_told_raises_nothing(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    desk.server.go_offline()

    await reply.fail("I can't reach my model.")

    assert desk.texts == []


async def test_a_reply_begun_before_a_crash_is_completed_in_place(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show(LONG)
    await desk.server.answer_in(desk.place, 2)
    await desk.crash()

    again = desk.same_reply()
    again.show("Another ")
    await desk.server.until(lambda: desk.texts[0].startswith("Another"))
    await again.deliver("Another answer.")

    assert desk.texts == ["Another answer."]
    assert len(desk.server.requests("POST", "/messages")) == 2


async def test_a_crash_between_a_post_and_its_note_makes_no_second_message(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("Hel")
    first = await desk.first_text()
    await asyncio.sleep(0.05)
    desk.store.sent.clear()
    await desk.crash()

    await desk.same_reply().deliver("Hello there")

    assert desk.texts == ["Hello there"]
    assert desk.messages == [first]


async def test_nothing_is_left_of_a_notice_but_one_line(desk: ReplyDesk) -> None:
    desk.server.rules.nonce_memory = timedelta()
    key = await desk.accepted()
    for _ in range(2):
        await desk.channel.open_reply(desk.thread, [key]).notice("This is a new conversation.")
        await desk.crash()
    reply = desk.same_reply()
    await reply.notice("This is a new conversation.")
    await reply.deliver("Hello")

    assert desk.texts == ["-# This is a new conversation.", "Hello"]
