"""Starts the terminal chat as a person does, and says when its prompt is there."""

import os
import select
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Stopwatch
from source.app.settings import ROOT, Settings

_PROMPT = "›".encode()
_LEAVE = b"\x04"  # Ctrl-D
_PATIENCE_SECONDS = 60.0


def seconds_to_prompt(folder: Path) -> float:
    """Return the time from the start of the process to its prompt, with `folder` as the data folder."""
    master, slave = os.openpty()
    watch = Stopwatch()
    command = [sys.executable, "bot.py", "chat", "--user", "ada", "--thread", "start"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=_environment(folder), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    try:
        shown = _read_until(_PROMPT, master)
        took = watch.lap()
        if not shown:
            raise RuntimeError("the chat ended before its prompt")
        os.write(master, _LEAVE)
        _read_until(None, master)
        process.wait(_PATIENCE_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(master)
    return took


def seconds_of_python() -> float:
    """Return how long an interpreter takes that does nothing."""
    watch = Stopwatch()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return watch.lap()


def _environment(folder: Path) -> dict[str, str]:
    known = set(Settings.model_fields)
    inherited = {name: value for name, value in os.environ.items() if name.lower() not in known}
    return {
        **inherited,
        "CONVERSATIONS_DIR": str(folder),
        "LOCAL_MODEL_URLS": "",
        "ECHO_ENV_FILE": os.devnull,
        "TERM": "xterm-256color",
    }


def _read_until(wanted: bytes | None, master: int) -> bool:
    """Read what the terminal shows until `wanted` came or it is gone; return whether it came."""
    shown = b""
    while wanted is None or wanted not in shown:
        ready, _, _ = select.select([master], [], [], _PATIENCE_SECONDS)
        if not ready:
            raise TimeoutError("the terminal stays silent")
        try:
            piece = os.read(master, 65_536)
        except OSError:  # Linux: EIO once the other end is closed
            piece = b""
        if not piece:
            return False
        shown += piece
    return True
