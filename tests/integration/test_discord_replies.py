"""Replies over real HTTP to a Discord that is as strict as the real one."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator

import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.message import Message, MessageFlag
from tests.fakes.discord_replies import ReplyDesk, reply_desk, shown

SOON = 0.5


@pytest.fixture
async def server() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as discord:
        yield discord
    assert discord.rate_limited == []


@pytest.fixture
async def desk(server: FakeDiscord) -> AsyncIterator[ReplyDesk]:
    async with reply_desk(server) as found:
        yield found


def controls(message: Message) -> list[str]:
    return [str(button["custom_id"]).split(":")[1] for button in message.buttons]


async def test_the_first_text_is_there_at_once_and_can_be_stopped(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    began = time.monotonic()

    reply.show("Hel")
    message = await desk.first_text()

    assert message.seen_at - began < SOON
    assert message.content == "Hel"
    assert [button["custom_id"] for button in message.buttons] == [f"echo:stop:{desk.keys[0]}"]
    await reply.deliver("Hello")


async def test_a_line_that_comes_after_the_text_began_stands_below_all_of_it(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    text = "\n\n".join("word " * 300 for _ in range(3))

    await reply.notice("Above")
    reply.show(text[:100])
    await desk.first_text()
    await reply.notice("Below")
    await reply.deliver(text)

    assert (desk.texts[0], desk.texts[-1]) == ("-# Above", "-# Below")
    assert len(desk.texts) > 4


async def test_white_space_alone_is_not_posted(desk: ReplyDesk) -> None:
    reply = await desk.reply()

    reply.show("\n\n")
    reply.show("  ")
    await asyncio.sleep(0.1)
    assert desk.server.requests("POST", "/messages") == []
    reply.show("Hello")
    await desk.first_text()
    await reply.deliver("\n\n  Hello")

    assert desk.texts == ["Hello"]


async def test_the_final_text_can_be_judged_and_given_again(desk: ReplyDesk) -> None:
    reply = await desk.reply()

    await reply.deliver("Hello")

    (message,) = desk.messages
    assert message.content == "Hello"
    assert controls(message) == ["retry", "good", "bad"]


async def test_a_streamed_reply_grows_under_the_limit_of_its_bucket(desk: ReplyDesk) -> None:
    words = [f"word{number} " for number in range(75)]
    reply = await desk.reply()

    for word in words:
        reply.show(word)
        await asyncio.sleep(0.04)
    await reply.deliver("".join(words))

    (message,) = desk.messages
    assert message.content == "".join(words).strip()
    assert 2 <= len(message.edits) <= 4
    moments = [version.at for version in message.versions]
    assert max(later - earlier for earlier, later in itertools.pairwise(moments)) < 1.5
    assert len(desk.server.requests("POST")) + len(desk.server.requests("PATCH")) <= 5


async def test_the_final_edit_does_not_wait_when_a_long_stream_used_what_it_may(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    text = ""
    for number in range(90):
        text += f"word{number} "
        reply.show(f"word{number} ")
        await asyncio.sleep(0.08)

    began = time.monotonic()
    await reply.deliver(text)

    assert time.monotonic() - began < SOON
    assert desk.texts == [text.strip()]


async def test_a_code_block_goes_on_over_three_messages(desk: ReplyDesk) -> None:
    code = "\n".join(f"print('line {number} of a long program')" for number in range(130))
    text = f"Here it is:\n\n```python\n{code}\n```\n\nThat is all."
    reply = await desk.reply()

    for start in range(0, len(text), 50):
        reply.show(text[start : start + 50])
        await asyncio.sleep(0)
    await asyncio.sleep(0.3)
    await reply.deliver(text)

    assert desk.texts == shown(text)
    assert len(desk.texts) == 3
    assert all(message.count("```") % 2 == 0 for message in desk.texts)
    assert [controls(message) for message in desk.messages] == [[], [], ["retry", "good", "bad"]]


async def test_a_delta_of_6000_characters_is_shown_whole(desk: ReplyDesk) -> None:
    text = "All work and no play makes a dull day. " * 160
    reply = await desk.reply()

    reply.show(text[:6_000])
    await desk.server.answer_in(desk.place, 3)
    await reply.deliver(text)

    assert desk.texts == shown(text)


async def test_a_very_long_reply_hangs_on_as_a_file(desk: ReplyDesk) -> None:
    text = "\n\n".join(f"Paragraph {number}. " + "All work and no play. " * 20 for number in range(60))
    reply = await desk.reply()

    await reply.deliver(text)

    assert desk.texts[:8] == shown(text)[:8]
    assert len(desk.messages) == 9
    (attached,) = desk.messages[-1].attachments
    assert (attached.filename, attached.content.decode()) == ("answer.md", text)
    assert controls(desk.messages[-1]) == ["retry", "good", "bad"]


async def test_a_live_view_stops_growing_and_says_so(desk: ReplyDesk) -> None:
    desk.server.limits.is_on = False
    text = "\n\n".join(f"Paragraph {number}. " + "All work and no play. " * 20 for number in range(60))
    reply = await desk.reply()

    reply.show(text)
    last = await desk.server.answer_in(desk.place, 9)
    assert last.content.startswith("-# This goes on")
    await reply.deliver(text)

    assert len(desk.messages) == 9
    assert desk.messages[-1].attachments[0].filename == "answer.md"


async def test_a_final_text_other_than_the_streamed_one_takes_its_place(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("All work and no play makes a dull day. " * 100)
    await desk.server.answer_in(desk.place, 2)

    await reply.deliver("Something else.")

    assert desk.texts == ["Something else."]


async def test_an_interrupted_reply_says_that_it_was_cut(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("The answer is")
    await desk.first_text()

    await reply.deliver("The answer is", interrupted=True)

    (message,) = desk.messages
    assert message.content == "The answer is\n-# (stopped before its end)"
    assert controls(message) == ["retry", "good", "bad"]


async def test_nobody_is_pinged_and_links_have_no_previews(desk: ReplyDesk) -> None:
    ada = desk.place.guild.add_member("Ada") if desk.place.guild else None
    assert ada is not None
    text = f"@everyone {ada.mention} see https://example.org"
    reply = await desk.reply()
    reply.show(text)
    await desk.first_text()
    await reply.notice(f"A new conversation with {ada.mention}")
    await reply.deliver(text + " and @here")

    assert [bool(message.pings) for message in desk.messages] == [False, False]
    assert not any(message.mentions for message in desk.messages)
    assert all(version.flags & MessageFlag.SUPPRESS_EMBEDS for m in desk.messages for version in m.versions)
    bodies = [call.body for call in desk.server.requests(path="/messages")]
    assert all(isinstance(body, dict) and body["allowed_mentions"] == {"parse": []} for body in bodies)


async def test_no_view_is_kept_by_the_client(desk: ReplyDesk) -> None:
    for _ in range(2):
        reply = await desk.reply()
        reply.show("Hello")
        await reply.deliver("Hello there")

    assert list(desk.client.persistent_views) == []
    assert desk.client._connection._view_store._views == {}


async def test_typing_is_shown_while_the_model_thinks(desk: ReplyDesk) -> None:
    reply = await desk.reply()

    reply.thinking()
    await desk.server.until(lambda: desk.server.requests("POST", "/typing"))
    await reply.deliver("Hello")

    assert len(desk.server.requests("POST", "/typing")) == 1


async def test_a_quick_reply_needs_no_typing_sign(desk: ReplyDesk) -> None:
    reply = await desk.reply()
    reply.show("Hello")
    await reply.deliver("Hello")
    await asyncio.sleep(0.4)

    assert desk.server.requests("POST", "/typing") == []
