"""A start that cannot come to anything is refused before anything is loaded that takes long."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from source.adapters.storage.folder_lock import FolderLock
from source.app.early import refuse_early
from source.app.settings import ROOT
from source.domain.errors import FolderInUseError, SettingsError
from tests.fakes.running_echo import settings_for


@pytest.fixture
def taken_port() -> Iterator[int]:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        yield taken.getsockname()[1]


def test_an_api_that_could_not_listen_is_refused_where_it_is_all_that_there_is(tmp_path: Path, taken_port: int) -> None:
    with pytest.raises(SettingsError, match=f"WEB_PORT {taken_port} is in use"):
        refuse_early(settings_for(tmp_path, web_port=taken_port))
    refuse_early(settings_for(tmp_path, web_port=taken_port, discord_token="token"))
    refuse_early(settings_for(tmp_path, web_port=taken_port, web_enabled=False))
    with FolderLock(tmp_path):
        """It is free again."""


def test_who_has_the_folder_is_told_before_who_has_the_port(tmp_path: Path, taken_port: int) -> None:
    with FolderLock(tmp_path, command="first"), pytest.raises(FolderInUseError, match="first"):
        refuse_early(settings_for(tmp_path, web_port=taken_port))


def test_nothing_that_takes_long_is_loaded_for_it() -> None:
    loads = "import sys, source.app.cli, source.app.early; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", loads], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "fastapi", "uvicorn", "dbos", "openai"} & set(done.stdout.split())
