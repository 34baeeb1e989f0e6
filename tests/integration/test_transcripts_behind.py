"""After a kill every transcript comes to say what the store says, however many were behind and however long ago."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from source.domain.conversation_head import StoredConversation
from source.domain.errors import TranscriptUnwritableError
from source.domain.thread import Platform, ThreadRef
from source.services.transcript_home import TranscriptHome
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import ADA, Talk, running_echo, transcripts_in

THREADS = [ThreadRef(Platform.TERMINAL, f"thread-{number}") for number in range(45)]
_LATER = {"transcript_delay_seconds": 3600, "idle_time_seconds": 7200}


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


def _killed(folder: Path, name: str) -> Path:
    """Return a folder as a kill at this moment would leave it."""
    return Path(shutil.copytree(folder, folder.parent / name, ignore=shutil.ignore_patterns("*.lock*")))


def _last_words(folder: Path) -> list[str]:
    return sorted(transcript["history"][-2]["message_content"] for transcript in transcripts_in(folder).values())


@contextmanager
def _full_disk_after(home: TranscriptHome, saves: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    left, save = iter(range(saves)), home.save

    async def failing(conversation: StoredConversation) -> str:
        if next(left, None) is None:
            raise TranscriptUnwritableError("the disk is full")
        return await save(conversation)

    with monkeypatch.context() as patched:
        patched.setattr(home, "save", failing)
        yield


async def test_transcripts_that_a_start_did_not_come_to_are_written_by_the_next(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "first"
    async with running_echo(first, server, FakeClock(), **_LATER) as talk:
        for thread in THREADS:
            await talk.say(f"Hello from {thread.thread_id}", thread=thread)
        second = _killed(first, "second")
    assert transcripts_in(second) == {}

    async with running_echo(second, server, FakeClock()) as talk:
        with _full_disk_after(talk.echo.transcripts, 22, monkeypatch), pytest.raises(TranscriptUnwritableError):
            await talk.echo.catch_up.run()
    assert len(transcripts_in(second)) == 22
    async with running_echo(second, server, FakeClock()) as talk:
        written = await talk.echo.catch_up.run()

    assert written == len(THREADS) - 22
    assert _last_words(second) == _last_words(first)


async def test_what_was_deleted_in_an_old_conversation_leaves_its_transcript_after_a_kill(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    first = tmp_path / "first"
    async with running_echo(first, server, FakeClock()) as talk:
        for thread in THREADS:
            await talk.say("My number is 4711", thread=thread)
    async with running_echo(first, server, FakeClock(), **_LATER) as talk:
        assert await talk.echo.catch_up.run() == 0
        await _delete_what_was_said(talk, THREADS[0])
        second = _killed(first, "second")
    assert _last_words(second).count("") == 0
    async with running_echo(second, server, FakeClock()) as talk:
        assert await talk.echo.catch_up.run() == 1

    assert _last_words(second).count("") == 1


async def test_a_start_after_an_end_in_order_looks_at_the_newest_alone(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.echo.catch_up.run()
        for thread in THREADS:
            await talk.say("Hello", thread=thread)
    looked_at: list[str] = []
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        load = talk.echo.transcripts.load

        async def noted(filename: str) -> StoredConversation:
            looked_at.append(filename)
            return await load(filename)

        monkeypatch.setattr(talk.echo.transcripts, "load", noted)
        assert await talk.echo.catch_up.run() == 0

    assert 0 < len(looked_at) < len(THREADS)


async def _delete_what_was_said(talk: Talk, thread: ThreadRef) -> None:
    [conversation] = await talk.conversations(thread=thread)
    [message] = [each for each in conversation.messages if each.requester == ADA.external_id]
    assert message.event_id is not None
    await talk.echo.corrections.deleted(thread.platform, [message.event_id])
    [now] = await talk.conversations(thread=thread)
    assert replace(message, message_content="") != message
    assert now.messages[0].message_content == ""
