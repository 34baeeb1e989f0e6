"""A chat at a terminal: the real prompt, fed with keys."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.plain_text import PlainTextOutput

from source.adapters.terminal.interactive import InteractiveChat
from source.adapters.terminal.live_reply import TerminalChannel
from source.adapters.terminal.prompt import Prompt
from source.adapters.terminal.screen import StyledScreen
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.channel import LiveReply
from tests.fakes.clock import FakeClock
from tests.fakes.terminal import PLACE, SOME_DAY, FakePartner, Terminal, chat, conversation
from tests.fakes.terminal_desk import CTRL_C, CTRL_D, Desk, a_desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("TERM", "xterm-256color")
    with a_desk() as desk:
        yield desk


async def test_what_is_typed_is_answered_as_it_streams(desk: Desk) -> None:
    partner = FakePartner()
    async with desk.chat(partner):
        desk.keys.send_text("hello\r")
        await desk.out.shows("Echo › You said: hello\n")
        desk.keys.send_text(CTRL_D)
    assert partner.texts == ["hello"]


async def test_a_paste_of_many_lines_is_one_message(desk: Desk) -> None:
    partner = FakePartner()
    async with desk.chat(partner):
        desk.keys.send_text("\x1b[200~first\nsecond\x1b[201~\r")
        await desk.out.shows("second\n")
        desk.keys.send_text(CTRL_D)
    assert partner.texts == ["first\nsecond"]


async def test_alt_enter_begins_a_line(desk: Desk) -> None:
    partner = FakePartner()
    async with desk.chat(partner):
        desk.keys.send_text("first\x1b\rsecond\r/quit\r")
    assert partner.texts == ["first\nsecond"]


async def test_quit_leaves_and_an_empty_line_says_nothing(desk: Desk) -> None:
    partner = FakePartner()
    async with desk.chat(partner):
        desk.keys.send_text("\r  \r/quit\r")
    assert partner.said == []


async def test_ctrl_c_at_the_prompt_leaves_the_second_time(desk: Desk) -> None:
    partner = FakePartner()
    async with desk.chat(partner) as running:
        desk.keys.send_text(CTRL_C)
        await desk.out.shows("Ctrl-C once more to leave\n")
        assert not running.done()
        desk.keys.send_text(CTRL_C)
    assert partner.said == []
    assert running.result()


async def test_ctrl_c_on_a_draft_only_clears_it_however_often_it_was_pressed_before(desk: Desk) -> None:
    async with desk.chat(FakePartner()) as running:
        desk.keys.send_text(CTRL_C)
        await desk.out.shows("once more to leave\n")
        desk.keys.send_text(f"half a message{CTRL_C}")
        await desk.out.shows("The line was cleared.\n")
        desk.keys.send_text(CTRL_C)
        await desk.out.shows("once more to leave", times=2)
        assert not running.done()
        desk.keys.send_text(CTRL_D)


async def test_what_was_typed_and_erased_ends_the_wish_to_leave(desk: Desk) -> None:
    async with desk.chat(FakePartner()) as running:
        desk.keys.send_text(CTRL_C)
        await desk.out.shows("once more to leave\n")
        desk.keys.send_text(f"a\x7f{CTRL_C}")
        await desk.out.shows("once more to leave", times=2)
        assert not running.done()
        desk.keys.send_text(CTRL_D)


async def test_a_signal_at_the_prompt_counts_as_the_key(desk: Desk) -> None:
    async with desk.chat(FakePartner()) as running:
        desk.keys.send_text("hello\r")
        await desk.out.shows("You said: hello\n")
        os.kill(os.getpid(), signal.SIGINT)
        await desk.out.shows("once more to leave\n")
        assert not running.done()
        os.kill(os.getpid(), signal.SIGINT)
    assert running.result()


async def test_ctrl_c_counts_anew_after_a_message(desk: Desk) -> None:
    async with desk.chat(FakePartner()) as running:
        desk.keys.send_text(CTRL_C)
        await desk.out.shows("once more to leave\n")
        desk.keys.send_text("hello\r")
        await desk.out.shows("You said: hello\n")
        desk.keys.send_text(CTRL_C)
        await desk.out.shows("once more to leave", times=2)
        assert not running.done()
        desk.keys.send_text(CTRL_D)


async def test_ctrl_c_stops_the_answer_and_the_chat_goes_on(desk: Desk) -> None:
    async def until_stopped(_: InboundMessage, reply: LiveReply) -> None:
        reply.show("So far")
        await partner.stopped.wait()
        await reply.deliver("So far", interrupted=True)

    partner = FakePartner(until_stopped)
    async with desk.chat(partner) as running:
        desk.keys.send_text("tell me\r")
        await desk.out.shows("So far")
        os.kill(os.getpid(), signal.SIGINT)
        await desk.out.shows("(stopped before its end)\n")
        assert not running.done()
        desk.keys.send_text(CTRL_D)


@pytest.mark.parametrize(("seconds", "leaves"), [(1, True), (3, False)])
async def test_only_a_quick_second_ctrl_c_after_a_stopped_answer_leaves(
    desk: Desk, seconds: float, leaves: bool
) -> None:
    async def until_stopped(_: InboundMessage, reply: LiveReply) -> None:
        reply.show("So far")
        await partner.stopped.wait()
        desk.clock.advance(seconds=seconds)
        await reply.deliver("So far", interrupted=True)

    partner = FakePartner(until_stopped)
    async with desk.chat(partner) as running:
        desk.keys.send_text("tell me\r")
        await desk.out.shows("So far")
        os.kill(os.getpid(), signal.SIGINT)
        await desk.out.shows("(stopped before its end)\n")
        desk.keys.send_text(CTRL_C)
        if not leaves:
            await desk.out.shows("once more to leave\n")
            desk.keys.send_text(CTRL_D)
    assert running.result() is leaves


async def test_a_second_ctrl_c_leaves_an_answer_that_does_not_stop(desk: Desk) -> None:
    async def never(_: InboundMessage, reply: LiveReply) -> None:
        reply.show("So far")
        await asyncio.Event().wait()

    partner = FakePartner(never)
    async with desk.chat(partner):
        desk.keys.send_text("tell me\r")
        await desk.out.shows("So far")
        os.kill(os.getpid(), signal.SIGINT)
        await partner.stopped.wait()
        os.kill(os.getpid(), signal.SIGINT)
    assert desk.out.plain.endswith("So far\n")


async def test_a_chat_cancelled_amid_an_answer_cancels_the_answer(desk: Desk) -> None:
    cancelled = asyncio.Event()

    async def never(_: InboundMessage, reply: LiveReply) -> None:
        reply.show("So far")
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async def cancelled_chat() -> None:
        async with desk.chat(FakePartner(never)) as running:
            desk.keys.send_text("tell me\r")
            await desk.out.shows("So far")
            running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await cancelled_chat()
    assert cancelled.is_set()


async def test_who_comes_back_sees_what_was_said(desk: Desk) -> None:
    partner = FakePartner()
    tool_call = Message(SOME_DAY, MessageType.TOOL_CALL, "search")
    partner.past = [entry for number in range(20) for entry in (chat(f"message {number}"), tool_call)]
    partner.past.append(chat("an\x1b[31manswer", None, at=SOME_DAY + timedelta(days=1)))
    async with desk.chat(partner):
        desk.keys.send_text(CTRL_D)
    assert "2 March 2026" in desk.out.plain
    assert "message 11\n" in desk.out.plain
    assert "message 10\n" not in desk.out.plain
    assert "an␛[31manswer\n" in desk.out.plain


async def test_the_arrow_finds_what_was_said_before(desk: Desk) -> None:
    partner = FakePartner()
    partner.past = [chat("water the tomatoes"), chat("I will", None)]
    async with desk.chat(partner):
        desk.keys.send_text("\x1b[A\r")
        await desk.out.shows("You said: water the tomatoes\n")
        desk.keys.send_text(CTRL_D)


async def test_what_an_earlier_process_left_is_answered_first(desk: Desk) -> None:
    partner = FakePartner()
    partner.left_over = [(PLACE.thread, "late"), (ThreadRef(Platform.TERMINAL, "work"), "elsewhere")]
    async with desk.chat(partner):
        desk.keys.send_text(CTRL_D)
    assert "Echo › late\n" in desk.out.plain
    assert "Echo in work › elsewhere\n" in desk.out.plain


async def test_offline_is_said_at_once(desk: Desk) -> None:
    async with desk.chat(FakePartner(is_offline=True)):
        desk.keys.send_text(CTRL_D)
    assert "Echo · offline" in desk.out.plain
    assert "OPENAI_API_KEY" in desk.out.plain


async def test_the_line_below_names_model_thread_and_conversation(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    original = Prompt.line

    async def line(prompt: Prompt) -> str:
        shown.append("".join(text for _, text, *_ in prompt._toolbar()))
        return await original(prompt)

    monkeypatch.setattr(Prompt, "line", line)
    partner = FakePartner()
    partner.conversations = [conversation(1, "old"), conversation(2, "gar\x1bden", active=True, messages=6)]
    async with desk.chat(partner):
        desk.keys.send_text(CTRL_D)
    assert shown == [" a-model · main · gar␛den, 6 messages"]


async def test_a_late_reply_comes_above_what_is_being_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    with create_pipe_input() as keys, create_app_session(input=keys, output=PlainTextOutput(terminal)):
        screen = StyledScreen(sys.stdout)
        chat = asyncio.create_task(InteractiveChat(FakePartner(), PLACE, screen, FakeClock()).run())
        await terminal.shows("new conversation")
        late = TerminalChannel(screen, PLACE.thread.key).open_reply(PLACE.thread)
        for piece in ("late ", "but ", "whole"):
            late.show(piece)
            await asyncio.sleep(0)
        await late.deliver("late but whole")
        await terminal.shows("Echo › late but whole\n")
        keys.send_text(CTRL_D)
        await chat
