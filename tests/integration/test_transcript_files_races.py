"""Moments between two steps: of one process, of two, and of a process and the power."""

import asyncio
import os
import stat
from pathlib import Path

import pytest

from source.adapters.storage import transcript_folder
from source.adapters.storage.atomic_file import bytes_of
from source.adapters.storage.transcript_files import ConversationFileManagerService
from tests.fakes.transcript_samples import a_conversation

NAME = "2026-03-02_conversation-with-42-in-987654321.json"
APART = NAME.replace(".json", "_2.json")


@pytest.fixture
def files(tmp_path: Path) -> ConversationFileManagerService:
    return ConversationFileManagerService(tmp_path)


async def test_the_newest_save_wins_although_earlier_ones_still_ask_for_a_taken_name(
    files: ConversationFileManagerService,
) -> None:
    await files.save(a_conversation(1))
    texts = [str(number) for number in range(40)]
    versions = [
        a_conversation(2, *texts[: length + 1], filename=APART if length > 20 else NAME) for length in range(40)
    ]
    assert set(await asyncio.gather(*map(files.save, versions))) == {APART}
    assert await files.load(APART) == versions[-1]


async def test_a_new_process_finds_the_file_of_a_conversation_whose_wanted_name_became_free(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    await files.save(a_conversation(1))
    await files.save(a_conversation(2))
    await files.delete(NAME)
    assert await ConversationFileManagerService(tmp_path).save(a_conversation(2, filename=NAME)) == APART
    assert await files.list() == (APART,)


async def test_a_conversation_in_use_is_saved_without_reading_its_file(
    files: ConversationFileManagerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await files.save(a_conversation(1))
    read = watched_reads(monkeypatch)
    assert await files.save(a_conversation(1, "more")) == NAME
    assert read == []


async def test_a_search_opens_no_file_whose_name_tells_enough(
    files: ConversationFileManagerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await files.save(a_conversation(1))
    await files.save(a_conversation(2, requester="7"))
    read = watched_reads(monkeypatch)
    assert [head.conversation_id for head in await files.find(requester="7")] == [2]
    assert len(read) == 1


def watched_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    read: list[Path] = []

    def watched(path: Path, *, max_bytes: int) -> bytes:
        read.append(path)
        return bytes_of(path, max_bytes=max_bytes)

    monkeypatch.setattr(transcript_folder, "bytes_of", watched)
    return read


async def test_a_file_that_is_deleted_while_others_are_read_is_no_problem(
    files: ConversationFileManagerService,
) -> None:
    for number in (1, 2):
        await files.save(a_conversation(number, filename=f"{number}.json"))
    seen = []
    async for entry in files.entries():
        await files.delete("2.json")
        seen.append(entry)
    assert [(entry.filename, entry.problem) for entry in seen] == [("1.json", None)]


@pytest.mark.parametrize(("durable", "synced"), [(True, ["file", "folder"]), (False, [])])
async def test_a_durable_save_syncs_the_file_and_then_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool, synced: list[str]
) -> None:
    seen: list[str] = []

    def sync(descriptor: int) -> None:
        seen.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")

    monkeypatch.setattr(os, "fsync", sync)
    await ConversationFileManagerService(tmp_path, durable=durable).save(a_conversation(1))
    assert seen == synced
