import asyncio
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from source.adapters.llm.local_server import LocalServer, find_local_server
from tests.fakes.openai_server import FakeOpenAIServer

PATIENT = timedelta(seconds=10)


def closed_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[str]:
    """A server that sends these bytes whatever it is asked, or nothing at all."""
    done = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await done.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        done.set()
        server.close()


def local_server(*models: str) -> FakeOpenAIServer:
    return FakeOpenAIServer(models=models, needs_key=False)


async def found_among(servers: Sequence[FakeOpenAIServer], *other_urls: str) -> LocalServer | None:
    async with AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(server)
        return await find_local_server([*other_urls, *(server.base_url for server in servers)], PATIENT)


async def test_no_server_is_found_on_closed_ports() -> None:
    began = time.perf_counter()

    assert await find_local_server([closed_url(), closed_url(), closed_url()], PATIENT) is None

    assert time.perf_counter() - began < 5


async def test_a_server_is_found_with_its_first_model() -> None:
    server = local_server("llama3.2:3b", "qwen3:8b")

    assert await found_among([server], closed_url()) == LocalServer(server.base_url, "llama3.2:3b")


async def test_models_that_cannot_chat_are_skipped() -> None:
    server = local_server(
        "nomic-embed-text:latest", "text-embedding-3", "bge-m3", "all-minilm", "whisper-1", "qwen3:8b"
    )

    assert await found_among([server]) == LocalServer(server.base_url, "qwen3:8b")


async def test_a_server_without_a_chat_model_is_passed_over() -> None:
    useless, useful = local_server("mxbai-embed-large"), local_server("gemma3")

    assert await found_among([useless, useful]) == LocalServer(useful.base_url, "gemma3")


async def test_the_first_address_wins() -> None:
    first, second = local_server("one"), local_server("two")

    assert await found_among([first, second]) == LocalServer(first.base_url, "one")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html></html>",
        b"HTTP/1.1 404 Not Found\r\n\r\n{}",
        b'HTTP/1.1 200 OK\r\n\r\n{"data": null}',
        b'HTTP/1.1 200 OK\r\n\r\n{"data": [3, {"id": null}]}',
        b"HTTP/1.1 200 OK\r\n\r\n[1]",
        b"HTTP/1.1 200 OK\r\n\r\n\xff",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"",
        b"x" * (3 << 20),
    ],
)
async def test_something_else_on_the_port_is_not_a_model_server(answer: bytes) -> None:
    async with answering(answer) as url:
        assert await find_local_server([url], PATIENT) is None


async def test_a_port_that_says_nothing_costs_no_more_than_the_time_given() -> None:
    async with answering(None) as silent, local_server("gemma3") as server:
        found = await find_local_server([silent, server.base_url], timedelta(seconds=1))

    assert found == LocalServer(server.base_url, "gemma3")


@pytest.mark.parametrize("url", ["", "no address", "http://[broken/v1", "http://127.0.0.1:99999/v1"])
async def test_what_is_no_address_is_passed_over(url: str) -> None:
    assert await find_local_server([url], PATIENT) is None
