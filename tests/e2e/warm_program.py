"""Starts the program without the second that its imports take.

Each start is a process of its own, with its own environment and files, that runs what `python bot.py` runs.
"""

import atexit
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from source.app.settings import ROOT
from tests.e2e.fork_server import processes

BOT: Final = str(ROOT / "bot.py")


class WarmProgram:
    """A started program, with what `subprocess.Popen` has of it."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        stdout: Path,
        stderr: Path,
        stdin: Path | None = None,
    ) -> None:
        """`command` is a file or `-m` and a module, then arguments; what is written is appended to the files."""
        for written in (stdout, stderr):
            written.touch()
        files = (str(stdin or os.devnull), str(stdout), str(stderr))
        self._process = processes.Process(target=_run, args=(tuple(command), dict(environment), files))
        self._process.start()
        self._command = tuple(command)

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises: subprocess.TimeoutExpired: it has not come in so many seconds."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(list(self._command), timeout or 0)
        return self._process.exitcode


def _run(command: Sequence[str], environment: Mapping[str, str], files: tuple[str, str, str]) -> None:
    """Be the program: called in the process that is it."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    _open(0, files[0], os.O_RDONLY)
    for number, file in enumerate(files[1:], 1):
        _open(number, file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115  (open to the end)
        for number, mode, errors in ((0, "r", "surrogateescape"), (1, "w", "strict"), (2, "w", "backslashreplace"))
    )
    try:
        if command[0] == "-m":
            sys.argv = list(command[1:])
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = list(command)
            runpy.run_path(command[0], run_name="__main__")
    finally:
        atexit._run_exitfuncs()


def _open(number: int, file: str, flags: int) -> None:
    opened = os.open(file, flags, 0o644)
    os.dup2(opened, number)
    os.close(opened)
