"""How fast the API answers while many ask, beside FastAPI and SQLAlchemy on the same database.

Both are processes of their own on one SQLite file (`DURABILITY=full`); Echo is `python bot.py` as an operator starts
it, with an API key and its channels' work going on. The clients are connections that ask again as soon as they have
their answer. `lean` is the bare handler without a response model.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from socket import create_server

from benchmarks import measure
from benchmarks.made_up import made_up
from source.adapters.storage.api_key_table import ApiKeyTable
from source.adapters.storage.sql_store import SqlStore
from source.app.settings import ROOT, Settings
from source.domain.api_key import Scope
from source.domain.conversation_head import StoredConversation
from source.domain.identifiers import IdGenerator
from source.ports.clock import SystemClock
from source.services.api_keys import ApiKeys

_CONVERSATIONS, _QUICK_CONVERSATIONS = 1_000, 20
_MESSAGES = 50
_REQUESTS, _QUICK_REQUESTS = 1_000, 60
_CLIENTS, _QUICK_CLIENTS = (1, 16), (4,)
_RUNS = 5
_WARM_UP = 50
_PATIENCE = 30.0

Request = bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A process that answers, and what is sent to it besides the path."""

    port: int
    process: int
    prefix: str = ""
    key: str = ""

    def get(self, path: str) -> Request:
        return self._request("GET", path, b"")

    def post(self, path: str, body: Mapping[str, object]) -> Request:
        return self._request("POST", path, json.dumps(body).encode())

    def _request(self, method: str, path: str, body: bytes) -> Request:
        lines = [f"{method} {self.prefix}{path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {self.key}"]
        if body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds until each answer, how many came a second, and the server's processor seconds for each."""

    p50: float
    p95: float
    rate: float
    cpu: float


async def load(server: Server, requests: Sequence[Request], *, clients: int, count: int) -> Times:
    """Ask `count` times from so many clients at once."""
    took: list[float] = []
    asked = cycle(requests)
    begun, cpu = time.perf_counter(), _cpu_seconds(server.process)

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        while len(took) < count:
            sent = time.perf_counter()
            writer.write(next(asked))
            await _answer(reader)
            took.append(time.perf_counter() - sent)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    whole = time.perf_counter() - begun
    ordered = sorted(took)
    cpu = (_cpu_seconds(server.process) - cpu) / len(ordered)
    return Times(statistics.median(ordered), ordered[int(len(ordered) * 0.95)], len(ordered) / whole, cpu)


def _cpu_seconds(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 2"):
        raise RuntimeError(head.decode())
    lower = head.lower()
    await reader.readexactly(int(lower[lower.index(b"content-length:") + 15 :].split(b"\r\n", 1)[0]))


async def _compare(folder: Path, *, quick: bool) -> None:
    stored = _stored(_QUICK_CONVERSATIONS if quick else _CONVERSATIONS)
    settings = measure.settings_in(folder, durability="full")
    await _fill(settings, stored)
    key = await _key(settings)
    port, bare_port = _free_port(), _free_port()
    echo = [str(ROOT / "bot.py")]
    bare = ["-m", "benchmarks.api_bare", str(settings.database), str(bare_port)]
    with _running(echo, folder, port) as pid, _running(bare, folder, bare_port) as bare_pid:
        await asyncio.gather(_up(port), _up(bare_port))
        servers = {
            "echo": Server(port, pid, key=key),
            "bare": Server(bare_port, bare_pid),
            "lean": Server(bare_port, bare_pid, "/lean"),
        }
        count, runs = (_QUICK_REQUESTS, 1) if quick else (_REQUESTS, _RUNS)
        for clients in _QUICK_CLIENTS if quick else _CLIENTS:
            for name, made in _kinds(stored).items():
                await _print(name, servers, made, clients=clients, count=count, runs=runs)


def _kinds(stored: Sequence[StoredConversation]) -> dict[str, Callable[[Server], list[Request]]]:
    """Return by what is asked for the requests of it; the write is another path for the bare server."""
    conversations = [each.head.conversation_id for each in stored]
    said = [message.message_id for each in stored for message in each.messages[:3]]

    def messages(server: Server) -> list[Request]:
        return [server.get(f"/conversations/{each}/messages") for each in conversations]

    def listed(server: Server) -> list[Request]:
        return [server.get("/api/conversations?limit=50")]

    def written(server: Server) -> list[Request]:
        path = "/api/conversations/metadata" if server.key else "/note"
        return [server.post(path, {"message_id": each, "category": "inquiry"}) for each in said]

    return {f"{_MESSAGES} messages": messages, "list of 50": listed, "durable write": written}


async def _print(
    name: str,
    servers: Mapping[str, Server],
    made: Callable[[Server], list[Request]],
    *,
    clients: int,
    count: int,
    runs: int,
) -> None:
    asked = {who: server for who, server in servers.items() if name != "durable write" or who != "lean"}
    found: dict[str, list[Times]] = {who: [] for who in asked}
    for run in range(runs):
        measure.progress(f"{name}, {clients} clients, run {run + 1} of {runs}")
        for who, server in asked.items():
            requests = made(server)
            await load(server, requests, clients=clients, count=_WARM_UP)
            found[who].append(await load(server, requests, clients=clients, count=count))
    p95 = {who: statistics.median(each.p95 for each in times) for who, times in found.items()}
    rows = [
        [
            who,
            measure.duration(statistics.median(each.p50 for each in times)),
            measure.duration(p95[who]),
            f"{statistics.median(each.rate for each in times):,.0f}/s",
            measure.duration(statistics.median(each.cpu for each in times)),
            measure.ratio(p95["echo"], p95[who]),
        ]
        for who, times in found.items()
    ]
    heads = [
        f"{name}, {clients} client{'s' * (clients > 1)}",
        "p50",
        "p95",
        "throughput",
        "CPU each",
        "ratio: Echo's p95 is",
    ]
    print(f"{measure.Table(heads, rows)}\n", flush=True)


def _stored(conversations: int) -> list[StoredConversation]:
    ids, now = IdGenerator(), datetime.now(UTC)
    return [made_up(number, _MESSAGES, last_at=now, ids=ids) for number in range(conversations)]


async def _fill(settings: Settings, stored: Sequence[StoredConversation]) -> None:
    store = await SqlStore.open(settings.database, clock=SystemClock(), durability="normal")
    for begin in range(0, len(stored), 50):
        await store.restore(stored[begin : begin + 50])
    await store.close()


async def _key(settings: Settings) -> str:
    store = await SqlStore.open(settings.database, clock=SystemClock())
    made = await ApiKeys(ApiKeyTable(store), SystemClock()).create("benchmark", [Scope.ADMIN])
    await store.close()
    return made.secret


@contextmanager
def _running(arguments: Sequence[str], folder: Path, port: int) -> Iterator[int]:
    environment = {
        **os.environ,
        "CONVERSATIONS_DIR": str(folder),
        "WEB_PORT": str(port),
        "WEB_REQUESTS_PER_MINUTE": "0",
        "LOCAL_MODEL_URLS": "",
        "LOG_LEVEL": "warning",
        "ECHO_ENV_FILE": os.devnull,
    }
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(_PATIENCE)


async def _up(port: int) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _free_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main() -> None:
    given = measure.options(__doc__).parse_args()
    measure.begin("The API beside a bare FastAPI and SQLAlchemy", durability="full")
    with measure.temporary_folder() as folder:
        asyncio.run(_compare(folder, quick=given.quick))


if __name__ == "__main__":
    main()
