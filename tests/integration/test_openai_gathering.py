"""Pieces of a quick stream are read together, those of a slow one as they come, and nothing is lost by it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import openai
import pytest

from source.adapters.llm.gathering import GATHER_SECONDS, Gathering
from source.adapters.llm.openai_chat import OpenAIChatModel
from source.domain.errors import ModelInterruptedError
from source.ports.llm import TextDelta
from tests.fakes.model_calls import asking
from tests.fakes.openai_script import Ending, Says
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.openai_session import openai_session

WORDS = [f"word{number} " for number in range(40)]


@asynccontextmanager
async def streamed(server: FakeOpenAIServer) -> AsyncIterator[httpx2.Response]:
    body = {"model": "test-model", "stream": True, "messages": [{"role": "user", "content": "go on"}]}
    headers = {"authorization": "Bearer any"}
    address = f"{server.base_url}/chat/completions"
    async with (
        openai.DefaultAioHttpClient() as client,
        client.stream("POST", address, json=body, headers=headers) as response,
    ):
        yield response


async def seconds_held(gathering: Gathering) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    await gathering.wait()
    return loop.time() - began


async def test_a_quick_stream_is_held_between_two_reads_and_goes_on_afterwards() -> None:
    gate = asyncio.Event()
    async with FakeOpenAIServer() as server:
        server.queue(Says(WORDS, gate=gate, gate_after=3))
        async with streamed(server) as response:
            pieces = response.aiter_bytes()
            await anext(pieces)
            gathering = Gathering(response)
            gathering.note(3)
            assert await seconds_held(gathering) >= GATHER_SECONDS * 0.9
            gate.set()
            rest = b"".join([piece async for piece in pieces])
    assert b"word39" in rest


async def test_the_first_pieces_and_those_of_a_slow_stream_are_not_held() -> None:
    gate = asyncio.Event()
    async with FakeOpenAIServer() as server:
        server.queue(Says(WORDS, gate=gate, gate_after=3))
        async with streamed(server) as response:
            gathering = Gathering(response)
            assert await seconds_held(gathering) < GATHER_SECONDS / 2
            gathering.note(1)
            assert await seconds_held(gathering) < GATHER_SECONDS / 2
            gate.set()


async def test_a_stream_that_is_left_is_closed_without_waiting_for_anything() -> None:
    async with FakeOpenAIServer() as server:
        server.queue(Says(WORDS, gate=asyncio.Event(), gate_after=3))
        async with streamed(server) as response:
            gathering = Gathering(response)
            assert gathering.is_open
            gathering.leave()
            assert not gathering.is_open


async def test_what_gathered_before_the_connection_was_cut_is_said() -> None:
    said: list[str] = []
    async with openai_session() as session:
        session.server.queue(Says(WORDS, ending=Ending.CUT))
        with pytest.raises(ModelInterruptedError):
            await listen(session.model(), said)
    assert "".join(said) == "".join(WORDS)


async def listen(model: OpenAIChatModel, said: list[str]) -> None:
    async for event in model.stream(asking("go on")):
        said.extend([event.text] if isinstance(event, TextDelta) else [])
