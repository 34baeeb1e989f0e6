"""`python bot.py worker`: tasks done apart from the Echo that talks."""

import signal
import time
from pathlib import Path

import pytest

from tests.e2e.api_server import PATIENCE_SECONDS, ApiServer
from tests.e2e.program import Program
from tests.e2e.warm_program import BOT, WarmProgram
from tests.fakes.databases import server


def test_without_a_queue_and_a_shared_database_there_is_nothing_to_work_on(tmp_path: Path) -> None:
    done = Program(tmp_path / "conversations").run("worker")
    assert done.returncode == 2
    assert "MEMORY_QUEUE_URL" in done.stderr
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.timeout(120)
def test_beside_a_worker_is_done_what_an_echo_that_was_killed_has_left(tmp_path: Path) -> None:
    folder = tmp_path / "conversations"
    folder.mkdir()
    with server().database() as url:
        echo = ApiServer(folder, database_url=url, INACTIVITY_THRESHOLD="0.000001", MEMORY_INTERVAL_MINUTES="0")
        echo.start()
        said = [echo.say("My dog is called Rex.", session=f"s{number}")["conversation_id"] for number in range(3)]
        task_id = echo.post("/tasks/trigger-memory-generation")["task_id"]
        echo.kill()

        worker = _worker(tmp_path, url)
        try:
            echo.start()
            assert echo.finished(task_id)["status"] == "completed"
            for conversation_id in said:
                assert echo.get(f"/memories/{conversation_id}")["memory_data"]["facts"], echo.log
            assert worker.poll() is None, (tmp_path / "worker.log").read_text()
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(PATIENCE_SECONDS) == 143
            echo.stop()
    assert "Traceback" not in (tmp_path / "worker.log").read_text()


def _worker(folder: Path, url: str) -> WarmProgram:
    environment = ApiServer(folder / "worker", database_url=url).environment
    log_file = folder / "worker.log"
    worker = WarmProgram([BOT, "worker"], environment, stdout=log_file, stderr=log_file)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "task_engine_started" not in log_file.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return worker
