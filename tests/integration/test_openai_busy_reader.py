import json
import socket
import threading
from collections.abc import Iterator

import pytest

from source.adapters.llm.openai_chat import OpenAIChatModel, OpenAIChatSettings
from source.domain.errors import ModelInterruptedError
from source.ports.llm import Finished, FinishReason, ModelEvent, TextDelta
from tests.fakes.model_calls import asking

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
PATIENCE_SECONDS = 20.0


def piece(text: str, *, finish: str | None = None) -> bytes:
    """One chunk of the reply as one chunk of HTTP."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    event = f"data: {json.dumps({'choices': [choice]})}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(event), event)


class BreakingServer:
    """Answers one request from a thread: one piece, and when it is told to all others; then it breaks off."""

    def __init__(self, *others: bytes) -> None:
        self._others = others
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._go_on = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def finish(self) -> None:
        """Return when everything was sent and the connection is closed."""
        self._go_on.set()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def close(self) -> None:
        self._listener.close()
        self.finish()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.settimeout(PATIENCE_SECONDS)
            request = b""
            while b'"stream":' not in request:
                request += connection.recv(65_536)
            connection.sendall(HEAD + piece("one"))
            self._go_on.wait(PATIENCE_SECONDS)
            for each in self._others:
                connection.sendall(each)


@pytest.fixture
def servers() -> Iterator[list[BreakingServer]]:
    running: list[BreakingServer] = []
    yield running
    for server in running:
        server.close()


async def read_while_busy(server: BreakingServer) -> tuple[list[ModelEvent], bool]:
    """What a reader gets that holds up the event loop after its first piece, and whether the reply broke off."""
    model = OpenAIChatModel(OpenAIChatSettings("test-model", "key", server.base_url, max_attempts=1))
    events: list[ModelEvent] = []
    try:
        async for event in model.stream(asking("Hello")):
            events.append(event)
            server.finish()
    except ModelInterruptedError:
        return events, True
    finally:
        await model.close()
    return events, False


async def test_what_came_while_the_process_was_busy_is_handed_on_though_the_reply_then_broke_off(
    servers: list[BreakingServer],
) -> None:
    servers.append(BreakingServer(piece("two"), piece("three")))

    events, broke_off = await read_while_busy(servers[0])

    assert events == [TextDelta("one"), TextDelta("two"), TextDelta("three")]
    assert broke_off


async def test_a_reply_that_is_whole_is_whole_though_its_connection_then_broke_off(
    servers: list[BreakingServer],
) -> None:
    servers.append(BreakingServer(piece("two"), piece("three", finish="stop")))

    events, broke_off = await read_while_busy(servers[0])

    assert events == [TextDelta("one"), TextDelta("two"), TextDelta("three"), Finished(FinishReason.STOP)]
    assert not broke_off
