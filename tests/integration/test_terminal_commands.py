"""Commands at a terminal: the real prompt, fed with keys."""

import os
import signal
from collections.abc import Iterator

import pytest

from source.domain.errors import RefusedInputError
from source.services.commands import CommandInvocation, CommandReply, ExportedFile
from tests.fakes.terminal import FakePartner
from tests.fakes.terminal_desk import Desk, a_desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("TERM", "xterm-256color")
    with a_desk() as desk:
        yield desk


async def test_commands_are_run_and_refusals_are_told(desk: Desk) -> None:
    partner = FakePartner()
    async with desk.chat(partner):
        desk.keys.send_text("/new garden\r")
        await desk.out.shows("new done for ana\n")
        desk.keys.send_text("/hlep\r")
        await desk.out.shows("did you mean /help")
        partner.command_error = RefusedInputError("There is nothing to resume.")
        desk.keys.send_text("/resume\r")
        await desk.out.shows("There is nothing to resume.\n")
        desk.keys.send_text("/quit\r")
    assert partner.commands == [("new", {"topic": "garden"}), ("resume", {})]


async def test_an_export_says_where_the_file_is(desk: Desk) -> None:
    partner = FakePartner()
    partner.file = ExportedFile("talk.json", b"{}")
    async with desk.chat(partner):
        desk.keys.send_text("/export\r")
        await desk.out.shows("export done for ana It is in exports/talk.json\n")
        desk.keys.send_text("/quit\r")
    assert partner.kept == [partner.file]


async def test_a_retry_is_answered_where_replies_are(desk: Desk) -> None:
    async with desk.chat(FakePartner()):
        desk.keys.send_text("/retry\r")
        await desk.out.shows("Echo › Once more\n")
        desk.keys.send_text("/quit\r")


async def test_ctrl_c_stops_an_answer_that_a_retry_gives(desk: Desk) -> None:
    class Slow(FakePartner):
        async def command(self, invocation: CommandInvocation) -> CommandReply:
            desk.out.write("asked\n")
            await self.stopped.wait()
            return await super().command(invocation)

    partner = Slow()
    async with desk.chat(partner):
        desk.keys.send_text("/retry\r")
        await desk.out.shows("asked\n")
        os.kill(os.getpid(), signal.SIGINT)
        await desk.out.shows("Echo › Once more\n")
        desk.keys.send_text("/quit\r")
    assert partner.stopped.is_set()
