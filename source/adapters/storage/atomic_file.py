"""Files that are either as they were or as they shall be, whenever the process or the power goes."""

import errno
import math
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

_LEFTOVER = re.compile(r"\.echo-[0-9a-f]{16}\.tmp")


def replace_file(path: Path, data: bytes, *, durable: bool) -> None:
    """Make `path` hold `data`; when durable, it does so after a power cut too once this returns."""
    draft = path.with_name(f".echo-{secrets.token_hex(8)}.tmp")
    try:
        _write_new(draft, data, durable=durable)
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def remove_file(path: Path, *, durable: bool) -> bool:
    """Remove `path`; False when it was not there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    if durable:
        sync_folder(path.parent)
    return True


def bytes_of(path: Path, *, max_bytes: int) -> bytes:
    """Return what `path` holds; OSError when it is no regular file or holds more than `max_bytes`."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # opening a pipe would wait for its other end
        raise OSError(errno.EINVAL, "not a regular file")
    if found.st_size > max_bytes:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return path.read_bytes()


def make_folder(folder: Path, *, durable: bool) -> None:
    """Make `folder` and the ones above it where they are missing."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if durable:
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    if os.name == "nt":  # Windows: a folder cannot be opened, and NTFS journals its names itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_leftovers(folder: Path, *, written_before: float = math.inf) -> int:
    """Remove what writes that were killed left behind, if last written before then (a file's time); return how many.

    Without a time it is only for the process that owns the folder: another one's drafts may still be written.
    """
    if not folder.is_dir():
        return 0
    swept = 0
    for path in folder.iterdir():
        if _LEFTOVER.fullmatch(path.name):
            with suppress(FileNotFoundError):  # its writer has just finished it
                if path.stat().st_mtime < written_before:
                    path.unlink()
                    swept += 1
    return swept


def _write_new(path: Path, data: bytes, *, durable: bool) -> None:
    with path.open("xb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
