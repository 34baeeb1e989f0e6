"""One process owns a data folder."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from source.adapters.storage.folder_lock import FolderLock
from source.domain.errors import FolderInUseError, StoreUnavailableError

ROOT = Path(__file__).parents[2]
HOLD = """
import pathlib, sys
from source.adapters.storage.folder_lock import FolderLock
with FolderLock(pathlib.Path(sys.argv[1]), command="chat"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(folder: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_has_the_folder(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as holder:
        with pytest.raises(FolderInUseError) as raised, FolderLock(tmp_path, command="rebuild"):
            pass
        text = str(raised.value)
        assert str(tmp_path) in text
        assert f"process {holder.pid}" in text
        assert "`chat`" in text
        assert os.uname().nodename in text
        assert "since 20" in text


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert (tmp_path / ".echo.owner").exists()
        with FolderLock(tmp_path, command="chat"):
            assert json.loads((tmp_path / ".echo.owner").read_text())["pid"] == os.getpid()


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(3):
        with FolderLock(tmp_path, command="chat"):
            pass
    assert not (tmp_path / ".echo.owner").exists()


def test_within_one_process_there_is_one_holder_too(tmp_path: Path) -> None:
    with FolderLock(tmp_path, command="chat"):
        with pytest.raises(FolderInUseError, match=f"process {os.getpid()}"), FolderLock(tmp_path):
            pass
        with pytest.raises(FolderInUseError), FolderLock(tmp_path):
            pass


@pytest.mark.parametrize("stale", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "command": 1, "host": 2, "since": 3}'])
def test_a_damaged_note_of_the_holder_does_no_harm(tmp_path: Path, stale: str) -> None:
    with FolderLock(tmp_path, command="chat"):
        (tmp_path / ".echo.owner").write_text(stale)
        with pytest.raises(FolderInUseError, match="in use by"), FolderLock(tmp_path):
            pass


def test_a_dead_process_is_not_named_as_the_holder(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as gone:
        pass
    with FolderLock(tmp_path, command="chat"):
        note = json.loads((tmp_path / ".echo.owner").read_text())
        (tmp_path / ".echo.owner").write_text(json.dumps(note | {"pid": gone.pid}))
        with pytest.raises(FolderInUseError, match="another process"), FolderLock(tmp_path):
            pass


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "a" / "b", command="chat"):
        assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        pytest.raises(StoreUnavailableError, match="cannot be made: Not a directory"),
        FolderLock(tmp_path / "file" / "x"),
    ):
        pass
