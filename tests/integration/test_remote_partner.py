"""The terminal's chat over the API of a running Echo."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp.web
import pytest

from source.adapters.remote.api_client import ApiClient, ApiUnavailableError
from source.adapters.remote.partner import RemotePartner
from source.adapters.terminal.partner import Partner, Place
from source.adapters.terminal.piped import PipedChat
from source.adapters.terminal.screen import PlainScreen
from source.domain.errors import RefusedInputError, SettingsError
from source.domain.message import MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage
from source.ports.clock import SystemClock
from source.services.commands import CommandInvocation, ExportedFile
from tests.fakes.channel import FakeChannel, FakeReply
from tests.fakes.chat_api import Desk, a_desk
from tests.fakes.openai_script import Fails, Says

PLACE = Place(ThreadRef(Platform.TERMINAL, "a/b"), PersonRef("ada", "Ada"))


class Sitting:
    """Somebody at a terminal who talks through the API."""

    def __init__(self, desk: Desk, partner: RemotePartner) -> None:
        self.desk = desk
        self.partner = partner
        self.channel = FakeChannel(Platform.TERMINAL)
        self.kept: list[ExportedFile] = []

    async def say(self, text: str, event_id: str = "e1") -> FakeReply:
        now = self.desk.clock.now()
        await self.partner.answer(InboundMessage(event_id, PLACE.thread, PLACE.person, text, now), self.channel)
        return self.channel.replies[-1]

    def invocation(self, name: str, **options: str | bool) -> CommandInvocation:
        return CommandInvocation(name, PLACE.thread, PLACE.person, options, self.channel, f"i-{name}")


@asynccontextmanager
async def sitting_at(desk: Desk) -> AsyncIterator[Sitting]:
    async def keep(file: ExportedFile) -> str:
        await asyncio.sleep(0)
        return f"exports/{file.name}"

    async with ApiClient(desk.api.url, desk.api.local_token.secret) as client:
        partner = await RemotePartner.connected(client, keep)
        yield Sitting(desk, partner)
        await partner.close()


@pytest.fixture
async def sitting(tmp_path: Path) -> AsyncIterator[Sitting]:
    async with a_desk(tmp_path) as desk:
        await desk.api.make_key()
        async with sitting_at(desk) as sitting:
            yield sitting


async def test_who_answers_and_what_is_understood_is_known(sitting: Sitting) -> None:
    partner: Partner = sitting.partner
    assert (partner.model_name, partner.is_offline) == ("test-model", False)
    assert list(partner.words) == list(sitting.desk.chat.parts.commands.vocabulary)


async def test_an_answer_streams_onto_the_screen(sitting: Sitting) -> None:
    gate = asyncio.Event()
    sitting.desk.model.queue(Says(["Good ", "day"], thinking=["Hm."], gate=gate, gate_after=2))
    answering = asyncio.create_task(sitting.say("Hello"))
    await sitting.channel.shown.wait()
    assert sitting.channel.replies[0].streamed == "Good "
    gate.set()
    reply = await answering
    assert (reply.streamed, reply.delivered, reply.thread) == ("Good day", "Good day", PLACE.thread)
    assert await sitting.desk.texts(PLACE.thread) == ["Hello", "Hm.", "Good day"]


async def test_a_very_long_answer_comes_whole(sitting: Sitting) -> None:
    long = ["word\n\n" * 2_000] * 25
    sitting.desk.model.queue(Says(long))
    assert (await sitting.say("Talk")).delivered == "".join(long)


async def test_stop_ends_the_answer(sitting: Sitting) -> None:
    assert not sitting.partner.stop(PLACE.thread.key)
    gate = asyncio.Event()
    sitting.desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    answering = asyncio.create_task(sitting.say("Hello"))
    await sitting.channel.shown.wait()
    assert sitting.partner.stop(PLACE.thread.key)
    reply = await answering
    assert (reply.delivered, reply.interrupted) == ("Good ", True)
    gate.set()


async def test_what_cannot_be_answered_now_is_told(sitting: Sitting) -> None:
    sitting.desk.model.queue(*[Fails(500)] * 10)
    reply = await sitting.say("Hello")
    assert reply.failure is not None
    assert "kept" in reply.failure


async def test_commands_say_what_they_say_here(sitting: Sitting) -> None:
    sitting.desk.model.queue(Says(["First"]), Says(["Second"]))
    await sitting.say("Hello")
    retried = await sitting.partner.command(sitting.invocation("retry"))
    assert (retried.text, sitting.channel.delivered) == ("", ["First", "Second"])
    exported = await sitting.partner.command(sitting.invocation("export"))
    assert exported.file is not None
    assert b'"Hello"' in exported.file.content
    assert await sitting.partner.keep_file(exported.file) == f"exports/{exported.file.name}"
    listed = await sitting.partner.command(sitting.invocation("conversations"))
    assert [line.thread for line in listed.lines] == [PLACE.thread]
    with pytest.raises(RefusedInputError, match=r"Did you mean /summary\?"):
        await sitting.partner.command(sitting.invocation("sumary"))


async def test_what_is_wrong_with_a_request_is_told_place_by_place(sitting: Sitting) -> None:
    with pytest.raises(RefusedInputError, match=r"\n  body\.command: A command's name is expected"):
        await sitting.partner.command(sitting.invocation("Summary!"))


async def test_history_and_conversations_are_those_of_the_place(sitting: Sitting) -> None:
    assert await sitting.partner.history(PLACE.thread, 10) == []
    sitting.desk.model.queue(Says(["Good day"], thinking=["Hm."]))
    await sitting.say("Hello")
    commands = sitting.desk.api.talk.echo.commands
    past = await commands.history(PLACE.thread, 10)
    chats = [message for message in past if message.message_type is MessageType.CHAT]
    shown = await sitting.partner.history(PLACE.thread, 10)
    assert [(each.message_content, each.requester, each.created_at) for each in shown] == [
        (each.message_content, each.requester, each.created_at) for each in chats
    ]
    mine = await commands.listing(CommandInvocation("conversations", PLACE.thread, PLACE.person))
    assert await sitting.partner.listing(PLACE) == mine


async def test_what_was_left_is_answered_on_this_screen(sitting: Sitting) -> None:
    elsewhere = ThreadRef(Platform.TERMINAL, "other")
    store, now = sitting.desk.api.talk.echo.store, sitting.desk.clock.now()
    for thread, event_id in ((PLACE.thread, "left-1"), (elsewhere, "left-2")):
        await store.accept(InboundMessage(event_id, thread, PLACE.person, "Are you there?", now))
    await sitting.partner.recover(sitting.channel)
    told = {reply.thread: reply.delivered for reply in sitting.channel.replies}
    assert set(told) == {PLACE.thread, elsewhere}
    assert all(told.values())
    assert await store.undelivered() == []


async def test_who_leaves_in_the_middle_finds_the_answer_when_they_come_back(sitting: Sitting) -> None:
    gate = asyncio.Event()
    sitting.desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    answering = asyncio.create_task(sitting.say("Hello"))
    await sitting.channel.shown.wait()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    await sitting.desk.until_nobody_listens()
    gate.set()
    await sitting.desk.undelivered(1)
    back = FakeChannel(Platform.TERMINAL)
    await sitting.partner.recover(back)
    assert back.delivered == ["Good day"]


async def test_an_echo_that_stops_says_so_before_it_goes(sitting: Sitting) -> None:
    gate = asyncio.Event()
    sitting.desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    answering = asyncio.create_task(sitting.say("Hello"))
    await sitting.channel.shown.wait()
    sitting.desk.stop.set()
    reply = await answering
    assert reply.failure is not None
    assert "restarted" in reply.failure
    gate.set()


@pytest.mark.parametrize("tail", [b"", b"event: delta\ndata: {"])
async def test_an_answer_without_an_end_is_told_as_a_lost_connection(tail: bytes) -> None:
    begun = b'event: accepted\ndata: {"session_id":"a/b","message_id":"e1"}\n\n'

    async def chat(request: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        response = aiohttp.web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(begun + tail)
        if tail and request.transport is not None:
            request.transport.abort()
        return response

    async with serving(chat) as partner:
        inbound = InboundMessage("e1", PLACE.thread, PLACE.person, "Hello", SystemClock().now())
        with pytest.raises(ApiUnavailableError, match="The connection to Echo was lost"):
            await partner.answer(inbound, FakeChannel())


async def test_an_echo_that_was_started_anew_is_told_so() -> None:
    async def chat(_: aiohttp.web.Request) -> aiohttp.web.StreamResponse:
        await asyncio.sleep(0)
        return aiohttp.web.json_response({"detail": "This API key is unknown."}, status=401)

    async with serving(chat) as partner:
        inbound = InboundMessage("e1", PLACE.thread, PLACE.person, "Hello", SystemClock().now())
        with pytest.raises(ApiUnavailableError, match="start the chat again"):
            await partner.answer(inbound, FakeChannel())


@asynccontextmanager
async def serving(chat: aiohttp.typedefs.Handler) -> AsyncIterator[RemotePartner]:
    """Give a partner whose Echo answers messages so."""

    async def keep(file: ExportedFile) -> str:
        raise AssertionError(file.name)

    app = aiohttp.web.Application()
    app.router.add_post("/api/chat", chat)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with ApiClient(f"http://{host}:{port}") as client:
            yield RemotePartner(client, keep, model_name="m", is_offline=False, words=())
    finally:
        await runner.cleanup()


async def test_a_token_that_is_refused_is_not_said_to_be_a_setting(tmp_path: Path) -> None:
    async with a_desk(tmp_path) as desk:
        async with ApiClient(desk.api.url, "echo_other", is_local=True) as client:
            with pytest.raises(SettingsError, match="started anew") as refused:
                await client.get("/api/commands")
        assert "ECHO_API_KEY" not in str(refused.value)
        async with ApiClient(desk.api.url, "echo_other") as client:
            with pytest.raises(SettingsError, match="ECHO_API_KEY"):
                await client.get("/api/commands")


async def test_a_pipe_talks_through_the_api(sitting: Sitting) -> None:
    sitting.desk.model.queue(Says(["Good day"]), Says(["Bye"]))
    out, err = io.StringIO(), io.StringIO()
    chat = PipedChat(sitting.partner, PLACE, PlainScreen(out, err), SystemClock())
    read, write = os.pipe()
    os.write(write, b"Hello\n/conversations\nGood night\n")
    os.close(write)
    with os.fdopen(read, "rb") as stdin:
        assert await chat.run(stdin, recovery=PlainScreen(err, err))
    lines = out.getvalue().splitlines()
    assert (lines[0], lines[-1]) == ("Good day", "Bye")
    assert len(lines) == 3
    assert err.getvalue() == ""
