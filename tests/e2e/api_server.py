"""Echo as an operator starts it for its API: `python bot.py`, on a port of its own."""

import json
import os
import secrets
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from source.app.settings import ROOT
from tests.e2e.warm_program import BOT, WarmProgram

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Called:
    """What the API answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class ApiServer:
    """The program and its API; it may be killed and started again on the same data folder.

    `is_hasty`: on PostgreSQL, what it had begun goes on seconds after it was killed.
    """

    def __init__(self, folder: Path, *, database_url: str = "", is_hasty: bool = False, **settings: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._log = folder.parent / "bot.log"
        self.environment = {
            **os.environ,
            "CONVERSATIONS_DIR": str(folder),
            "DATABASE_URL": database_url,
            "WEB_PORT": self.url.rpartition(":")[2],
            "LOG_FORMAT": "json",
            "LOCAL_MODEL_URLS": "",
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        self._program = ["-m", "tests.e2e.hasty_bot"] if is_hasty else [BOT]
        self.process: WarmProgram | None = None

    @property
    def log(self) -> str:
        """Everything that it has written to standard error, over all its starts."""
        return self._log.read_text() if self._log.exists() else ""

    def start(self) -> None:
        """Start it; return when the API answers."""
        self.process = WarmProgram(self._program, self.environment, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def stop(self) -> int:
        """End it as a system does; return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Called:
        """Call the API; `body` goes as JSON."""
        data = None if body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return Called(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            return Called(error.code, dict(error.headers), error.read())

    def get(self, path: str) -> Any:
        """Return the JSON at a path that is there."""
        called = self.call("GET", path)
        assert called.status == 200, called
        return called.json

    def post(self, path: str, body: object = None) -> Any:
        """Return the JSON that a path answers to a body that it takes."""
        called = self.call("POST", path, {} if body is None else body)
        assert called.status in {200, 201, 202}, called
        return called.json

    def say(self, text: str, *, session: str = "s1", user: str = "ada") -> Any:
        return self.post("/api/chat", {"session_id": session, "user_id": user, "text": text})

    def get_until(self, path: str, is_so: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as it should be; return it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so(found := self.get(path)):
            assert time.monotonic() < deadline, (found, self.log)
            time.sleep(0.05)
        return found

    def finished(self, task_id: object) -> Any:
        """Wait for the end of a task; return it."""
        path = f"/api/conversations/tasks/{task_id}"
        return self.get_until(path, lambda task: task["status"] not in {"pending", "running"})

    def _answers(self) -> bool:
        try:
            return self.call("GET", "/health").status in {200, 503}
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def api_server(folder: Path, *, database_url: str = "", **settings: str) -> Iterator[ApiServer]:
    """Start the program; it is ended at the end."""
    server = ApiServer(folder, database_url=database_url, is_hasty=False, **settings)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def _free_port() -> int:
    """Return a port that nobody takes by chance: no connection of any test is given one of these by the system."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
