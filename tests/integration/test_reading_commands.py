"""Conversations as an operator reads them on the command line."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from source.app.reading import BEGUN, list_conversations, show_conversation
from source.domain.conversation_head import CreatedReason
from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, running_echo

BOB = PersonRef("bob", "Bob")
HALL = ThreadRef(Platform.DISCORD, "hall-1", "guild-1", "The guild")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_what_was_forgotten_is_shown_as_deleted_and_as_nobodys(
    tmp_path: Path, server: FakeOpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        for person in (ADA, BOB):
            await talk.say("Hello", thread=HALL, person=person)
        await talk.command("forget-me confirm", thread=HALL, person=ADA)
        conversation_id = (await talk.conversation(thread=HALL)).head.conversation_id
    capsys.readouterr()
    assert await show_conversation(talk.settings, conversation_id, as_json=False) == 0
    lines = capsys.readouterr().out.splitlines()
    said = [line[len("2026-03-02 09:00 ") :] for line in lines[lines.index("") + 1 :]]
    assert said[:3] == ["… (deleted)", "… (deleted)", "Bob › Hello"]


async def test_a_conversation_is_introduced_in_words_and_listed_with_moments_as_everywhere(
    tmp_path: Path, server: FakeOpenAIServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        await talk.command("new the garden")
        await talk.say("Hello again")
    capsys.readouterr()
    assert await list_conversations(talk.settings, limit=10, as_json=True) == 0
    latest, first = json.loads(capsys.readouterr().out)
    assert datetime.fromisoformat(latest["created_at"]).isoformat() == latest["created_at"]
    for listed, introduced in ((first, "ended, begun by a first message on "), (latest, "active, begun with /new and")):
        assert await show_conversation(talk.settings, listed["conversation_id"], as_json=False) == 0
        assert capsys.readouterr().out.splitlines()[1].startswith(introduced)


def test_every_reason_to_begin_has_its_words() -> None:
    assert set(BEGUN) == set(CreatedReason)
