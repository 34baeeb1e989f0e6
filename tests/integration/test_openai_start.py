import asyncio
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.fakes.model_calls import asking, events_of, text_in
from tests.fakes.openai_session import openai_session

ROOT = Path(__file__).parents[2]

IMPORT_ALL = """
import sys
import source.adapters.llm.local_server, source.adapters.llm.offline, source.adapters.llm.openai_chat as chat
chat.OpenAIChatModel(chat.OpenAIChatSettings("m"))
print([name for name in ("openai", "httpx2", "aiohttp", "tenacity", "http.client") if name in sys.modules])
"""


def test_nothing_heavy_is_loaded_before_the_first_call() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


async def test_preparing_makes_the_client_that_calls_then_use() -> None:
    async with openai_session() as session:
        model = session.model()
        await asyncio.gather(model.prepare(), model.prepare())

        await events_of(model, asking("Hello"))

        assert session.server.connections == 1


async def test_a_model_that_was_closed_can_be_used_again() -> None:
    async with openai_session() as session:
        model = session.model()
        await events_of(model, asking("Hello"))
        await model.close()

        assert text_in(await events_of(model, asking("Hello"))) == "You said: Hello"


@pytest.mark.parametrize("options", [["--reply", "As you wish."], ["--model", "only-this", "--reply", "As you wish."]])
async def test_the_fake_server_can_be_started_by_hand(options: list[str]) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.openai_server", "--port", "0", *options, cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        line = (await server.stdout.readline()).decode().strip()
        url = line.removeprefix("OPENAI_BASE_URL=")
        assert await first_words_of(url, "only-this") == "As you wish."
    finally:
        server.terminate()
        await server.communicate()


async def first_words_of(url: str, model: str) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"Authorization": "Bearer any"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/chat/completions", json=body, headers=headers) as answer,
    ):
        completion = await answer.json()
    return str(completion["choices"][0]["message"]["content"])
