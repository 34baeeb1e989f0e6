"""/stop and /retry, and who does what they ask for."""

import asyncio

import pytest

from source.domain.errors import RefusedInputError
from source.domain.thread import PersonRef, Platform, ThreadKey, ThreadRef
from source.domain.turn import InboundKind, InboundMessage
from source.ports.channel import Channel
from source.services.commands import CommandInvocation, CommandReply
from source.services.commands.answering import AnsweringCommands
from tests.fakes.channel import FakeChannel
from tests.fakes.clock import FakeClock

THREAD = ThreadRef(Platform.DISCORD, "42", "7", "Lighthouse")
ANN = PersonRef("ann", "Ann")


class FakeTurns:
    """Answers one thread; keeps what it was given."""

    def __init__(self, running: ThreadKey | None = None, refusal: RefusedInputError | None = None) -> None:
        self._running = running
        self._refusal = refusal
        self.handled: list[tuple[InboundMessage, Channel]] = []
        self.unlimited: list[bool] = []

    async def handle(self, inbound: InboundMessage, channel: Channel, *, is_unlimited: bool = False) -> None:
        await asyncio.sleep(0)
        self.unlimited.append(is_unlimited)
        if self._refusal is not None:
            raise self._refusal
        self.handled.append((inbound, channel))

    def stop(self, thread: ThreadKey) -> bool:
        return thread == self._running


async def test_stop_says_whether_there_was_something_to_stop() -> None:
    clock = FakeClock()
    running = await AnsweringCommands(FakeTurns(THREAD.key), clock).stop(CommandInvocation("stop", THREAD, ANN))
    nothing = await AnsweringCommands(FakeTurns(), clock).stop(CommandInvocation("stop", THREAD, ANN))
    assert running.text.startswith("Stopped.")
    assert nothing.text == "No answer is running here."


async def test_a_retry_goes_the_way_of_a_message_under_the_invocation_s_id() -> None:
    turns, channel, clock = FakeTurns(), FakeChannel(Platform.DISCORD), FakeClock()
    asked = CommandInvocation("retry", THREAD, ANN, channel=channel, invocation_id="991")
    reply = await AnsweringCommands(turns, clock).retry(asked)
    wish = InboundMessage("991", THREAD, ANN, "", clock.now(), kind=InboundKind.RETRY)
    assert turns.handled == [(wish, channel)]
    assert reply == CommandReply(""), "the answer comes through the channel"


async def test_a_retry_of_who_is_unlimited_is_not_counted() -> None:
    turns = FakeTurns()
    for is_unlimited in (True, False):
        asked = CommandInvocation("retry", THREAD, ANN, channel=FakeChannel(), is_unlimited=is_unlimited)
        await AnsweringCommands(turns, FakeClock()).retry(asked)
    assert turns.unlimited == [True, False]


async def test_retries_without_an_id_are_told_apart() -> None:
    turns = FakeTurns()
    commands = AnsweringCommands(turns, FakeClock())
    for _ in range(2):
        await commands.retry(CommandInvocation("retry", THREAD, ANN, channel=FakeChannel()))
    first, second = (inbound.event_id for inbound, _ in turns.handled)
    assert first != second


async def test_a_retry_where_no_reply_can_go_is_refused() -> None:
    turns = FakeTurns()
    commands = AnsweringCommands(turns, FakeClock())
    for asked in (
        CommandInvocation("retry", THREAD, ANN),
        CommandInvocation("retry", THREAD, ANN, channel=FakeChannel(), is_in_thread=False),
    ):
        with pytest.raises(RefusedInputError, match="no answer here"):
            await commands.retry(asked)
    assert turns.handled == []


async def test_what_the_turns_refuse_is_told() -> None:
    turns = FakeTurns(refusal=RefusedInputError("There is nothing to answer again."))
    asked = CommandInvocation("retry", THREAD, ANN, channel=FakeChannel())
    with pytest.raises(RefusedInputError, match="nothing to answer again"):
        await AnsweringCommands(turns, FakeClock()).retry(asked)
