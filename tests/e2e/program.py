"""Echo as a person or a script starts it."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.warm_program import BOT, WarmProgram

PATIENCE_SECONDS = 30.0
_WHERE_IS_THE_CURSOR = b"\x1b[6n"
_CURSOR_IS_AT = b"\x1b[1;1R"
_STYLES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r")

# Makes standard input the controlling terminal, so that Ctrl-C means what it means to a person.
_ON_OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Program:
    """Runs `bot.py` with a data folder of its own, beside which nothing of the developer's is read."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, "CONVERSATIONS_DIR": str(folder), "TERM": "xterm-256color", **settings}

    def run(self, *arguments: str, stdin: bytes | str = b"") -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        with TemporaryDirectory() as folder:
            sent, shown, errors = (Path(folder) / name for name in ("in", "out", "err"))
            sent.write_bytes(stdin.encode() if isinstance(stdin, str) else stdin)
            program = WarmProgram([BOT, *arguments], self.environment, stdin=sent, stdout=shown, stderr=errors)
            try:
                code = program.wait(PATIENCE_SECONDS)
            finally:
                program.kill()
            return subprocess.CompletedProcess(arguments, code, shown.read_text(), errors.read_text())

    @contextmanager
    def with_pipes(self, *arguments: str) -> Iterator["PipedSession"]:
        """Start a command with pipes at its three ends; it is ended at the end."""
        with subprocess.Popen(
            self._command(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        ) as process:
            try:
                yield PipedSession(process)
            finally:
                process.kill()

    @contextmanager
    def at_terminal(self, *arguments: str) -> Iterator["TerminalSession"]:
        """Start a command on a terminal of its own; it is ended at the end."""
        master, slave = os.openpty()
        process = subprocess.Popen(
            [sys.executable, "-c", _ON_OWN_TERMINAL, *self._command(*arguments)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self.environment,
            start_new_session=True,
        )
        os.close(slave)
        try:
            yield TerminalSession(process, master)
        finally:
            process.kill()
            process.wait()
            os.close(master)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, BOT, *arguments]


class PipedSession:
    """A running program that a script talks with."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self.process = process
        self.stdin = process.stdin
        self.stdout = process.stdout
        self.stderr = process.stderr

    def say(self, line: str) -> None:
        self.stdin.write(f"{line}\n".encode())
        self.stdin.flush()

    def answer(self) -> str:
        """Wait for the next line of an answer."""
        return self.stdout.readline().decode()

    def errors(self) -> str:
        """Wait for the end of the program and return what it wrote to standard error."""
        return self.stderr.read().decode()


class TerminalSession:
    """The keyboard and the screen of a running program."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        self._raw = b""
        self._seen_until = 0

    @property
    def screen(self) -> str:
        """Everything shown so far, without styles and movements of the cursor."""
        return _STYLES.sub("", self._raw.decode("utf-8", "replace"))

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def shows(self, text: str) -> None:
        """Return once `text` was shown after what earlier calls waited for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := self.screen.find(text, self._seen_until)) < 0:
            if not self._read(deadline):
                raise AssertionError(f"{text!r} is not shown; shown was {self.screen[self._seen_until :]!r}")
        self._seen_until = found + len(text)

    def exit_code(self) -> int:
        """Wait for the end of the program."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._read(deadline):
            pass
        return self.process.wait(PATIENCE_SECONDS)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            piece = os.read(self._master, 65_536)
        except OSError:  # Linux: EIO once the program has ended
            return False
        self._raw += piece
        os.write(self._master, _CURSOR_IS_AT * piece.count(_WHERE_IS_THE_CURSOR))
        return bool(piece)
