"""The API on a real port of loopback, with a whole Echo behind it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from fastapi import APIRouter

from source.adapters.storage.api_key_table import ApiKeyTable
from source.adapters.storage.idempotency_table import IdempotencyTable
from source.adapters.storage.sql_access import SqlAccess
from source.adapters.storage.sql_store import SqlStore
from source.adapters.web.frame import WebFrame, WebSettings
from source.adapters.web.local_token import LocalToken
from source.adapters.web.platform import WebPlatform
from source.app.echo import Echo
from source.domain.api_key import Scope
from source.ports.clock import Clock
from source.services.api_keys import ApiKeys
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import Talk, running_echo

Routers = Callable[[Echo], Sequence[APIRouter]]
ANY_PORT = WebSettings(port=0, requests_per_minute=0, version="1.0")


@dataclass(frozen=True)
class Answered:
    """What the API answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class ServedApi:
    """A running API and somebody who calls it; without `key` that is this machine, which needs none yet."""

    platform: WebPlatform
    frame: WebFrame
    folder: Path
    session: aiohttp.ClientSession
    stop: asyncio.Event
    running: "asyncio.Task[None]"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> ApiKeys:
        return self.frame.keys

    @property
    def url(self) -> str:
        return self.platform.url

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        key: str | None = None,
    ) -> Answered:
        """Call a path; `body` goes as JSON, `content` as it is."""
        sent = {**self.headers, **(headers or {})}
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        given = {"json": body} if body is not None else {"data": content}
        async with self.session.request(method, self.url + path, headers=sent, **given) as response:
            return Answered(response.status, response.headers, await response.read())

    async def get(self, path: str, **call: Any) -> Answered:
        return await self.call("GET", path, **call)

    async def post(self, path: str, body: object = None, **call: Any) -> Answered:
        return await self.call("POST", path, {} if body is None and "content" not in call else body, **call)

    async def make_key(self, *scopes: Scope, name: str = "test", days: int | None = None) -> str:
        """Return the secret of a new key; from then on every caller needs one."""
        expires_in = None if days is None else timedelta(days=days)
        return (await self.keys.create(name, scopes or [Scope.ADMIN], expires_in=expires_in)).secret

    @property
    def local_token(self) -> LocalToken:
        """What the command line of this machine finds in the data folder."""
        token = LocalToken.read(self.folder)
        assert token is not None
        return token


@dataclass
class WebApi(ServedApi):
    """A running API with a whole Echo behind it, to whom somebody may talk as well."""

    talk: Talk = field(kw_only=True)


@dataclass
class StoreApi(ServedApi):
    """A running API over a store alone."""

    store: SqlStore = field(kw_only=True)
    clock: FakeClock = field(kw_only=True)


@asynccontextmanager
async def store_api(
    database: str, folder: Path, routers: Callable[[], Sequence[APIRouter]], *, web: WebSettings = ANY_PORT
) -> AsyncIterator[StoreApi]:
    """Serve an API over a store without an Echo, for the tests of its frame."""
    clock = FakeClock()
    store = await SqlStore.open(database, clock=clock, durability="normal")
    try:
        async with served(frame_on(store, clock, web), routers, folder) as api:
            yield StoreApi(**_fields(api), store=store, clock=clock)
    finally:
        await store.close()


@asynccontextmanager
async def web_api(
    folder: Path,
    server: FakeOpenAIServer,
    clock: FakeClock,
    routers: Routers,
    *,
    web: WebSettings = ANY_PORT,
    **settings: object,
) -> AsyncIterator[WebApi]:
    """Start Echo and its API with these routes, and end both in order."""
    async with running_echo(folder, server, clock, **settings) as talk, serving(talk, routers, web=web) as api:
        yield api


@asynccontextmanager
async def serving(talk: Talk, routers: Routers, *, web: WebSettings = ANY_PORT) -> AsyncIterator[WebApi]:
    """Serve the API of an Echo that runs already."""
    echo, folder = talk.echo, talk.settings.conversations_dir
    async with served(frame_on(echo.store, echo.clock, web), lambda: routers(echo), folder) as api:
        yield WebApi(**_fields(api), talk=talk)


def frame_on(store: SqlAccess, clock: Clock, web: WebSettings = ANY_PORT, **parts: Any) -> WebFrame:
    """Return the frame of an API over this database."""
    return WebFrame(web, ApiKeys(ApiKeyTable(store), clock), IdempotencyTable(store), clock, **parts)


@asynccontextmanager
async def served(frame: WebFrame, routers: Callable[[], Sequence[APIRouter]], folder: Path) -> AsyncIterator[ServedApi]:
    """Serve an API on a free port, and stop it in order."""
    platform = WebPlatform(frame, routers, data_folder=folder)
    stop = asyncio.Event()
    running = asyncio.create_task(platform.run(stop))
    listening = asyncio.create_task(platform.listening.wait())
    await asyncio.wait([running, listening], return_when=asyncio.FIRST_COMPLETED)
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            yield ServedApi(platform, frame, folder, session, stop, running)
    finally:
        stop.set()
        listening.cancel()
        await running


def _fields(api: ServedApi) -> dict[str, Any]:
    return {each.name: getattr(api, each.name) for each in fields(api)}
