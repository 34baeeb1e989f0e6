"""After Echo has stopped in order neither home of the conversations knows anything that the other does not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.app.composition import rebuild
from source.app.records import Records
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.records_api import MESSAGES, SESSIONS
from tests.fakes.running_echo import Talk, running_echo, settings_for
from tests.fakes.web_api import web_api

BOB = PersonRef("bob", "Bob the builder")
GUILD = ThreadRef(Platform.DISCORD, "hall-1", "guild-1", "The guild")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def _nothing_is_written_again(folder: Path) -> None:
    for source in ("store", "transcripts"):
        report = await rebuild(settings_for(folder), source, lambda _done, _total: None)
        assert (report.written, report.skipped) == (0, ()), source


@pytest.mark.parametrize(
    "lines",
    [
        ["/new topic"],
        ["Hello", "/new topic"],
        ["Hello", "/new"],
        ["/new topic", "/new another", "Hello"],
        ["Hello", "/new topic", "/resume"],
        ["/profile set name Ada", "/new", "Hello", "/archive", "/new"],
    ],
)
async def test_conversations_where_nobody_spoke_read_alike(
    tmp_path: Path, server: FakeOpenAIServer, lines: list[str]
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        for line in lines:
            await _typed(talk, line)
            await talk.say("Hello", thread=GUILD, person=BOB)
    await _nothing_is_written_again(tmp_path)


async def test_sessions_of_programs_read_alike(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with web_api(tmp_path, server, FakeClock(), lambda echo: Records(echo).routes()) as api:
        await api.talk.say("Hello", thread=ThreadRef(Platform.WEB, "bobs"), person=BOB)
        for user in ("ann", "bob", "ann"):
            session = (await api.post(SESSIONS, {"user_id": user})).json["session_id"]
        for user in ("bob", "cid"):
            said = {"session_id": session, "role": "user", "content": "Hello", "user_id": user}
            assert (await api.post(MESSAGES, said)).status == 201
        assert (await api.post(SESSIONS, {})).status == 201
    await _nothing_is_written_again(tmp_path)


async def _typed(talk: Talk, line: str) -> None:
    if line.startswith("/"):
        await talk.command(line.removeprefix("/"))
    else:
        await talk.say(line)
