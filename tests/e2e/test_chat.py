"""The chat as a person has it at a terminal, and a script over a pipe."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from source.app.settings import ROOT
from tests.e2e.program import Program

CTRL_C = "\x03"
CTRL_D = "\x04"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "conversations")


def test_a_pipe_gets_a_reply_for_each_line_and_nothing_else(program: Program) -> None:
    done = program.run("chat", "--user", "ana", stdin="The gate code is 4711\n\nWhat is the gate code?\n")
    assert done.returncode == 0
    assert "4711" in done.stdout
    assert "\x1b" not in done.stdout
    assert "answering" not in done.stdout
    assert done.stderr == ""


def test_a_bad_line_is_told_and_the_others_are_answered(program: Program) -> None:
    done = program.run("chat", stdin=b"one\n\xff\xfe\n" + b"x" * 40_000 + b"\nfour\n")
    assert done.returncode == 1
    assert "Line 2 is left out" in done.stderr
    assert "32,768" in done.stderr or "32768" in done.stderr or "long" in done.stderr
    shown = program.run("conversations", "--json").stdout
    assert [json.loads(shown)[0]["thread"]["thread_id"], len(json.loads(shown))] == ["main", 1]


def test_commands_work_over_a_pipe(program: Program) -> None:
    done = program.run("chat", stdin="/help\n/quit\n")
    assert done.returncode == 0
    assert "/resume" in done.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_silent_pipe_quietly(program: Program, number: signal.Signals, code: int) -> None:
    with program.with_pipes("chat") as running:
        running.say("hello")
        assert running.answer()
        running.process.send_signal(number)
        assert running.process.wait(timeout=20) == code
        assert "Traceback" not in running.errors()


def test_a_reader_that_leaves_ends_the_chat_quietly(program: Program) -> None:
    with program.with_pipes("chat") as running:
        running.stdout.close()
        running.say("hello")
        running.say("again")
        assert running.process.wait(timeout=20) == 1
        errors = running.errors()
    assert "Traceback" not in errors
    assert "BrokenPipe" not in errors


def test_a_person_gets_a_prompt_an_answer_and_their_history_on_return(program: Program) -> None:
    with program.at_terminal("chat", "--user", "ana") as terminal:
        terminal.shows("ana ›")
        terminal.press("The gate code is 4711\r")
        terminal.shows("Echo › ")
        terminal.shows("ana ›")
        terminal.press(CTRL_D)
        assert terminal.exit_code() == 0
    with program.at_terminal("chat", "--user", "ana") as terminal:
        terminal.shows("The gate code is 4711")
        terminal.shows("ana ›")
        terminal.press("/quit\r")
        assert terminal.exit_code() == 0


def test_a_failure_is_told_to_a_person_once_and_not_logged(program: Program) -> None:
    program.environment |= {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "MODEL_MAX_ATTEMPTS": "1"}
    with program.at_terminal("chat", "--user", "ana") as terminal:
        terminal.shows("ana ›")
        terminal.press("hello\r")
        terminal.shows("reach my language model")
        terminal.shows("ana ›")
        terminal.press(CTRL_D)
        assert terminal.exit_code() == 0
    assert "turn_failed" not in terminal.screen


def test_ctrl_c_twice_leaves_in_order(program: Program) -> None:
    with program.at_terminal("chat") as terminal:
        terminal.shows(" ›")
        terminal.press(CTRL_C)
        terminal.shows("once more to leave")
        terminal.press(CTRL_C)
        assert terminal.exit_code() == 130
    assert "Traceback" not in terminal.screen


def test_a_dumb_terminal_without_colours_is_enough(program: Program) -> None:
    program.environment |= {"TERM": "dumb", "NO_COLOR": "1"}
    with program.at_terminal("chat", "--user", "ana") as terminal:
        terminal.shows("ana ›")
        terminal.press("hello\r")
        terminal.shows("Echo › ")
        terminal.press("/quit\r")
        assert terminal.exit_code() == 0
    assert "[2;3m" not in terminal.screen
    assert "\x1b[1;36m" not in terminal.screen


def test_a_terminal_that_goes_away_ends_the_chat_in_order(program: Program) -> None:
    with program.at_terminal("chat", "--user", "ana") as terminal:
        terminal.shows("ana ›")
        terminal.press("hello\r")
        terminal.shows("Echo › ")
        terminal.process.send_signal(signal.SIGHUP)
        assert terminal.process.wait(timeout=20) == 128 + signal.SIGHUP
    assert len(list(program.folder.glob("*.json"))) == 1


def test_threads_have_conversations_of_their_own(program: Program) -> None:
    program.run("chat", "--thread", "garden", stdin="tomatoes\n")
    program.run("chat", "--thread", "bicycle", stdin="a new chain\n")
    lines = program.run("conversations").stdout.splitlines()
    assert len(lines) == 2
    assert any("terminal/garden" in line for line in lines)


def test_help_does_not_wait_for_heavy_packages() -> None:
    heavy = "{'asyncio', 'openai', 'sqlalchemy', 'pydantic', 'rich', 'prompt_toolkit'}"
    code = f"import sys, source.app.cli; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
