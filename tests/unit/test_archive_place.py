"""Which folders an archive may be in."""

from pathlib import Path

import pytest

from source.app.archives import refuse_shared_folder
from source.app.composition import open_echo
from source.app.settings import Settings
from source.domain.errors import SettingsError


def settings(tmp_path: Path, archive: str, *, database: str | None = None) -> Settings:
    (tmp_path / "link").symlink_to(tmp_path / "data")
    folder = tmp_path / "data" / "conversations"
    return Settings(conversations_dir=folder, archive_storage=f"file://{tmp_path}/{archive}", database_url=database)


@pytest.mark.parametrize("archive", ["data/conversations", "data/conversations/", "data", "link/conversations", "."])
def test_the_folder_of_the_transcripts_and_those_above_it_are_refused(tmp_path: Path, archive: str) -> None:
    with pytest.raises(SettingsError, match="ARCHIVE_STORAGE"):
        refuse_shared_folder(settings(tmp_path, archive))


def test_the_folder_of_the_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ARCHIVE_STORAGE"):
        refuse_shared_folder(settings(tmp_path, "base", database=f"sqlite:///{tmp_path}/base/echo.db"))


@pytest.mark.parametrize("archive", ["data/conversations/archive", "data/old", "data/conversations-old"])
def test_a_folder_of_its_own_is_taken(tmp_path: Path, archive: str) -> None:
    refuse_shared_folder(settings(tmp_path, archive))
    refuse_shared_folder(Settings(conversations_dir=tmp_path))
    refuse_shared_folder(Settings(conversations_dir=tmp_path, archive_storage="s3://bucket"))


async def test_echo_does_not_start_with_an_archive_among_its_transcripts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="ARCHIVE_STORAGE"):
        async with open_echo(Settings(conversations_dir=tmp_path, archive_storage=f"file://{tmp_path}")):
            pass
