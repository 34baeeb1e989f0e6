"""Transcripts in a real folder: what is not Echo's, what is broken, and what lies around."""

import asyncio
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from source.adapters.storage import transcript_files
from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.domain.errors import TranscriptDamagedError, TranscriptForeignError, TranscriptUnwritableError
from source.domain.thread import Platform, ThreadRef
from source.domain.transcript import encode_transcript
from tests.fakes.transcript_samples import a_conversation, named
from tests.unit.test_transcript_older import NAME as OLDER_NAME
from tests.unit.test_transcript_older import OLDER

NAME = "2026-03-02_conversation-with-42-in-987654321.json"
APART = NAME.replace(".json", "_1.json")


@pytest.fixture
def files(tmp_path: Path) -> ConversationFileManagerService:
    return ConversationFileManagerService(tmp_path)


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


async def problems(files: ConversationFileManagerService) -> dict[str, type[Exception]]:
    return {entry.filename: type(entry.problem) async for entry in files.entries() if entry.problem}


async def test_only_whole_files_of_the_right_names_are_left(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    await asyncio.gather(*(files.save(a_conversation(number)) for number in range(1, 6)))
    others = [NAME.replace(".json", f"_{number}.json") for number in range(2, 6)]
    assert tree(tmp_path) == sorted([*others, NAME])


async def test_the_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    files = ConversationFileManagerService(tmp_path / "not" / "yet")
    assert [entry async for entry in files.entries()] == []
    assert await files.list() == ()
    assert not (tmp_path / "not").exists()
    await files.save(a_conversation())
    assert await files.list() == (NAME,)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[1, 2]", encode_transcript(a_conversation())[:-40], b"\xff\xfe", b'{"schema_version": 9}']
)
async def test_a_file_that_is_not_echos_or_not_whole_is_never_overwritten(
    tmp_path: Path, files: ConversationFileManagerService, content: bytes
) -> None:
    (tmp_path / NAME).write_bytes(content)
    conversation = await saved_apart(files)
    assert (tmp_path / NAME).read_bytes() == content
    assert await files.load(APART) == conversation


async def saved_apart(files: ConversationFileManagerService) -> object:
    assert await files.save(a_conversation()) == APART
    return named(a_conversation(), APART)


async def test_a_folder_or_a_pipe_of_that_name_is_somebody_elses(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    (tmp_path / NAME).mkdir()
    os.mkfifo(tmp_path / APART)
    assert await files.save(a_conversation()) == APART.replace(".json", "_2.json")
    with pytest.raises(TranscriptDamagedError):
        await files.load(APART)
    assert await problems(files) == {}


async def test_a_file_too_large_to_be_held_is_reported_and_not_read(
    tmp_path: Path, files: ConversationFileManagerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await files.save(a_conversation())
    monkeypatch.setattr("source.adapters.storage.transcript_folder._MAX_TRANSCRIPT_BYTES", 100)
    assert await problems(files) == {NAME: TranscriptDamagedError}


async def test_a_folder_full_of_others_files_of_every_name_refuses(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    for name in (NAME, APART, *(APART.replace(".json", f"_{number}.json") for number in range(2, 10))):
        (tmp_path / name).write_text("{}")
    with pytest.raises(TranscriptUnwritableError, match="taken"):
        await files.save(a_conversation())


async def test_entries_report_what_is_wrong_and_pass_over_echos_own_other_files(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    await files.save(a_conversation())
    own = ["README.md", "echo.db", "echo.db-wal", "echo.db-shm", "echo.lock", ".gitkeep", ".echo-0123456789abcdef.tmp"]
    for name in own:
        (tmp_path / name).write_text("{}")
    (tmp_path / "archive").mkdir()
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "half.json").write_bytes(encode_transcript(a_conversation(3))[:500])
    (tmp_path / "later.json").write_text('{"schema_version": 2}')
    (tmp_path / "notes.txt").write_text("milk")
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "archive" / "plain.json").write_text("{}")
    (tmp_path / OLDER_NAME).write_text(OLDER)
    before = {name: (tmp_path / name).read_bytes() for name in tree(tmp_path)}
    assert await problems(files) == {
        "half.json": TranscriptDamagedError,
        "later.json": TranscriptForeignError,
        "notes.txt": TranscriptForeignError,
        "package.json": TranscriptForeignError,
    }
    good = [entry.filename async for entry in files.entries() if entry.conversation]
    assert good == [OLDER_NAME, NAME]
    assert {name: (tmp_path / name).read_bytes() for name in tree(tmp_path)} == before


async def test_leftovers_of_killed_writes_go_with_the_first_write_and_nothing_else_does(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    leftovers = [tmp_path / ".echo-0123456789abcdef.tmp", tmp_path / ".echo-fedcba9876543210.tmp"]
    strangers = [tmp_path / ".echo-mine.tmp", tmp_path / "draft.tmp", tmp_path / ".vimrc"]
    for path in (*leftovers, *strangers):
        path.write_text("x")
    assert await files.list() == ()
    assert all(path.exists() for path in leftovers), "a reader leaves drafts to the process that writes them"
    await files.save(a_conversation())
    assert not any(path.exists() for path in leftovers)
    assert all(path.exists() for path in strangers)


async def test_a_foreign_file_is_neither_deleted_nor_taken_away(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(TranscriptForeignError):
        await files.delete("package.json")
    assert not await files.take_away(a_conversation(filename="package.json").head, b"")
    assert tree(tmp_path) == ["package.json"]


async def test_a_damaged_transcript_is_not_taken_away_but_can_be_deleted(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    (tmp_path / NAME).write_bytes(b'{"half')
    assert not await files.take_away(a_conversation(filename=NAME).head, b"")
    assert tree(tmp_path) == [NAME]
    assert await files.delete(NAME)
    assert tree(tmp_path) == []


async def test_what_is_known_is_taken_away_unread(tmp_path: Path, files: ConversationFileManagerService) -> None:
    (tmp_path / NAME).write_bytes(b'{"half')
    assert await files.take_away(a_conversation(filename=NAME).head, b'{"half')
    assert tree(tmp_path) == []


async def test_a_file_renamed_by_its_owner_stays_where_it_was_put(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    await files.save(a_conversation())
    (tmp_path / NAME).rename(tmp_path / "Kuchen.json")
    later = ConversationFileManagerService(tmp_path)
    renamed = await later.load("Kuchen.json")
    assert await later.save(renamed) == "Kuchen.json"
    assert tree(tmp_path) == ["Kuchen.json"]


async def test_a_new_process_knows_whose_file_it_is(tmp_path: Path, files: ConversationFileManagerService) -> None:
    await files.save(a_conversation(1))
    await files.save(a_conversation(2))
    later = ConversationFileManagerService(tmp_path)
    assert await later.save(a_conversation(2, "more", filename=NAME)) == NAME.replace(".json", "_2.json")
    assert await later.save(a_conversation(1, "more", filename=NAME)) == NAME
    assert len(tree(tmp_path)) == 2


async def test_an_older_transcript_is_taken_over_by_its_conversation(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    (tmp_path / OLDER_NAME).write_text(OLDER)
    older = await files.load(OLDER_NAME)
    assert await files.save(older) == OLDER_NAME
    assert json.loads((tmp_path / OLDER_NAME).read_bytes())["schema_version"] == 1
    assert await files.load(OLDER_NAME) == older


async def test_find_and_list_tell_conversations_apart(files: ConversationFileManagerService) -> None:
    await files.save(a_conversation(1))
    await files.save(a_conversation(2, requester="7"))
    await files.save(a_conversation(3, thread=ThreadRef(Platform.TERMINAL, "kitchen")))
    await files.save(a_conversation(4, filename="cake.json"))

    async def found(**query: object) -> set[int]:
        return {head.conversation_id for head in await files.find(**query)}  # type: ignore[arg-type]  # by name

    assert await found() == {1, 2, 3, 4}
    assert await found(requester="42") == {1, 3, 4}
    assert await found(guild_id="987654321") == {1, 2, 4}
    assert await found(thread_id="kitchen") == {3}
    assert await found(requester="7", on=date(2026, 3, 2)) == {2}
    assert await found(on=date(2026, 3, 3)) == set()
    assert len(await files.list()) == 4


async def test_a_save_goes_to_its_end_when_its_caller_is_cancelled(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    save = asyncio.create_task(files.save(a_conversation(1, *map(str, range(2000)))))
    await asyncio.sleep(0)
    save.cancel()
    with pytest.raises(asyncio.CancelledError):
        await save
    assert tree(tmp_path) == [NAME]
    assert len((await files.load(NAME)).messages) == 2000


async def test_few_names_are_remembered_and_forgotten_ones_are_looked_up(
    tmp_path: Path, files: ConversationFileManagerService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript_files, "_MOST_NAMES_REMEMBERED", 2)
    names = [await files.save(a_conversation(number)) for number in range(1, 8)]
    assert [await files.save(a_conversation(number)) for number in range(1, 8)] == names
    assert len(tree(tmp_path)) == 7


async def test_a_conversation_whose_damaged_file_lies_there_is_complete_in_its_new_one(
    tmp_path: Path, files: ConversationFileManagerService
) -> None:
    await files.save(a_conversation(1, "one"))
    (tmp_path / NAME).write_bytes(b"\x00" * 4096)
    later = ConversationFileManagerService(tmp_path)
    conversation = replace(a_conversation(1, "one", "two"), people={})
    name = await later.save(conversation)
    assert name == APART
    assert await later.load(name) == named(conversation, name)
