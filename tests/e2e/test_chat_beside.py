"""The chat while another process owns the data folder: it goes through that one's API."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.api_server import ApiServer, api_server
from tests.e2e.program import Program
from tests.fakes.openai_script import Ending, Says
from tests.fakes.openai_server import FakeOpenAIServer

CTRL_C = "\x03"


@pytest.fixture
async def model() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer(models=["test-model"]) as server:
        yield server


@pytest.fixture
def settings(model: FakeOpenAIServer) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": model.base_url,
        "OPENAI_API_KEY": "sk-hidden",
        "OPENAI_MODEL": "test-model",
        "MODEL_STALL_SECONDS": "20",
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "conversations"
    folder.mkdir()
    return folder


@pytest.fixture
async def echo(folder: Path, settings: dict[str, str], model: FakeOpenAIServer) -> AsyncIterator[ApiServer]:
    serving = api_server(folder, **settings)
    server = await asyncio.to_thread(serving.__enter__)
    yield server
    await asyncio.to_thread(serving.__exit__, None, None, None)
    assert "Traceback" not in server.log


async def test_a_pipe_is_answered_by_the_running_process(
    echo: ApiServer, folder: Path, settings: dict[str, str], model: FakeOpenAIServer
) -> None:
    model.queue(Says(["Good ", "day."]), Says(["And ", "night."]))
    program = Program(folder, **settings)
    said = "hello\n/conversations\n/export\nmore\n"
    done = await asyncio.to_thread(program.run, "chat", "--user", "ana", stdin=said)
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1], done.returncode) == ("Good day.", "And night.", 0)
    assert '"message_content": "hello"' in done.stdout
    history = await asyncio.to_thread(echo.get, "/api/sessions/terminal/main/history")
    assert [each["content"] for each in history["messages"]] == ["hello", "Good day.", "more", "And night."]


async def test_a_person_stops_an_answer_and_goes_on(
    echo: ApiServer, folder: Path, settings: dict[str, str], model: FakeOpenAIServer
) -> None:
    model.queue(Says(["Once ", "upon", " a time"], ending=Ending.HANG), Says(["Of course."]))

    def as_a_person() -> str:
        with Program(folder, **settings).at_terminal("chat", "--user", "ana") as terminal:
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

    assert "Traceback" not in await asyncio.to_thread(as_a_person)


async def test_who_leaves_in_the_middle_finds_the_answer_on_return(
    echo: ApiServer, folder: Path, settings: dict[str, str], model: FakeOpenAIServer
) -> None:
    gate = asyncio.Event()
    model.queue(Says(["Once ", "upon", " a time"], gate=gate, gate_after=1))

    def leaves() -> None:
        with Program(folder, **settings).at_terminal("chat", "--user", "ana") as terminal:
            terminal.shows("ana ›")
            terminal.press("tell me a story\r")
            terminal.shows("Echo › Once")

    def returns() -> None:
        with Program(folder, **settings).at_terminal("chat", "--user", "ana") as terminal:
            terminal.shows("Once upon a time")
            terminal.shows("ana ›")
            terminal.press("/quit\r")
            assert terminal.exit_code() == 0

    await asyncio.to_thread(leaves)
    gate.set()
    stories = "/api/sessions/terminal/main/history"
    await asyncio.to_thread(echo.get_until, stories, lambda found: len(found["messages"]) == 2)
    await asyncio.to_thread(returns)


async def test_a_process_that_is_killed_in_the_middle_is_told_in_one_sentence(
    echo: ApiServer, folder: Path, settings: dict[str, str], model: FakeOpenAIServer
) -> None:
    model.queue(Says(["Once ", "upon"], ending=Ending.HANG), Says(["Here I am."]))

    def as_a_person() -> None:
        with Program(folder, **settings).at_terminal("chat", "--user", "ana") as terminal:
            terminal.shows("ana ›")
            terminal.press("tell me a story\r")
            terminal.shows("Echo › Once upon")
            echo.kill()
            terminal.shows("The connection to Echo was lost. What you wrote is kept")
            terminal.shows("ana ›")
            terminal.press("are you there?\r")
            terminal.shows("does not answer")
            terminal.shows("ana ›")
            echo.start()
            terminal.press("and now?\r")
            terminal.shows("start the chat again")
            terminal.press("/quit\r")
            terminal.exit_code()

    def returns() -> None:
        with Program(folder, **settings).at_terminal("chat", "--user", "ana") as terminal:
            terminal.shows("Here I am.")

    await asyncio.to_thread(as_a_person)
    await asyncio.to_thread(returns)
