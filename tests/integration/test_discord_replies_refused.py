"""Replies that Discord takes only in part, or never."""

from collections.abc import AsyncIterator

import pytest
import structlog

from source.domain.errors import DeliveryError, UndeliverableError
from tests.fakes.discord import FakeDiscord, threads
from tests.fakes.discord.faults import Slow
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord_replies import QuickClock, ReplyDesk, reply_desk, shown

LONG = "\n\n".join(f"Paragraph {number}. " + "All work and no play. " * 20 for number in range(60))
EDIT = "/messages/[0-9]+$"
POST = "/messages$"


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as discord:
        discord.limits.is_on = False
        yield discord


@pytest.fixture
async def desk(server: FakeDiscord) -> AsyncIterator[ReplyDesk]:
    async with reply_desk(server, clock=QuickClock()) as found:
        yield found


def deny_files(desk: ReplyDesk) -> None:
    assert desk.place.guild is not None
    desk.place.guild.overwrite(desk.place, desk.place.guild.everyone, deny=Permission.ATTACH_FILES)


@pytest.mark.parametrize("is_live", [True, False])
async def test_a_long_reply_is_whole_where_files_are_denied(desk: ReplyDesk, *, is_live: bool) -> None:
    deny_files(desk)
    reply = await desk.reply()
    if is_live:
        reply.show(LONG)
        await desk.server.answer_in(desk.place, 9)
        desk.server.faults.refuse(403, 50013, method="PATCH", path=EDIT)

    await reply.deliver(LONG)

    assert len(shown(LONG)) > 9
    assert desk.texts == shown(LONG)
    assert [str(button["custom_id"]).split(":")[1] for button in desk.messages[-1].buttons] == ["retry", "good", "bad"]


async def test_a_long_reply_is_whole_where_its_file_is_too_large(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show(LONG)
    await desk.server.answer_in(desk.place, 9)
    desk.server.faults.refuse(413, 40005, method="PATCH", path=EDIT)
    desk.server.faults.refuse(413, 40005, method="POST", path=POST)

    await reply.deliver(LONG, interrupted=True)

    assert desk.texts == [*shown(LONG)[:-1], f"{shown(LONG)[-1]}\n-# (stopped before its end)"]


async def test_a_long_reply_without_its_file_goes_on_where_its_delivery_stopped(desk: ReplyDesk) -> None:
    deny_files(desk)
    reply = await desk.reply()
    desk.server.faults.plan(Slow(0.0), method="POST", path=POST, times=11)
    desk.server.faults.fail(500, method="POST", path=POST, times=4)
    with pytest.raises(DeliveryError):
        await reply.deliver(LONG)
    standing = desk.messages
    assert len(standing) == 10

    await desk.same_reply().deliver(LONG)

    assert desk.texts == shown(LONG)
    assert desk.messages[:10] == standing


async def test_a_place_that_refuses_every_message_is_not_asked_again_for_the_file(desk: ReplyDesk) -> None:
    desk.server.faults.refuse(403, 50013, method="POST", path=POST, times=3)

    with pytest.raises(DeliveryError, match="50013"):
        await (await desk.reply()).deliver(LONG)

    assert len(desk.server.requests("POST", "/messages")) == 1


@pytest.mark.parametrize("is_begun", [True, False])
async def test_a_reply_whose_thread_was_deleted_is_given_up_for_good(desk: ReplyDesk, *, is_begun: bool) -> None:
    assert desk.place.guild is not None
    desk.place = thread = desk.place.guild.add_threads(desk.place, 1)[0]
    reply = await desk.reply()
    if is_begun:
        reply.show("Hel")
        await desk.first_text()
    threads.delete(desk.server.world, thread)
    before = len(desk.server.requests())

    with pytest.raises(UndeliverableError, match="deleted"):
        await reply.deliver("Hello")

    assert len(desk.server.requests()) == before + 1


async def test_a_missing_permission_is_told_to_the_operator_once(desk: ReplyDesk) -> None:
    desk.server.faults.refuse(403, 50013, method="POST", path=POST, times=3)
    reply = await desk.reply()

    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(DeliveryError, match=r"50013 \(a permission is missing\)"):
                await reply.deliver("Hello")
            reply = desk.same_reply()

    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["discord_permission_missing"]


async def test_a_reply_whose_place_another_takes_before_it_is_delivered_keeps_no_stop_button(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("Half an ans")
    await desk.first_text()
    desk.server.go_offline()
    with pytest.raises(DeliveryError):
        await reply.deliver("Half an answer, and its end.")
    desk.server.go_online()
    older = desk.same_reply()

    await (await desk.reply()).deliver("Another answer.")

    assert desk.texts == ["Half an ans", "Another answer."]
    assert desk.messages[0].buttons == []
    await older.deliver("Half an answer, and its end.")
    assert desk.texts == ["Half an answer, and its end.", "Another answer."]
