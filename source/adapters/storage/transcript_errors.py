"""What the operating system says, in the words of the transcripts' errors."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from source.domain.errors import TranscriptDamagedError, TranscriptUnwritableError

_FULL = "the disk is full: free some space"
_FORBIDDEN = "Echo may not write there: give its user the right to"
_READ_ONLY = "the disk is read-only: mount it for writing, or set CONVERSATIONS_DIR to another folder"
_NO_FOLDER = "there is a file where the folder should be: move it, or set CONVERSATIONS_DIR to another folder"
_TOO_LARGE = "the file is larger than this disk or this process may write: raise that limit"
_UNKNOWN = "look at the disk, or set CONVERSATIONS_DIR to another folder"

_WHAT_TO_DO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _READ_ONLY,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
    errno.EFBIG: _TOO_LARGE,
}


@contextmanager
def writing(folder: Path) -> Generator[None]:
    """Turn an OSError into TranscriptUnwritableError that says what the operator can do."""
    try:
        yield
    except OSError as error:
        raise TranscriptUnwritableError(f"{folder}: {advice(error)}; nothing is lost, the store has it") from error


@contextmanager
def reading(path: Path) -> Generator[None]:
    """Turn an OSError into TranscriptDamagedError: what cannot be read is reported like what is not whole."""
    try:
        yield
    except OSError as error:
        raise TranscriptDamagedError(f"{path}: cannot be read ({_reason(error)})") from error


def advice(error: OSError) -> str:
    """Return what the operator can do."""
    return _WHAT_TO_DO.get(error.errno or 0) or f"{_reason(error)}: {_UNKNOWN}"


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
