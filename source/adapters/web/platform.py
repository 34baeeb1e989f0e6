"""The API as one of Echo's channels."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import structlog
import uvicorn
from fastapi import APIRouter

from source.adapters.web.app import create_app
from source.adapters.web.frame import WebFrame
from source.adapters.web.listening import listener_on, refuse_strangers_without_key
from source.adapters.web.local_token import LocalToken
from source.adapters.web.streams import OpenStreams

log = structlog.get_logger(__name__)

_STREAMS_END_AFTER: Final = 5.0
# Above the one for streams: they are ended in order before whatever is left is cut off.
_CUT_OFF_AFTER: Final = 8
_KEEP_ALIVE: Final = 15


class WebPlatform:
    """Serves the API; `url` says where once `listening` is set."""

    name: Final = "web"

    def __init__(self, frame: WebFrame, routers: Callable[[], Sequence[APIRouter]], *, data_folder: Path) -> None:
        self.listening = asyncio.Event()
        self.url = ""
        self._frame = frame
        self._routers = routers
        self._folder = data_folder

    async def check(self) -> None:
        """Find out before anything else begins whether it could listen.

        Raises: SettingsError: the address cannot be listened on, or must not be without an API key.
        """
        (await self._listener()).close()

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; then let answers that have begun end.

        Raises: SettingsError: as `check`.
        """
        with contextlib.closing(await self._listener()) as listener:
            await self._serve(listener, stop)

    async def _listener(self) -> socket.socket:
        settings = self._frame.settings
        refuse_strangers_without_key(settings.host, has_keys=await self._frame.keys.any_exist())
        return listener_on(settings.host, settings.port)

    async def _serve(self, listener: socket.socket, stop: asyncio.Event) -> None:
        self.url = _url_of(listener)
        token, streams = LocalToken.new(self.url), OpenStreams()
        app = create_app(self._frame, self._routers(), local_secret=token.secret, streams=streams)
        server = _Server(_config(app))
        await self._frame.metrics.begin()
        token.leave_in(self._folder)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_end(server, streams, stop))
                self.listening.set()
                log.info("api_listens", url=self.url)
                await server.serve([listener])
        finally:
            token.remove_from(self._folder)
            await self._frame.keys.note_uses()


async def _end(server: uvicorn.Server, streams: OpenStreams, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_STREAMS_END_AFTER):
            await streams.none_open()
    streams.end_all()


class _Server(uvicorn.Server):
    """Leaves the signals to Echo."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        loop="none",
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who calls is who is connected: a header may say anything
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_CUT_OFF_AFTER,
    )


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
