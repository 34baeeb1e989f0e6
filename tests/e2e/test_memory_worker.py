"""`python bot.py worker`: memories made apart from the Echo that has the conversations."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from source.app.settings import ROOT
from tests.e2e.api_server import ApiServer, api_server
from tests.e2e.kill_memories.campaign import fill
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.sqs_server import new_queue, sqs_server

PATIENCE_SECONDS = 40.0


@contextmanager
def worker(**settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "bot.py"), "worker"],
        env={**os.environ, "LOG_FORMAT": "json", "LOCAL_MODEL_URLS": "", **settings},
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.timeout(120)
async def test_a_batch_goes_to_a_worker_and_comes_back_as_memories(tmp_path: Path) -> None:
    folder = tmp_path / "conversations"
    folder.mkdir()
    await fill(f"sqlite:///{folder / 'echo.db'}", 5)
    with sqs_server() as address:
        queue = await new_queue(address)
        async with FakeOpenAIServer(models=None) as model:
            await asyncio.to_thread(_work, folder, queue.url, model.base_url)
            assert len(model.requests) == 5
        assert await queue.counts() == (0, 0, 0)


def _work(folder: Path, queue_url: str, model_url: str) -> None:
    with api_server(folder, MEMORY_QUEUE_URL=queue_url, MEMORY_INTERVAL_MINUTES="0") as echo:
        asked = echo.post("/tasks/trigger-memory-generation")
        task = echo.finished(asked["task_id"])
        assert (task["status"], task["output_data"]["handed_over"]) == ("completed", 5)
        assert echo.post("/tasks/trigger-memory-generation")["conversation_ids"] == [], "they are in a worker's hands"
        with worker(
            MEMORY_QUEUE_URL=queue_url,
            ECHO_API_URL=echo.url,
            OPENAI_BASE_URL=model_url,
            OPENAI_API_KEY="key",
        ) as process:
            _wait_for_memories(echo, process, 5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
            assert process.stderr is not None
            assert b"Traceback" not in process.stderr.read()
        made = echo.get("/memories")["memories"]
        assert {memory["conversation_id"] for memory in made} == {*asked["conversation_ids"]}
        assert {memory["source"] for memory in made} == {"model"}


def _wait_for_memories(echo: ApiServer, process: "subprocess.Popen[bytes]", count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(echo.get("/memories")["memories"]) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_without_its_settings_says_what_it_needs() -> None:
    with worker(MEMORY_QUEUE_URL="http://127.0.0.1:9/1/q", ECHO_API_URL="", DATABASE_URL="") as process:
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 2
    assert b"ECHO_API_URL" in errors
