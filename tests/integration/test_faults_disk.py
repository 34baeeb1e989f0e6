"""A disk that is full, and a folder that cannot be written: a clear error, nothing lost, and it works again after."""

import asyncio
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from source.domain.errors import EchoError, StoreUnavailableError
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import Talk, database_rows, eventually, running_echo, transcripts_in
from tests.fakes.small_disk import full, mounted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these faults are made with POSIX means")

_NOBODY = 65534


@pytest.fixture(autouse=True)
def ready_tables() -> None:
    """Every file here is made by the migrations."""


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def plain_folder() -> Iterator[Path]:
    """A folder of an account that is not root, who may write anywhere; the test runs as that account."""
    folder = Path(tempfile.mkdtemp(prefix="echo-"))
    try:
        yield from _owned(folder)
    finally:
        shutil.rmtree(folder)


def _owned(folder: Path) -> Iterator[Path]:
    with _not_as_root(folder):
        needed = (folder, Path(__file__), Path(pytest.__file__))
        if not all(os.access(path, os.R_OK, effective_ids=True) for path in needed):
            pytest.skip("NOT TESTED HERE: a folder that cannot be written (another account cannot read this checkout)")
        yield folder


@contextmanager
def _not_as_root(folder: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.chown(folder, _NOBODY, _NOBODY)
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def _longest_file(size_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond this while the block runs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


async def _say_until_refused(talk: Talk) -> StoreUnavailableError:
    """Say long things until one is refused; everything before was taken."""
    for number in range(2_000):
        try:
            await talk.say(f"Number {number} " + "and many more words " * 200)
        except StoreUnavailableError as error:
            return error
    raise AssertionError("the disk never became full")


def _said(folder: Path) -> list[str]:
    rows = database_rows(folder, "SELECT content FROM messages WHERE requester IS NOT NULL ORDER BY id")
    return [str(text) for (text,) in rows]


async def test_a_full_disk_refuses_new_messages_and_loses_none(small_disk: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(small_disk, server, FakeClock()) as talk:
        await talk.say("First")
        with full(small_disk):
            refused = await _say_until_refused(talk)
            taken = len(_said(small_disk))
        reply = await talk.say("Last")
        unanswered = database_rows(small_disk, "SELECT count(*) FROM events WHERE state = 'accepted'")

    assert "full" in str(refused)
    assert reply.delivered == "You said: Last"
    assert unanswered == [(0,)]
    assert len(_said(small_disk)) == taken + 1
    [transcript] = transcripts_in(small_disk).values()
    assert [each["message_content"] for each in transcript["history"] if each["meta"]] == _said(small_disk)


async def test_a_disk_that_fills_up_while_echo_answers_delays_the_answer(
    small_disk: Path, server: FakeOpenAIServer
) -> None:
    gate = asyncio.Event()
    async with running_echo(small_disk, server, FakeClock()) as talk:
        server.queue(Says(["Once upon ", "a time " * 20_000], gate=gate, gate_after=1))
        telling = asyncio.create_task(talk.say("Tell me a story"))
        await eventually(talk.channel.shown.is_set)
        with full(small_disk):
            gate.set()
            reply = await telling
            stored = _said(small_disk)
        talk.clock.advance(minutes=1)
        await eventually(lambda: len(talk.channel.delivered) == 1)
        conversation = await talk.conversation()

    assert reply.failure is not None
    assert "kept" in reply.failure
    assert stored == []
    assert [message.message_content for message in conversation.messages] == [
        "Tell me a story",
        "You said: Tell me a story",
    ]


async def test_a_file_that_may_not_grow_is_like_a_full_disk(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("First")
        with _longest_file(400_000):
            refused = await _say_until_refused(talk)
        reply = await talk.say("Last")

    assert str(refused)
    assert reply.delivered == "You said: Last"
    assert database_rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert _said(tmp_path)[-1] == "Last"


async def test_a_folder_that_cannot_be_written_is_reported_at_start(
    plain_folder: Path, server: FakeOpenAIServer
) -> None:
    with _read_only(plain_folder), pytest.raises(EchoError) as told:
        async with running_echo(plain_folder, server, FakeClock()):
            pass
    async with running_echo(plain_folder, server, FakeClock()) as talk:
        reply = await talk.say("Hello")

    assert str(plain_folder) in str(told.value) or "folder" in str(told.value)
    assert reply.delivered == "You said: Hello"


async def test_transcripts_wait_until_their_folder_can_be_written(plain_folder: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(plain_folder, server, FakeClock()) as talk:
        await talk.say("Hello")
        with _read_only(plain_folder):
            reply = await talk.say("Again")
            await talk.echo.manager.write_transcripts()
            failed = talk.echo.manager.metrics().transcripts_failed
        talk.clock.advance(seconds=40)
        await talk.echo.manager.sweep()
        await talk.echo.manager.write_transcripts()
        [transcript] = transcripts_in(plain_folder).values()

    assert reply.delivered == "You said: Again"
    assert failed >= 1
    assert len(transcript["history"]) == 4
