"""Draws the README's picture from the program's own output: `python -m docs.picture` (needs tmux).

Runs `bot.py chat` in a terminal against the loopback model server, comes back three days later by
moving the stored times, and draws what the terminal shows.
"""

import asyncio
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.terminal_theme import MONOKAI

from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "chat.svg"
WIDTH, HEIGHT = 104, 24
SESSION = "echo-picture"

FIRST_DAY = (
    ("We are moving to Lisbon in May, with our cat Miro.", "Lovely! Does Miro travel well, or shall we plan stops?"),
    ("He hates long drives. Two stops, and no hotel without a balcony.", "Noted: two stops, balconies only."),
)
SUMMARY = (
    '{"title": "Moving to Lisbon", "about": "Ana plans her move to Lisbon in May with her cat Miro.", "open_issues": '
    '[{"text": "Find hotels for two stops on the way.", "message_ids": [3]}], "facts": [], "preferences": [{"text": '
    '"No hotel without a balcony.", "message_ids": [3]}], "person": [], "topics": []}'
)
LATER = (
    "Back again. What was still open?",
    "For Lisbon: hotels for two stops, with a balcony, and short drives for Miro. Shall we start?",
)


async def main() -> None:
    async with FakeOpenAIServer(models=None) as server:
        with tempfile.TemporaryDirectory() as folder:
            await _talk(server, Path(folder))
            _move_back(Path(folder) / "echo.db", days=3)
            await _return(server, Path(folder))
            _draw(_screen())
            await _leave()
    sys.stdout.write(f"{PICTURE.relative_to(ROOT)}\n")


async def _talk(server: FakeOpenAIServer, folder: Path) -> None:
    _open_terminal(server, folder)
    await _shows("Ana ›")
    for said, reply in FIRST_DAY:
        server.queue(Says([reply]))
        await _type(said)
        await _shows(reply.split(".")[0].split("!")[0])
    await _leave()


async def _leave() -> None:
    _tmux("send-keys", "-t", SESSION, "C-d")
    while subprocess.run(["tmux", "has-session", "-t", SESSION], capture_output=True, check=False).returncode == 0:
        await asyncio.sleep(0.1)


async def _return(server: FakeOpenAIServer, folder: Path) -> None:
    said, reply = LATER
    server.queue(Says([SUMMARY]), Says([reply]))
    _open_terminal(server, folder)
    await _shows("balconies only")
    await asyncio.sleep(1)
    await _type(said)
    await _shows("Shall we start?")


def _open_terminal(server: FakeOpenAIServer, folder: Path) -> None:
    settings = {
        "CONVERSATIONS_DIR": str(folder),
        "OPENAI_API_KEY": "key",
        "OPENAI_BASE_URL": server.base_url,
        "COLORTERM": "truecolor",
    }
    command = " ".join(
        [*(f"{name}={shlex.quote(value)}" for name, value in settings.items()), shlex.quote(sys.executable)]
    )
    _tmux("new-session", "-d", "-s", SESSION, "-x", str(WIDTH), "-y", str(HEIGHT), f"{command} bot.py chat --user Ana")


def _move_back(database: Path, *, days: int) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        for table, columns in (
            ("conversations", ("created_at", "updated_at", "last_message_at")),
            ("messages", ("created_at",)),
        ):
            for column in columns:
                connection.execute(f"UPDATE {table} SET {column} = datetime({column}, '-{days} days') || '.000000'")


async def _type(line: str) -> None:
    _tmux("send-keys", "-t", SESSION, "-l", line)
    await asyncio.sleep(0.3)
    _tmux("send-keys", "-t", SESSION, "Enter")


async def _shows(text: str) -> None:
    async with asyncio.timeout(30):
        while " ".join(text.split()) not in " ".join(_screen(styled=False).split()):
            await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)


def _screen(*, styled: bool = True) -> str:
    return _tmux("capture-pane", "-p", "-t", SESSION, *(["-e"] if styled else []))


def _tmux(*arguments: str) -> str:
    return subprocess.run(["tmux", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _draw(screen: str) -> None:
    lines = list(AnsiDecoder().decode(screen.rstrip()))
    while len(lines) > 1 and not lines[-2].plain.strip():
        del lines[-2]
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="truecolor")
        for line in lines:
            console.print(line, soft_wrap=True)
        svg = console.export_svg(title="python bot.py chat", theme=MONOKAI)
    # The reader's own monospace font will do: a picture in a README asks no other server for one.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
