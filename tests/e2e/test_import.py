"""`python bot.py import`: the history that somebody already has, from the command line."""

import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.program import Program
from tests.fakes.import_samples import GARDEN


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "conversations", WEB_ENABLED="false", TIME_ZONE="UTC")


@pytest.fixture
def garden(tmp_path: Path) -> Path:
    path = tmp_path / "WhatsApp Chat with Ann.txt"
    path.write_text(GARDEN, encoding="utf-8")
    return path


def test_an_imported_chat_is_listed_shown_and_recalled(program: Program, garden: Path) -> None:
    dry = program.run("import", str(garden), "--me", "Bob", "--dry-run")
    assert (dry.returncode, dry.stdout.splitlines()[0]) == (
        0,
        "Would import 5 messages of 1 person in “Ann”: 2 conversations.",
    )
    assert not program.folder.exists()
    done = program.run("import", str(garden), "--me", "Bob")
    assert done.returncode == 0, done.stderr
    assert "Imported 5 messages of 1 person in “Ann”: 2 conversations." in done.stdout
    assert "5 messages were known already" in program.run("import", str(garden), "--me", "Bob").stdout

    assert len(program.run("conversations").stdout.splitlines()) == 2
    recalled = program.run("recall", "What about the hinge?", "--person", "Ann").stdout
    assert "Ann: It squeaks again, and the hinge is rusty" in recalled
    assert "Echo: Then I bring a new hinge" in recalled
    listed = program.run("conversations").stdout.splitlines()
    assert "imported" in program.run("show", listed[0].split()[0]).stdout


def test_what_is_asked_wrongly_is_told_in_one_line(program: Program, garden: Path) -> None:
    stranger = program.run("import", str(garden), "--me", "Zoe")
    assert stranger.returncode == 1
    assert stranger.stderr == "nobody in this chat is called Zoe: those who speak are Ann, Bob.\n"
    assert program.run("import", str(garden), "--zone", "Berlin").returncode == 2
    assert program.run("import", str(garden), "--person", "Ann").returncode == 2
    unclear = garden.with_name("unclear.txt")
    unclear.write_text("03/04/2026, 10:00 - Ann: a\n", encoding="utf-8")
    refused = program.run("import", str(unclear))
    assert "--dates dmy" in refused.stderr
    assert program.run("import", str(unclear), "--dates", "mdy").returncode == 0


def test_a_killed_import_is_gone_on_with(program: Program, tmp_path: Path) -> None:
    """Every hour somebody says something, and after every second day of it there are three of quiet."""
    days = [day for day in range(1, 29) if day % 5 in {1, 2}]
    lines = [
        f"2026-{month:02}-{day:02}, {hour:02}:00 - Ann: word{month}x{day}x{hour}\n"
        for month in range(1, 11)
        for day in days
        for hour in range(24)
    ]
    path = tmp_path / "long.txt"
    path.write_text("".join(lines), encoding="utf-8")
    with subprocess.Popen(program._command("import", str(path)), env=program.environment) as process:
        while not (before := _messages_in(program.folder)) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert 0 < before < len(lines)
    done = program.run("import", str(path))
    assert done.returncode == 0, done.stderr
    words = [word for file in program.folder.glob("*.json") for word in file.read_text().split('"') if "word" in word]
    assert sorted(word for word in words if word.startswith("word") and " " not in word) == sorted(
        line.split(": ")[1].strip() for line in lines
    )


def _messages_in(folder: Path) -> int:
    if not (folder / "echo.db").exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{folder / 'echo.db'}?mode=ro", uri=True)) as database:
            return int(database.execute("select count(*) from messages").fetchone()[0])
    except sqlite3.OperationalError:  # its tables are being made
        return 0
