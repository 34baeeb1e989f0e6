"""The API as a channel: where it listens, and how it stops."""

import asyncio
import contextlib
import gc
import socket
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from source.adapters.storage.activity_table import ActivityTable
from source.adapters.storage.sql_store import SqlStore
from source.adapters.web import platform
from source.adapters.web.frame import WebSettings
from source.adapters.web.listening import listener_on
from source.adapters.web.metrics import WebMetrics
from source.adapters.web.platform import WebPlatform
from source.domain.api_key import Scope
from source.domain.errors import SettingsError, StoreUnavailableError
from source.services.readings import ActivityReadings
from tests.fakes.clock import FakeClock
from tests.fakes.web_api import ANY_PORT, StoreApi, frame_on, store_api


class Streams:
    """A path that streams until it is ended, and one that answers when it is let."""

    def __init__(self) -> None:
        self.was_cancelled = asyncio.Event()
        self.began = asyncio.Event()
        self.may_end = asyncio.Event()

    def routers(self) -> Sequence[APIRouter]:
        router = APIRouter()

        @router.get("/stream")
        async def stream() -> StreamingResponse:
            return StreamingResponse(self._events(), media_type="text/event-stream")

        @router.get("/slow")
        async def slow() -> str:
            self.began.set()
            await self.may_end.wait()
            return "done"

        return [router]

    async def _events(self) -> AsyncIterator[bytes]:
        try:
            yield b"data: first\n\n"
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_cancelled.set()
            raise


@pytest.fixture
def streams() -> Streams:
    return Streams()


@pytest.fixture
async def api(tmp_path: Path, streams: Streams) -> AsyncIterator[StoreApi]:
    async with store_api(f"sqlite:///{tmp_path / 'echo.db'}", tmp_path, streams.routers) as api:
        yield api


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = await SqlStore.open(tmp_path / "echo.db", clock=FakeClock(), durability="normal")
    yield store
    await store.close()


def on(store: SqlStore, folder: Path, web: WebSettings) -> WebPlatform:
    metrics = WebMetrics([ActivityReadings(ActivityTable(store))])
    return WebPlatform(frame_on(store, FakeClock(), web, metrics=metrics), lambda: [], data_folder=folder)


async def test_a_port_that_is_taken_is_named_in_one_sentence(store: SqlStore, tmp_path: Path) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"WEB_PORT {port} is in use"):
            await on(store, tmp_path, WebSettings(port=port)).run(asyncio.Event())
    assert not (tmp_path / ".echo.token").exists()


async def test_what_could_not_listen_is_found_out_before_anything_begins(store: SqlStore, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="keys create"):
        await on(store, tmp_path, replace(ANY_PORT, host="0.0.0.0")).check()
    await on(store, tmp_path, ANY_PORT).check()


async def test_an_address_of_another_machine_is_named_too(store: SqlStore, tmp_path: Path) -> None:
    await frame_on(store, FakeClock()).keys.create("a", [Scope.READ])
    with pytest.raises(SettingsError, match=r"WEB_HOST 203\.0\.113\.1 is no address of this machine"):
        await on(store, tmp_path, WebSettings(host="203.0.113.1", port=0)).run(asyncio.Event())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_small_answers_leave_at_once(host: str) -> None:
    """Without its protocol, asyncio does not know it for TCP, and every second answer waits forty milliseconds."""
    with contextlib.closing(listener_on(host, 0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_other_machines_are_served_only_when_there_is_a_key(store: SqlStore, tmp_path: Path, host: str) -> None:
    web = replace(ANY_PORT, host=host)
    with pytest.raises(SettingsError, match="keys create"):
        await on(store, tmp_path, web).run(asyncio.Event())
    await frame_on(store, FakeClock()).keys.create("a", [Scope.READ])
    stop, serving = asyncio.Event(), on(store, tmp_path, web)
    stop.set()
    await serving.run(stop)
    assert serving.listening.is_set()


async def test_what_cannot_begin_gives_its_port_back(store: SqlStore, tmp_path: Path) -> None:
    await store.close()
    serving = on(store, tmp_path, ANY_PORT)
    with pytest.raises(StoreUnavailableError):
        await serving.run(asyncio.Event())
    assert not serving.listening.is_set()
    gc.collect()  # a socket that was forgotten warns, and warnings are errors


async def test_it_stops_at_once_when_nobody_is_talking(api: StoreApi) -> None:
    await api.get("/health")
    begun = time.monotonic()
    api.stop.set()
    await api.running
    assert time.monotonic() - begun < 2
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.get("/health")


async def test_an_answer_that_has_begun_ends_before_the_api_stops(api: StoreApi, streams: Streams) -> None:
    slow = asyncio.create_task(api.get("/slow"))
    await streams.began.wait()
    api.stop.set()
    await asyncio.sleep(0)
    streams.may_end.set()
    assert (await slow).json == "done"
    await api.running


async def test_a_stream_is_ended_in_order_when_the_api_stops(
    api: StoreApi, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "_STREAMS_END_AFTER", 0.05)
    async with api.session.get(f"{api.url}/stream") as stream:
        assert await stream.content.readuntil(b"\n\n") == b"data: first\n\n"
        begun = time.monotonic()
        api.stop.set()
        assert await stream.content.read() == b""  # the end, not a broken connection
    await api.running
    assert streams.was_cancelled.is_set()
    assert time.monotonic() - begun < 3


async def test_a_client_that_leaves_a_stream_leaves_nothing_behind(api: StoreApi, streams: Streams) -> None:
    async with api.session.get(f"{api.url}/stream") as stream:
        await stream.content.readuntil(b"\n\n")
        stream.close()
    await asyncio.wait_for(streams.was_cancelled.wait(), 20)
