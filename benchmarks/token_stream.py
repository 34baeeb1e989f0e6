"""A model server that streams tokens at a set pace to many readers at once, in a process of its own.

`python -m benchmarks.token_stream` prints its port and serves until its standard input ends; then it prints, as
JSON, when (monotonic seconds, the same for every process of a machine) the first token of each chat was sent, and
the last. A chat is named by the last `chat-N` in its request.
"""

import asyncio
import json
import re
import sys
from dataclasses import dataclass

_CHAT = re.compile(rb"chat-(\d+)")
_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
    b"connection: keep-alive\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a reply is streamed; times in seconds."""

    tokens: int = 200
    first_after: float = 0.2
    every: float = 0.02


@dataclass(slots=True)
class Spoken:
    """When a chat's reply began and ended."""

    first: dict[str, float]
    last: dict[str, float]


def word(number: int) -> str:
    """Return a token of a reply."""
    return f"word{number:03} "


def _frame(event: object) -> bytes:
    data = b"data: " + (event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


def _event(delta: dict[str, str], finish: str | None = None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "test-model", "choices": [choice]}


def _usage(tokens: int) -> dict[str, object]:
    usage = {"prompt_tokens": 50, "completion_tokens": tokens, "total_tokens": tokens + 50}
    return {**_event({}), "choices": [], "usage": usage}


class _Reader(asyncio.Protocol):
    """One connection: reads a request, streams a reply, waits for the next."""

    def __init__(self, pace: Pace, spoken: Spoken, frames: list[bytes]) -> None:
        self._pace = pace
        self._spoken = spoken
        self._frames = frames
        self._received = bytearray()
        self._handle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        found = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if not separator or found is None or len(body) < int(found.group(1)):
            return
        chat = _CHAT.findall(body)[-1:] or [b"0"]
        self._received.clear()
        self._transport.write(_HEAD)
        loop = asyncio.get_running_loop()
        self._handle = loop.call_later(self._pace.first_after, self._speak, chat[0].decode(), 0, loop.time())

    def _speak(self, chat: str, number: int, began: float) -> None:
        loop = asyncio.get_running_loop()
        if number == 0:
            began = self._spoken.first[chat] = loop.time()
        self._transport.write(self._frames[number])
        if number + 1 == len(self._frames):
            self._spoken.last[chat] = loop.time()
            return
        # By the clock, not by the last token: a server that is late catches up.
        due = began + (number + 1) * self._pace.every
        self._handle = loop.call_at(due, self._speak, chat, number + 1, began)


async def _serve(pace: Pace) -> None:
    deltas = [_frame(_event({"content": word(number)})) for number in range(pace.tokens)]
    end = _frame(_event({}, "stop")) + _frame(_usage(pace.tokens)) + _frame(b"[DONE]") + b"0\r\n\r\n"
    frames = [*deltas[:-1], deltas[-1] + end]
    spoken = Spoken({}, {})
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Reader(pace, spoken, frames), "127.0.0.1", 0, backlog=1_024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    print(json.dumps({"first": spoken.first, "last": spoken.last}))


if __name__ == "__main__":
    asyncio.run(_serve(Pace()))
