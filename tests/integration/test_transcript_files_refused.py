"""A folder that refuses writes: what is said, and that nothing is spoilt."""

import asyncio
import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from source.adapters.storage.transcript_errors import reading, writing
from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.domain.errors import TranscriptDamagedError, TranscriptUnwritableError
from source.ports.files import TranscriptEntry
from tests.fakes.transcript_samples import a_conversation

NAME = "2026-03-02_conversation-with-42-in-987654321.json"


@contextmanager
def file_size_limit(size_bytes: int) -> Iterator[None]:
    """A disk that takes so much of a file and no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@contextmanager
def closed_for_writing(folder: Path) -> Iterator[None]:
    folder.chmod(0o500)
    try:
        yield
    finally:
        folder.chmod(0o700)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_write_that_fails_in_the_middle_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    files = ConversationFileManagerService(tmp_path)
    await files.save(a_conversation(1, "one"))
    before = (tmp_path / NAME).read_bytes()
    with file_size_limit(4096), pytest.raises(TranscriptUnwritableError, match="larger than"):
        await files.save(a_conversation(1, "x" * 100_000))
    assert names_in(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == before
    assert await files.save(a_conversation(1, "x" * 100_000)) == NAME


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "full: free some space"),
        (errno.EDQUOT, "full: free some space"),
        (errno.EACCES, "the right to"),
        (errno.EPERM, "the right to"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "look at the disk"),
    ],
)
async def test_each_refusal_says_what_to_do_and_the_next_save_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    files = ConversationFileManagerService(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", refuse)
        with pytest.raises(TranscriptUnwritableError, match=advice):
            await files.save(a_conversation())
    assert names_in(tmp_path) == []
    assert await files.save(a_conversation()) == NAME


async def test_a_file_in_the_folders_place_is_reported_at_every_kind_of_write(tmp_path: Path) -> None:
    (tmp_path / "conversations").write_text("not a folder")
    files = ConversationFileManagerService(tmp_path / "conversations")
    with pytest.raises(TranscriptUnwritableError, match="file where the folder should be"):
        await files.save(a_conversation())


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
async def test_a_folder_without_the_right_to_write_is_reported(tmp_path: Path) -> None:
    files = ConversationFileManagerService(tmp_path)
    await files.save(a_conversation())
    with closed_for_writing(tmp_path):
        with pytest.raises(TranscriptUnwritableError, match="the right to"):
            await files.save(a_conversation())
        assert [entry.problem async for entry in files.entries()] == [None]


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_error_of_the_system_is_one_of_echos(number: int) -> None:
    with pytest.raises(TranscriptUnwritableError), writing(Path("folder")):
        raise OSError(number, os.strerror(number))
    with pytest.raises(TranscriptDamagedError), reading(Path("file")):
        raise OSError(number, os.strerror(number))


SAVE_FOR_EVER = """
import asyncio, sys
from source.adapters.storage.transcript_files import ConversationFileManagerService
from tests.fakes.transcript_samples import a_conversation, named

async def save(files, number):
    length, name = 0, ""
    while True:
        length += 1
        conversation = a_conversation(number, *map(str, range(length % 400 + 1)), filename=name)
        name = await files.save(conversation)
        print("saved", flush=True)
        if length % 3 == 0:
            content = await files.content(name)
            await files.put_back(named(conversation, name).head, content)

async def main():
    files = ConversationFileManagerService(sys.argv[1], durable=False)
    await asyncio.gather(*(save(files, number) for number in range(1, 6)))

asyncio.run(main())
"""


async def entries_of(folder: Path) -> list[TranscriptEntry]:
    return [entry async for entry in ConversationFileManagerService(folder).entries()]


def test_a_kill_at_any_instant_leaves_whole_files_and_each_conversation_once(tmp_path: Path) -> None:
    for kill in range(6):
        with subprocess.Popen([sys.executable, "-c", SAVE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            for _ in range(20 + 7 * kill):
                writer.stdout.readline()
            writer.kill()
        entries = asyncio.run(entries_of(tmp_path))
        assert [entry.problem for entry in entries if entry.problem] == []
        ids = [entry.conversation.head.conversation_id for entry in entries if entry.conversation]
        assert sorted(ids) == [1, 2, 3, 4, 5]
