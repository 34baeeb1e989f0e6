"""How soon a webhook is acknowledged while customers write: 80 messages a second, as Meta allows a number.

`python bot.py` with WhatsApp; the Graph API and the model are one process beside it, whose processor time is told.
Each POST brings one message of one of 500 people; at the end every message has to be answered, each person's in order.
Baseline: FastAPI that looks at the signature and inserts the body, under the same load.
"""

import asyncio
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import aiohttp

from benchmarks import measure
from source.app.settings import ROOT
from tests.e2e.api_server import ApiServer

_PEOPLE, _QUICK_PEOPLE = 500, 5
_SECONDS, _QUICK_SECONDS = 60, 1
_A_SECOND = 80
_PATIENCE = 120.0
_PATH: Final = "/webhooks/whatsapp"
Webhook = tuple[bytes, str]


class Peers:
    """The process of the Graph API and the model."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        told = self._told()
        self.environment: dict[str, str] = told["environment"]
        self.model: str = told["model"]
        self.webhooks = [self._signed(body.encode()) for body in told["bodies"]]

    def report(self) -> dict[str, Any]:
        """Return what has reached whom so far."""
        _pipe(self._process.stdin).write("\n")
        _pipe(self._process.stdin).flush()
        return self._told()

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(_pipe(self._process.stdout).readline())
        return told

    def _signed(self, body: bytes) -> Webhook:
        secret = self.environment["WHATSAPP_APP_SECRET"].encode()
        return body, "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Load:
    """How long each POST took, sorted, and the processor time that the server took for each."""

    took: Sequence[float]
    cpu: float

    def at(self, share: float) -> float:
        return self.took[min(len(self.took) - 1, int(len(self.took) * share))]


async def _post(http: aiohttp.ClientSession, url: str, webhook: Webhook) -> float:
    began = time.perf_counter()
    body, signature = webhook
    async with http.post(url, data=body, headers={"X-Hub-Signature-256": signature}) as response:
        response.raise_for_status()
    return time.perf_counter() - began


async def _loaded(url: str, webhooks: Sequence[Webhook], pid: int) -> Load:
    before, posts = _cpu_of(pid), []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        began = time.perf_counter()
        for number, webhook in enumerate(webhooks):
            await asyncio.sleep(max(0.0, began + number / _A_SECOND - time.perf_counter()))
            posts.append(asyncio.create_task(_post(http, url, webhook)))
        took = sorted(await asyncio.gather(*posts))
    return Load(took, (_cpu_of(pid) - before) / len(took))


def _cpu_of(pid: int) -> float:
    """Return the processor time of a process in seconds, as Linux tells it."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


async def _echo(folder: Path, peers: Peers) -> tuple[Load, str]:
    environment = {
        **peers.environment,
        "OPENAI_BASE_URL": peers.model,
        "OPENAI_API_KEY": "key",
        "OPENAI_MODEL": "test-model",
        "LOG_LEVEL": "warning",
        "MESSAGES_PER_MINUTE": "0",
        "AI_DISCLOSURE": "",
    }
    bot = ApiServer(folder, is_hasty=False, **environment)
    await asyncio.to_thread(bot.start)
    try:
        assert bot.process is not None
        load = await _loaded(bot.url + _PATH, peers.webhooks, bot.process.pid)
        return load, await asyncio.to_thread(_all_answered, peers, len(peers.webhooks))
    finally:
        await asyncio.to_thread(bot.stop)


async def _bare(folder: Path, peers: Peers) -> Load:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    secret = peers.environment["WHATSAPP_APP_SECRET"]
    command = ["-m", "benchmarks.whatsapp_bare", str(folder / "bare.db"), port, secret]
    with _running(command) as process:
        await asyncio.to_thread(_until_it_listens, int(port))
        return await _loaded(f"http://127.0.0.1:{port}{_PATH}", peers.webhooks, process.pid)


def _all_answered(peers: Peers, messages: int) -> str:
    """Return how long the last answers took to come; each message is answered once, each person's in order."""
    began = time.perf_counter()
    while (answered := _answered_in(peers.report())) != messages:
        if answered > messages or time.perf_counter() - began > _PATIENCE:
            raise SystemExit(f"{answered} answers to {messages} messages")
        time.sleep(0.1)
    return measure.duration(time.perf_counter() - began)


def _answered_in(report: dict[str, Any]) -> int:
    answered = 0
    for texts in report["texts"]:
        numbers = [int(line.rpartition("Message ")[2]) for text in texts for line in text.splitlines()]
        if numbers != sorted(set(numbers)):
            raise SystemExit(f"out of order, or answered twice: {numbers}")
        answered += len(numbers)
    return answered


def _until_it_listens(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def _running(command: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for end in (process.stdin, process.stdout):
            _pipe(end).close()


def _pipe(end: IO[str] | None) -> IO[str]:
    assert end is not None
    return end


async def _measure(folder: Path, people: int, messages: int) -> None:
    conversations = folder / "conversations"
    conversations.mkdir()
    with _running(["-m", "benchmarks.whatsapp_peers", str(people), str(messages)]) as process:
        peers = Peers(process)
        bare = await _bare(folder, peers)
        before = peers.report()["cpu"]
        echo, last = await _echo(conversations, peers)
        after = peers.report()
    rows = [_row("Echo", echo), _row("bare FastAPI", bare), _ratios(echo, bare)]
    print(measure.Table([f"{messages} webhooks", "p50", "p99", "slowest", "processor time each"], rows))
    print(f"\nAll answered {last} after the last was taken, each once and in order.")
    print(
        f"Graph API and model: {(after['cpu'] - before) / messages * 1000:.1f} ms of processor time for each message."
    )


def _row(name: str, load: Load) -> Sequence[str]:
    return name, *map(measure.duration, (load.at(0.5), load.at(0.99), load.took[-1], load.cpu))


def _ratios(echo: Load, bare: Load) -> Sequence[str]:
    pairs = ((echo.at(0.5), bare.at(0.5)), (echo.at(0.99), bare.at(0.99)), (echo.took[-1], bare.took[-1]))
    return "ratio", *(measure.ratio(mine, others) for mine, others in pairs), measure.ratio(echo.cpu, bare.cpu or 1)


def main() -> None:
    parser = measure.options(__doc__)
    parser.add_argument("--seconds", type=int, help="how long messages come")
    given = parser.parse_args()
    measure.begin(f"Webhooks of WhatsApp, {_A_SECOND} a second", durability="full")
    people = _QUICK_PEOPLE if given.quick else _PEOPLE
    seconds = given.seconds or (_QUICK_SECONDS if given.quick else _SECONDS)
    with measure.temporary_folder() as folder:
        asyncio.run(_measure(folder, people, seconds * _A_SECOND))


if __name__ == "__main__":
    main()
