"""Echo behind a number in this process, from a start to a kill; the next life begins on what the kill left on disk."""

import asyncio
import json
import shutil
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import httpx
from fastapi import FastAPI
from sqlalchemy import Connection

from source.adapters.storage.webhook_table import WebhookTable
from source.adapters.whatsapp import transport
from source.adapters.whatsapp.ingress import PATH
from source.adapters.whatsapp.tracker import part_in
from source.app.composition import open_echo
from source.app.echo import Echo
from source.app.whatsapp_channel import whatsapp_platform
from source.domain.thread import Platform
from source.ports.llm import Prompt, Role
from tests.fakes.clock import FakeClock
from tests.fakes.graph_errors import RefusedError
from tests.fakes.graph_server import FakeGraph
from tests.fakes.language_model import ScriptedModel
from tests.fakes.running_echo import settings_for

BURST = timedelta(seconds=1.5)
_LINE: ContextVar["Line"] = ContextVar("line")
_NO_MORE_OF_A_LIFE = ("*.lock", "*-shm")


class SaysAgain(ScriptedModel):
    """Repeats all that was said since its last reply: what it has answered shows in what it says."""

    async def stream(self, prompt: Prompt):  # type: ignore[no-untyped-def]
        self.prompts.clear()
        async for event in super().stream(prompt):
            yield event

    def _usual(self, prompt: Prompt) -> str:
        if prompt.schema is not None:
            return super()._usual(prompt)
        said: deque[str] = deque()
        for message in prompt.messages:
            if message.role is Role.ASSISTANT:
                said.clear()
            elif message.role is Role.USER:
                said.append(message.content)
        return "\n".join(said) or "Nothing was said."


class Line(httpx.AsyncBaseTransport):
    """The way to the Graph API without a wire; once it is cut nothing comes through, in either direction."""

    def __init__(self, graph: FakeGraph) -> None:
        self.is_cut = False
        self._graph = graph

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(await request.aread())
        await asyncio.sleep(0)
        if self.is_cut:
            raise httpx.ConnectError("the line is cut", request=request)
        world = self._graph.world
        try:
            self._graph.account.check_token(request.headers.get("Authorization", ""))
            answer = world.mark_read(body) if "status" in body else world.take(body)
        except RefusedError as error:
            return httpx.Response(error.problem.status, json=error.problem.body("A1"), request=request)
        await asyncio.sleep(0)
        if self.is_cut:
            raise httpx.ReadError("the line was cut", request=request)
        return httpx.Response(200, json=answer, request=request)


@contextmanager
def without_wires() -> Iterator[None]:
    """Have every life that begins in the block use a line of its own."""
    with patch.object(transport, "AiohttpTransport", _LINE.get):
        yield


class Life:
    """One process's worth of Echo."""

    def __init__(self, folder: Path, graph: FakeGraph, clock: FakeClock) -> None:
        self.folder = folder
        self._graph = graph
        self._clock = clock
        self._line = Line(graph)
        self._app = FastAPI()
        self._stop = asyncio.Event()
        self._born: asyncio.Future[Echo] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())

    async def born(self) -> None:
        """Wait until webhooks are taken."""
        await asyncio.wait((self._task, self._born), return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            self._task.result()

    async def post(self, body: bytes, signature: str) -> int | None:
        """Bring a webhook; None when nothing answers."""
        received = {"type": "http.request", "body": body, "more_body": False}
        status: int | None = None

        async def receive() -> dict[str, object]:
            return received

        async def send(message: dict[str, object]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(str(message["status"]))

        try:
            await self._app(_scope(body, signature), receive, send)  # type: ignore[arg-type]
        except asyncio.CancelledError:
            if not self._line.is_cut:
                raise  # it is not the kill that cut it off
        return None if self._line.is_cut else status

    async def waits(self) -> int:
        """Return how much is kept that has not been seen to, answered and delivered."""
        echo = self._born.result()
        kept = await WebhookTable(echo.store).kept(Platform.WHATSAPP, limit=1_000)
        return len(kept) + len(await echo.store.unanswered()) + len(await echo.store.undelivered())

    async def kill(self, next_folder: Path, *, sparing: Sequence[asyncio.Task[None]]) -> set[str]:
        """Leave what is on disk at this moment to the next life; return the trackers of what was sent and not noted."""
        self._line.is_cut = True
        echo = self._born.result()
        taken = [sent.tracker for sent in self._graph.sent if sent.tracker]

        def copy(_connection: Connection, _now: datetime) -> None:
            # Within a transaction: what is committed cannot change, what is not is no part of it; it may run twice.
            shutil.rmtree(next_folder, ignore_errors=True)
            gone = shutil.ignore_patterns(*_NO_MORE_OF_A_LIFE)
            shutil.copytree(self.folder, next_folder, ignore=gone, copy_function=_copied)

        await echo.store.change(copy)
        for task in asyncio.all_tasks().difference(sparing, [asyncio.current_task()]):
            task.cancel()  # nothing of it is waited for: it is no more
        return _unnoted(next_folder / "echo.db", taken)

    async def ended(self) -> None:
        """Wait for its last breath; for the last life that is an end in order."""
        self._stop.set()
        await asyncio.gather(self._task, return_exceptions=self._line.is_cut)

    async def _run(self) -> None:
        environment = {name.lower(): value for name, value in self._graph.environment.items()}
        settings = settings_for(
            self.folder,
            None,
            whatsapp_burst_seconds=BURST.total_seconds(),
            messages_per_minute=0,
            ai_disclosure="",
            **environment,
        )
        _LINE.set(self._line)
        async with open_echo(settings, model=SaysAgain(), clock=self._clock) as echo:
            platform = whatsapp_platform(settings, echo)
            self._app.router.routes.extend(platform.router().routes)
            await platform.outlet.graph.client()
            self._born.set_result(echo)
            await platform.run(self._stop)


def _copied(source: str, target: str) -> None:
    """Copy a file, unless it was put in the place of another meanwhile, as transcripts are."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, target)


def _scope(body: bytes, signature: str) -> dict[str, object]:
    headers = [(b"x-hub-signature-256", signature.encode()), (b"content-length", str(len(body)).encode())]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
    }


def _unnoted(file: Path, trackers: list[str]) -> set[str]:
    """Return the trackers of what had been taken by Meta and is not known to have been on disk."""
    with closing(sqlite3.connect(file)) as database:
        noted = set(database.execute("SELECT key, part FROM sent_parts WHERE external_id NOT LIKE 'begun %'"))
        delivered = {row[0] for row in database.execute("SELECT id FROM events WHERE state = 'delivered'")}
    return {tracker for tracker in trackers if not _is_noted(tracker, noted, delivered)}


def _is_noted(tracker: str, noted: set[tuple[int, int]], delivered: set[int]) -> bool:
    part = part_in(tracker)
    return part is not None and (part.key in delivered or (part.key, part.number) in noted)
