"""One WebSocket of the gateway: what is sent keeps its order and never waits for the client."""

from __future__ import annotations

import asyncio
import contextlib
import zlib

from aiohttp import web

from tests.fakes.discord.wire import Json, dumped

Frame = bytes | int  # a number closes the socket with that code


class Connection:
    """Sends frames in the background; compressed as one zlib stream when the client asked so."""

    def __init__(self, request: web.Request) -> None:
        self.socket = web.WebSocketResponse(max_msg_size=0, autoping=True, timeout=1.0)
        self.closed_with: int | None = None
        self._request = request
        self._queue: asyncio.Queue[Frame] = asyncio.Queue()
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.socket.prepare(self._request)
        self._writer = asyncio.create_task(self._write())

    async def finish(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer

    def send(self, frame: bytes) -> None:
        self._queue.put_nowait(frame)

    def send_op(self, op: int, data: object = None) -> None:
        payload: Json = {"op": op, "d": data, "s": None, "t": None}
        self.send(dumped(payload))

    def close(self, code: int) -> None:
        """Close the socket after what was sent before."""
        if self.closed_with is None:
            self.closed_with = code
        self._queue.put_nowait(code)

    def abort(self) -> None:
        """Cut the line without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionResetError, RuntimeError):
            while True:
                frame = await self._queue.get()
                if isinstance(frame, int):
                    await self.socket.close(code=frame)
                    return
                await self._send(frame)

    async def _send(self, frame: bytes) -> None:
        if self._zlib is None:
            await self.socket.send_str(frame.decode("utf-8", "replace"))
            return
        packed = self._zlib.compress(frame) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
        await self.socket.send_bytes(packed)
