"""One process owns a data folder."""

import contextlib
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from filelock import FileLock, Timeout

from source.domain.errors import FolderInUseError, StoreUnavailableError

_LOCK: Final = ".echo.lock"
_OWNER: Final = ".echo.owner"
_ADVICE: Final = "let CONVERSATIONS_DIR, and DATABASE_URL if it is a file, name a folder that Echo may write in"


class FolderLock:
    """Holds a data folder while the `with` block runs; the system lets go of it when the process dies.

    Raises: FolderInUseError: it names the holder; StoreUnavailableError: the folder refuses the lock.
    """

    def __init__(self, folder: Path, *, command: str = "echo") -> None:
        self._folder = folder
        self._command = command
        # A lock that is a mere file would outlive its holder: a file system that cannot lock is refused instead.
        self._lock = FileLock(folder / _LOCK, blocking=False, thread_local=False, fallback_to_soft=False)

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailableError(f"{self._folder} cannot be made: {error.strerror}; {_ADVICE}") from error
        try:
            self._lock.acquire()
        except Timeout as error:
            raise FolderInUseError(f"{self._folder} is in use by {self.holder()}: stop it first") from error
        except (OSError, NotImplementedError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or type(error).__name__
            raise StoreUnavailableError(f"{self._folder} cannot be locked: {reason}; {_ADVICE}") from error
        self._sign()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._owner_file.unlink(missing_ok=True)
        self._lock.release()

    @property
    def _owner_file(self) -> Path:
        return self._folder / _OWNER

    def _sign(self) -> None:
        """Say who holds the lock; not being able to say it takes nothing from holding it."""
        owner = {
            "pid": os.getpid(),
            "command": self._command,
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        draft = self._folder / f"{_OWNER}.new"
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(owner), encoding="utf-8")
            draft.replace(self._owner_file)

    def holder(self) -> str:
        """Say who else holds the folder, as well as that is known."""
        try:
            owner = json.loads(self._owner_file.read_text(encoding="utf-8"))
            pid, command, host, since = (owner[name] for name in ("pid", "command", "host", "since"))
        except (OSError, ValueError, LookupError, TypeError):
            return "another process"
        # Between two holders the file may still name the one that died.
        if host == socket.gethostname() and not _is_alive(pid):
            return "another process"
        return f"`{command}` (process {pid} on {host}, since {since})"


def _is_alive(pid: object) -> bool:
    try:
        os.kill(int(str(pid)), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, OverflowError):
        return False
    return True
