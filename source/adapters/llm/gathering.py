"""Lets the pieces of a quick stream gather before they are read."""

import asyncio
from typing import Final

import httpx2

# Ten times a second looks fluent; being woken for each of 50 pieces a second costs three times their parsing.
GATHER_SECONDS: Final = 0.1


class Gathering:
    """Holds the connection of one streamed answer between two reads, for as long as its pieces come quickly.

    The first pieces are never held, nor are those of a slow stream. What comes meanwhile waits in the system's buffer.
    """

    def __init__(self, response: httpx2.Response) -> None:
        # Not public in openai 3.52.0 and httpx2: a test breaks when it moves. None: nothing is held.
        self._answer = getattr(getattr(response.stream, "_stream", None), "_aiohttp_response", None)
        self._transport = _transport_of(self._answer)
        self._is_quick = False
        self._received_at = 0.0

    def note(self, events: int) -> None:
        """So many events came with one read."""
        now = asyncio.get_running_loop().time()
        self._is_quick = events > 1 or now - self._received_at < GATHER_SECONDS
        self._received_at = now

    @property
    def is_open(self) -> bool:
        """Whether there is a connection that can be held."""
        return self._transport is not None and not self._transport.is_closing()

    def leave(self) -> None:
        """Close the connection at once, unless the answer was read to its end; nothing can come between."""
        if self._answer is not None:
            self._answer.close()

    async def wait(self) -> None:
        """Return when it is time to read again."""
        if self._transport is None or not self._is_quick or not self.is_open:
            return
        self._transport.pause_reading()
        try:
            await asyncio.sleep(GATHER_SECONDS)
        finally:
            self._transport.resume_reading()


def _transport_of(answer: object) -> asyncio.ReadTransport | None:
    """Return the connection below the answer; None where it cannot be reached."""
    transport = getattr(getattr(answer, "connection", None), "transport", None)
    return transport if isinstance(transport, asyncio.ReadTransport) else None
