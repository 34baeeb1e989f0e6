"""A chat over a real pipe."""

import asyncio
import json
import os
from collections.abc import Iterator

import pytest

from source.adapters.terminal.piped import PipedChat
from source.adapters.terminal.screen import PlainScreen
from source.adapters.terminal.stdin_lines import StdinLines
from source.domain.errors import RefusedInputError, StoreUnavailableError
from source.domain.thread import Platform, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.channel import LiveReply
from source.services.commands import ExportedFile
from tests.fakes.clock import FakeClock
from tests.fakes.terminal import PLACE, FakePartner, Watched


class Pipe:
    """Both ends of a pipe, and what the chat wrote."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self.reading = os.fdopen(read, "rb")
        self.writing = os.fdopen(write, "wb")
        self.out = Watched()
        self.err = Watched()
        self.screen = PlainScreen(self.out, self.err)

    async def chat(self, partner: FakePartner) -> bool:
        chat = PipedChat(partner, PLACE, self.screen, FakeClock())
        return await chat.run(self.reading, recovery=PlainScreen(self.err, self.err))

    async def chat_with(self, partner: FakePartner, sent: bytes) -> bool:
        self.writing.write(sent)
        self.writing.close()
        return await self.chat(partner)

    def close(self) -> None:
        self.writing.close()
        self.reading.close()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


async def test_each_line_is_one_turn_and_only_replies_are_written(pipe: Pipe) -> None:
    partner = FakePartner()
    assert await pipe.chat_with(partner, b"hello\n\n   \r\nhow are you\r\nlast without an end")
    assert pipe.out.getvalue() == "You said: hello\nYou said: how are you\nYou said: last without an end\n"
    assert pipe.err.getvalue() == ""
    assert [inbound.thread for inbound in partner.said] == [PLACE.thread] * 3
    assert len({inbound.event_id for inbound in partner.said}) == 3


async def test_a_line_is_answered_before_the_pipe_ends(pipe: Pipe) -> None:
    partner = FakePartner()
    chat = asyncio.create_task(pipe.chat(partner))
    pipe.writing.write(b"hello\n")
    pipe.writing.flush()
    await pipe.out.shows("You said: hello\n")
    assert not chat.done()
    pipe.writing.close()
    assert await chat


async def test_commands_answer_on_standard_output(pipe: Pipe) -> None:
    partner = FakePartner()
    assert await pipe.chat_with(partner, b"/new the garden\nhello\n/quit\nnever read\n")
    assert pipe.out.getvalue() == "new done for ana\nYou said: hello\n"
    assert partner.commands == [("new", {"topic": "the garden"})]


async def test_an_exported_file_is_all_that_a_pipe_gets(pipe: Pipe) -> None:
    partner = FakePartner()
    partner.file = ExportedFile("talk.json", '{\n  "said": "caf\u00e9 \x7f \u009b31m"\n}\n'.encode())
    assert await pipe.chat_with(partner, b"/export json 2\n")
    assert pipe.out.getvalue() == '{\n  "said": "caf\u00e9 \\u007f \\u009b31m"\n}\n'
    assert json.loads(pipe.out.getvalue()) == json.loads(partner.file.content)
    assert pipe.err.getvalue() == "export done for ana\n"
    assert partner.commands == [("export", {"format": "json", "which": "2"})]
    assert partner.kept == []


async def test_a_retry_is_answered_like_a_line(pipe: Pipe) -> None:
    assert await pipe.chat_with(FakePartner(), b"hello\n/retry\n")
    assert pipe.out.getvalue() == "You said: hello\nOnce more\n"
    assert pipe.err.getvalue() == ""


async def test_an_unknown_command_is_told_apart_and_fails(pipe: Pipe) -> None:
    assert not await pipe.chat_with(FakePartner(), b"/hlep\nhello\n")
    assert pipe.out.getvalue() == "You said: hello\n"
    assert "did you mean /help" in pipe.err.getvalue()


async def test_a_line_that_is_not_utf8_is_left_out_with_a_reason(pipe: Pipe) -> None:
    partner = FakePartner()
    assert not await pipe.chat_with(partner, b"one\ntw\xff\nthree\n")
    assert partner.texts == ["one", "three"]
    assert pipe.err.getvalue() == "Line 2 is left out: it is not UTF-8 (byte 3 of the line).\n"


async def test_a_very_long_line_arrives_whole(pipe: Pipe) -> None:
    partner = FakePartner()
    chat = asyncio.create_task(pipe.chat(partner))
    text = "long 👋 " * 200_000
    await asyncio.to_thread(pipe.writing.write, text.encode())
    pipe.writing.close()
    assert await chat
    assert partner.texts == [text]


async def test_a_line_without_end_does_not_fill_the_memory(pipe: Pipe) -> None:
    pipe.writing.write(b"x" * 50 + b"\nnext\n" + b"y" * 20)
    pipe.writing.close()
    lines = [line async for line in StdinLines(pipe.reading, longest_bytes=20).lines()]
    assert lines == [b"x" * 21, b"next", b"y" * 20]


@pytest.mark.parametrize("error", [RefusedInputError("Too long."), StoreUnavailableError("The disk is full.")])
async def test_a_line_that_fails_does_not_stop_the_others(pipe: Pipe, error: Exception) -> None:
    async def answer(inbound: InboundMessage, reply: LiveReply) -> None:
        await asyncio.sleep(0)
        if inbound.text == "bad":
            raise error
        await reply.deliver("fine")

    assert not await pipe.chat_with(FakePartner(answer), b"bad\ngood\n")
    assert pipe.out.getvalue() == "fine\n"
    assert pipe.err.getvalue() == f"{error}\n"


async def test_a_reply_that_failed_fails_the_chat(pipe: Pipe) -> None:
    async def answer(_: InboundMessage, reply: LiveReply) -> None:
        await reply.fail("The model cannot be reached; your message is kept.")

    assert not await pipe.chat_with(FakePartner(answer), b"hello\n")
    assert pipe.out.getvalue() == ""
    assert "is kept" in pipe.err.getvalue()


async def test_what_an_earlier_process_left_does_not_mix_with_the_replies(pipe: Pipe) -> None:
    partner = FakePartner()
    partner.left_over = [(ThreadRef(Platform.TERMINAL, "work"), "late answer")]
    assert await pipe.chat_with(partner, b"hello\n")
    assert pipe.out.getvalue() == "You said: hello\n"
    assert pipe.err.getvalue() == "late answer\n"


async def test_a_chat_that_is_cancelled_while_the_pipe_is_silent_ends(pipe: Pipe) -> None:
    chat = asyncio.create_task(pipe.chat(FakePartner()))
    await asyncio.sleep(0)
    chat.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chat
