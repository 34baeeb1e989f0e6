"""The chat with a model behind it: streaming, stopping, failing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.program import Program
from tests.fakes.openai_script import Ending, Fails, Says
from tests.fakes.openai_server import FakeOpenAIServer

CTRL_C = "\x03"


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer(models=["test-model"], api_key="sk-hidden") as server:
        yield server


@pytest.fixture
def program(tmp_path: Path, server: FakeOpenAIServer) -> Program:
    return Program(
        tmp_path / "conversations",
        WEB_ENABLED="false",
        OPENAI_BASE_URL=server.base_url,
        OPENAI_API_KEY="sk-hidden",
        OPENAI_MODEL="test-model",
        MODEL_MAX_ATTEMPTS="1",
        MODEL_STALL_SECONDS="20",
    )


async def test_a_pipe_gets_the_models_words(program: Program, server: FakeOpenAIServer) -> None:
    server.queue(Says(["Good ", "day", "."]), Says(["And ", "night\x1b[0m."]))
    done = await asyncio.to_thread(program.run, "chat", "--user", "ana", stdin="hello\nmore\n")
    assert (done.stdout, done.returncode) == ("Good day.\nAnd night␛[0m.\n", 0)


async def test_an_answer_streams_and_ctrl_c_stops_it(program: Program, server: FakeOpenAIServer) -> None:
    server.queue(Says(["Once ", "upon", " a time"], ending=Ending.HANG), Says(["Of course."]))

    def as_a_person() -> str:
        with program.at_terminal("chat", "--user", "ana") as terminal:
            terminal.shows("ana ›")
            terminal.press("tell me a story\r")
            terminal.shows("Echo › Once upon a time")
            terminal.press(CTRL_C)
            terminal.shows("(stopped before its end)")
            terminal.shows("ana ›")
            terminal.press("go on\r")
            terminal.shows("Echo › Of course.")
            terminal.shows("test-model · main")
            terminal.press("/quit\r")
            assert terminal.exit_code() == 0
            return terminal.screen

    shown = await asyncio.to_thread(as_a_person)
    assert shown.count("Once upon a time") == 1
    assert "Traceback" not in shown
    await server.disconnected()


async def test_a_model_that_fails_is_told_and_the_message_is_answered_at_the_next_start(
    program: Program, server: FakeOpenAIServer
) -> None:
    server.queue(Fails(500), Says(["Now I can."]))
    failed = await asyncio.to_thread(program.run, "chat", "--user", "ana", stdin="hello\n")
    assert (failed.stdout, failed.returncode) == ("", 1)
    assert "Your message is kept" in failed.stderr
    assert "Traceback" not in failed.stderr
    later = await asyncio.to_thread(program.run, "chat", "--user", "ana")
    assert later.returncode == 0
    assert later.stdout == ""
    assert "Now I can." in later.stderr


async def test_check_finds_the_model(program: Program) -> None:
    done = await asyncio.to_thread(program.run, "check")
    assert done.returncode == 0, done.stdout
    assert "has test-model" in done.stdout
    assert "sk-hidden" not in done.stdout


@pytest.mark.parametrize(
    ("name", "value", "advice"), [("OPENAI_MODEL", "other", "OPENAI_MODEL"), ("OPENAI_API_KEY", "sk-wrong", "API_KEY")]
)
async def test_check_names_a_model_or_key_that_the_server_does_not_take(
    program: Program, name: str, value: str, advice: str
) -> None:
    program.environment[name] = value
    done = await asyncio.to_thread(program.run, "check")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("problem")]
    assert advice in line
    assert value not in line or name == "OPENAI_MODEL"


async def test_a_server_without_a_list_of_models_is_no_problem(program: Program, server: FakeOpenAIServer) -> None:
    program.environment["OPENAI_BASE_URL"] = server.base_url.removesuffix("/v1") + "/other"
    done = await asyncio.to_thread(program.run, "check")
    assert done.returncode == 0, done.stdout
    assert "no list of models" in done.stdout
