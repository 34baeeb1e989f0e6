"""How often a reply is edited while it comes: on a clock that only the test moves."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from source.adapters.discord.replies.complaints import Complaints
from source.adapters.discord.replies.pace import Allowance
from source.adapters.discord.replies.reply import DiscordReply, ReplyParts
from source.adapters.discord.replies.shown import ShownReplies
from source.adapters.discord.replies.troubles import RefusedError, UnreachableError
from source.domain.errors import DeliveryError
from source.services.owned_tasks import OwnedTasks
from tests.fakes.clock import FakeClock
from tests.fakes.discord_messages import FakeMessages
from tests.fakes.store import InMemoryStore

PLACE = 7
TICK = 0.05


class Desk:
    """Replies in one channel, and time that passes in ticks."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.messages = FakeMessages(self.clock)
        replies = ShownReplies(InMemoryStore(self.clock))
        self.parts = ReplyParts(self.messages, replies, self.clock, OwnedTasks(), Complaints())
        self._keys: Iterator[int] = itertools.count(1)

    def reply(self, place: int = PLACE) -> DiscordReply:
        return DiscordReply(self.parts, place, (next(self._keys),))

    async def passes(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK)):
            await settled()
            self.clock.advance(seconds=TICK)
        await settled()

    async def streams(self, reply: DiscordReply, seconds: float) -> None:
        """A word of text every tick."""
        for _ in range(round(seconds / TICK)):
            reply.show("word ")
            await self.passes(TICK)


async def settled() -> None:
    """Let everything happen that needs no time."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def desk() -> Iterator[Desk]:
    found = Desk()
    yield found
    assert found.messages.excess == 0


async def test_the_first_text_does_not_wait_for_the_clock(desk: Desk) -> None:
    reply = desk.reply()
    reply.show("H")
    await settled()

    assert desk.messages.log == [("create", 0.0)]
    await reply.deliver("Hello")


async def test_the_text_grows_soon_and_then_about_once_a_second(desk: Desk) -> None:
    reply = desk.reply()
    await desk.streams(reply, 30.0)

    edits = desk.messages.times("edit")
    gaps = [later - earlier for earlier, later in itertools.pairwise([0.0, *edits])]
    assert gaps[0] == pytest.approx(0.4, abs=TICK)
    assert all(1.0 <= gap <= 1.1 + TICK for gap in gaps[1:])
    await reply.deliver("The end")


async def test_the_final_edit_of_a_short_reply_never_waits_and_of_a_long_one_seldom(desk: Desk) -> None:
    waits: dict[float, float] = {}
    for number in range(120):
        reply, seconds = desk.reply(place=number), number / 10
        await desk.streams(reply, seconds)
        now = desk.clock.monotonic()
        delivery = asyncio.ensure_future(reply.deliver("The end"))
        await desk.passes(1.0)
        await delivery
        waits[seconds] = desk.messages.log[-1][1] - now

    assert max(wait for seconds, wait in waits.items() if seconds < 4.5) == 0.0
    assert max(waits.values()) <= 0.6 + TICK
    assert sum(wait > 0 for wait in waits.values()) <= len(waits) / 8


async def test_a_slow_discord_keeps_the_last_request_for_the_final_edit(desk: Desk) -> None:
    reply = desk.reply()
    await desk.streams(reply, 0.3)
    edits = desk.messages.paces.of(PLACE).edits
    edits.answered(Allowance(5, 2, 5.0), desk.clock.monotonic())
    edits.sent(desk.clock.monotonic())  # and no answer comes

    await desk.streams(reply, 4.0)
    assert desk.messages.times("edit") == []
    await reply.deliver("The end")

    assert desk.messages.times("edit") == [desk.clock.monotonic()]


async def test_replies_in_one_channel_share_its_bucket(desk: Desk) -> None:
    first, second = desk.reply(), desk.reply()
    for _ in range(200):
        first.show("word ")
        second.show("word ")
        await desk.passes(TICK)

    assert 6 <= len(desk.messages.times("edit")) <= 10
    assert len(set(desk.messages.contents.values())) >= 1
    for reply in (first, second):
        delivery = asyncio.ensure_future(reply.deliver("The end"))
        await desk.passes(6.0)
        await delivery
    assert list(desk.messages.contents.values()) == ["The end", "The end"]


async def test_replies_in_other_channels_are_paced_apart(desk: Desk) -> None:
    replies = [desk.reply(place) for place in range(20)]
    for _ in range(40):
        for reply in replies:
            reply.show("word ")
        await desk.passes(TICK)

    assert len(desk.messages.times("edit")) == 20 * 2
    for reply in replies:
        await reply.deliver("The end")


async def test_after_discord_found_everything_too_much_live_edits_leave_room(desk: Desk) -> None:
    desk.messages.paces.crowd.refused(1.0, desk.clock.monotonic())
    replies = [desk.reply(place) for place in range(100)]
    for _ in range(60):
        for reply in replies:
            reply.show("word ")
        await desk.passes(TICK)

    edits = desk.messages.times("edit")
    assert min(edits) >= 1.0
    assert len(edits) <= 2.0 * 30 + 100 * TICK
    for reply in replies:
        await reply.deliver("The end")


async def test_the_latest_text_wins_after_a_pause(desk: Desk) -> None:
    reply = desk.reply()
    reply.show("one ")
    await settled()
    desk.messages.errors = [UnreachableError("down")]
    reply.show("two ")
    await desk.passes(0.5)
    reply.show("three ")
    await desk.passes(2.0)

    assert list(desk.messages.contents.values()) == ["one two three"]
    await reply.deliver("The end")


async def test_text_that_could_not_be_shown_is_shown_later_without_more_of_it(desk: Desk) -> None:
    reply = desk.reply()
    desk.messages.errors = [UnreachableError("down"), UnreachableError("down")]
    reply.show("one ")
    await desk.passes(5.0)

    assert list(desk.messages.contents.values()) == ["one"]
    assert desk.messages.times("create") == pytest.approx([0.0, 1.0, 3.0], abs=4 * TICK)
    await reply.deliver("The end")


async def test_many_messages_wait_for_their_bucket(desk: Desk) -> None:
    delivery = asyncio.ensure_future(desk.reply().deliver("All work and no play. " * 600))
    await desk.passes(6.0)
    await delivery

    assert desk.messages.times("create") == pytest.approx([0.0] * 5 + [5.0] * 2, abs=2 * TICK)


async def test_a_refused_live_text_is_tried_once_more_in_the_end(desk: Desk) -> None:
    reply = desk.reply()
    desk.messages.errors = [RefusedError(403, 50013, PLACE)]
    await desk.streams(reply, 2.0)
    assert desk.messages.log == [("create", 0.0)]

    await reply.deliver("The end")

    assert list(desk.messages.contents.values()) == ["The end"]


async def test_the_final_text_comes_after_the_edit_that_is_under_way(desk: Desk) -> None:
    reply = desk.reply()
    await desk.streams(reply, 0.3)
    desk.messages.held = asyncio.Event()
    await desk.streams(reply, 0.3)

    delivery = asyncio.ensure_future(reply.deliver("The end"))
    await settled()
    assert not delivery.done()
    desk.messages.held.set()
    await delivery

    assert list(desk.messages.contents.values()) == ["The end"]


async def test_attempts_end_after_a_few_seconds(desk: Desk) -> None:
    desk.messages.errors = [UnreachableError("down") for _ in range(10)]
    delivery = asyncio.ensure_future(desk.reply().deliver("Hello"))
    await desk.passes(10.0)

    with pytest.raises(DeliveryError):
        await delivery
    assert desk.messages.times("create") == pytest.approx([0.0, 1.0, 3.0, 7.0], abs=4 * TICK)


async def test_who_asks_for_more_patience_than_that_is_not_waited_for(desk: Desk) -> None:
    desk.messages.errors = [UnreachableError("too many requests", retry_after=600.0)]

    with pytest.raises(DeliveryError):
        await asyncio.wait_for(desk.reply().deliver("Hello"), 1.0)


async def test_typing_is_renewed_until_there_is_text(desk: Desk) -> None:
    reply = desk.reply()
    await desk.passes(20.0)
    reply.show("Hello")
    await desk.passes(20.0)

    assert desk.messages.times("typing") == pytest.approx([0.25, 8.25, 16.25], abs=2 * TICK)
    await reply.deliver("Hello")


async def test_thinking_lights_the_typing_sign_at_once_and_once(desk: Desk) -> None:
    reply = desk.reply()
    for _ in range(10):
        reply.thinking()
        await settled()

    assert desk.messages.times("typing") == [0.0]
    await reply.deliver("Hello")


async def test_a_tool_that_runs_for_long_lights_the_sign_again(desk: Desk) -> None:
    reply = desk.reply()
    reply.show("I look that up. ")
    reply.thinking()
    await desk.passes(1.0)
    reply.show("It is 42.")
    await desk.passes(20.0)

    assert desk.messages.times("typing") == pytest.approx([0.25], abs=2 * TICK)
    await reply.deliver("I look that up. It is 42.")


async def test_typing_that_fails_breaks_nothing(desk: Desk) -> None:
    desk.messages.errors = [UnreachableError("down"), RefusedError(403, 50013, PLACE)]
    reply = desk.reply()
    reply.thinking()
    await desk.passes(30.0)

    assert len(desk.messages.times("typing")) == 2
    await reply.deliver("Hello")


async def test_what_comes_after_the_end_is_not_shown(desk: Desk) -> None:
    reply = desk.reply()
    await reply.deliver("Hello")
    reply.show("late")
    reply.thinking()
    await desk.passes(2.0)

    assert desk.messages.log == [("create", 0.0)]


async def test_an_empty_reply_is_not_sent(desk: Desk) -> None:
    await desk.reply().deliver("  \n ")

    assert desk.messages.log == []
