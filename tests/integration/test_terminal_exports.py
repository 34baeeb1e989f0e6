"""Files that were asked for at the terminal, on disk."""

from pathlib import Path

import pytest

from source.adapters.storage.transcript_files import ConversationFileManagerService
from source.app.exports import EXPORT_FOLDER, write_export
from source.domain.errors import TranscriptUnwritableError
from source.services.commands import ExportedFile


def test_an_export_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    folder = tmp_path / EXPORT_FOLDER
    first = write_export(folder, ExportedFile("talk.json", b"{}"))
    second = write_export(folder, ExportedFile("talk.json", b"[]"))
    assert first == second == folder / "talk.json"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"talk.json": b"[]"}


def test_an_export_stays_in_its_folder_whatever_it_is_called(tmp_path: Path) -> None:
    path = write_export(tmp_path / EXPORT_FOLDER, ExportedFile("../../talk.json", b"{}"))
    assert path == tmp_path / EXPORT_FOLDER / "talk.json"


def test_a_folder_that_refuses_the_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / EXPORT_FOLDER).write_text("in the way")
    with pytest.raises(TranscriptUnwritableError, match="file where the folder should be"):
        write_export(tmp_path / EXPORT_FOLDER, ExportedFile("talk.json", b"{}"))


async def test_an_export_is_not_taken_for_a_transcript(tmp_path: Path) -> None:
    write_export(tmp_path / EXPORT_FOLDER, ExportedFile("talk.json", b"{}"))
    files = ConversationFileManagerService(tmp_path)
    assert [entry async for entry in files.entries()] == []
