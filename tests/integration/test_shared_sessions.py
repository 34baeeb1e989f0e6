"""A direct thread in which several people speak is no private place of any of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.raw_files import found_in
from tests.fakes.running_echo import Talk, running_echo

ADA = PersonRef("ada-7731", "Adalbertine")
BOB = PersonRef("bob-1188", "Bobrowski")
TEAM = ThreadRef(Platform.WEB, "team")
ADAS = ThreadRef(Platform.WEB, "adas")
ADAS_SECOND = ThreadRef(Platform.WEB, "adas-second")
BOBS = ThreadRef(Platform.WEB, "bobs")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def _said(talk: Talk, thread: ThreadRef) -> str:
    return " ".join(message.message_content for message in (await talk.conversation(thread=thread)).messages)


async def test_what_one_said_alone_is_not_told_where_another_reads_along(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My secret diagnosis is zzdiag7", thread=ADAS, person=ADA)
        await talk.say("Hello all", thread=TEAM, person=ADA)
        await talk.say("I like gardens more", thread=TEAM, person=BOB)
        for thread in (TEAM, ADAS_SECOND):
            await talk.say("What did I say about my diagnosis?", thread=thread, person=ADA)
        assert "zzdiag7" not in await _said(talk, TEAM)
        assert "zzdiag7" in await _said(talk, ADAS_SECOND)


async def test_who_is_forgotten_is_forgotten_where_others_were_told_directly(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("I keep the spare key zzteam7 under the mat", thread=TEAM, person=ADA)
        await talk.say("I like gardens more", thread=TEAM, person=BOB)
        await talk.say("What did we say about the spare key under the mat?", thread=BOBS, person=BOB)
        assert "zzteam7" in await _said(talk, BOBS)
        await talk.command("forget-me confirm", thread=ADAS, person=ADA)
    assert found_in(tmp_path, ["zzteam7"]) == {}
