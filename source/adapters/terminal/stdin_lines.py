"""Lines of a pipe or a file, without blocking the event loop."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator
from typing import BinaryIO

# Far above what any message may hold; a pipe without line ends must not fill the memory.
LONGEST_LINE_BYTES = 64 * 1024 * 1024


class StdinLines:
    """Reads a line when asked for one, so that a slow answer holds the pipe back.

    The thread is a daemon: a read that waits for a pipe can be neither cancelled nor waited for.
    """

    def __init__(self, stream: BinaryIO, *, longest_bytes: int = LONGEST_LINE_BYTES) -> None:
        self._stream = stream
        self._longest = longest_bytes
        self._wanted: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[bytes | OSError]]] = (
            queue.SimpleQueue()
        )

    async def lines(self) -> AsyncIterator[bytes]:
        """Every line without its end; one that is too long comes cut, one byte longer than the bound.

        Raises: OSError: the stream cannot be read any further.
        """
        threading.Thread(target=self._read, name="stdin", daemon=True).start()
        loop = asyncio.get_running_loop()
        while True:
            arrived: asyncio.Future[bytes | OSError] = loop.create_future()
            self._wanted.put((loop, arrived))
            line = await arrived
            if isinstance(line, OSError):
                raise line
            if not line:
                return
            yield line.removesuffix(b"\n").removesuffix(b"\r")

    def _read(self) -> None:
        while True:
            loop, arrived = self._wanted.get()
            line: bytes | OSError
            try:
                line = self._next_line()
            except OSError as error:
                line = error
            except ValueError:  # the stream was closed: its end
                line = b""
            try:
                loop.call_soon_threadsafe(_resolve, arrived, line)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return
            if not line or isinstance(line, OSError):
                return

    def _next_line(self) -> bytes:
        line = self._stream.readline(self._longest + 1)
        rest = line
        while len(rest) > self._longest and not rest.endswith(b"\n"):
            rest = self._stream.readline(self._longest + 1)
        return line


def _resolve(arrived: "asyncio.Future[bytes | OSError]", line: bytes | OSError) -> None:
    if not arrived.done():
        arrived.set_result(line)
