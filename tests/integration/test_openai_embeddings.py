"""Vectors over the real wire."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from source.adapters.llm.openai_embeddings import EmbeddingSettings, OpenAIEmbeddings
from source.domain.errors import ModelRefusedError, ModelUnavailableError
from source.domain.recall.vectors import products, rows_of
from tests.fakes.embedding_server import FakeEmbeddingServer
from tests.fakes.embedding_vectors import vector_of
from tests.fakes.openai_script import Fails
from tests.fakes.openai_session import RecordedSleep

Make = Callable[..., OpenAIEmbeddings]
_SETTINGS = EmbeddingSettings("small", "key", answer_timeout=timedelta(seconds=20))


@pytest.fixture
async def server() -> AsyncIterator[FakeEmbeddingServer]:
    async with FakeEmbeddingServer() as server:
        yield server


@pytest.fixture
def sleep() -> RecordedSleep:
    return RecordedSleep()


@pytest.fixture
async def model(sleep: RecordedSleep) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        def make(server: FakeEmbeddingServer, settings: EmbeddingSettings = _SETTINGS) -> OpenAIEmbeddings:
            made = OpenAIEmbeddings(replace(settings, base_url=server.base_url), sleep=sleep)
            stack.push_async_callback(made.close)
            return made

        yield make


def _common(one: bytes, other: bytes) -> float:
    return float(products(rows_of([one], len(one)), other)[0])


async def test_texts_get_their_vectors_in_their_order(server: FakeEmbeddingServer, model: Make) -> None:
    texts = ["my doctor", "a physician", "the red car"]
    vectors = await model(server).embed(texts)
    assert server.bodies[0]["encoding_format"] == "base64"
    for text, vector in zip(texts, vectors, strict=True):
        assert np.allclose(np.frombuffer(vector, "<f2"), vector_of(text), atol=1e-3)
    assert _common(vectors[0], vectors[0]) == pytest.approx(1, abs=5e-3)
    assert _common(vectors[0], vectors[1]) > 0.9 > 0.3 > _common(vectors[0], vectors[2])


@pytest.mark.parametrize("server_of", [{"takes_base64": False}, {"ignores_base64": True}])
async def test_servers_that_write_numbers_out_are_understood(model: Make, server_of: dict[str, bool]) -> None:
    async with FakeEmbeddingServer(**server_of) as server:  # type: ignore[arg-type]  # flags only
        embeddings = model(server)
        (vector,) = await embeddings.embed(["my doctor"])
        assert np.allclose(np.frombuffer(vector, "<f2"), vector_of("my doctor"), atol=1e-3)
        asked = len(server.bodies)
        await embeddings.embed(["again"])
        assert len(server.bodies) == asked + 1


async def test_many_texts_are_asked_for_in_several_requests(server: FakeEmbeddingServer, model: Make) -> None:
    vectors = await model(server).embed([f"text {number}" for number in range(150)])
    assert [len(texts) for texts in server.texts] == [64, 64, 22]
    assert len(set(vectors)) == 150


async def test_a_text_of_nothing_and_one_that_is_long_get_vectors(model: Make) -> None:
    async with FakeEmbeddingServer(most_chars=600) as server:
        vectors = await model(server).embed([" \n", "word " * 2_000, "short"])
        assert len(vectors) == 3
        assert server.texts[-2:] == [["word " * 100], ["short"]]


async def test_a_server_in_trouble_is_asked_again(
    server: FakeEmbeddingServer, model: Make, sleep: RecordedSleep
) -> None:
    server.failures.extend([Fails(503), Fails(429, headers={"retry-after": "3"})])
    assert len(await model(server).embed(["text"])) == 1
    assert len(sleep.seconds) == 2
    assert 3 <= sleep.seconds[1] <= 4


async def test_a_server_that_stays_away_is_not_asked_for_ever(server: FakeEmbeddingServer, model: Make) -> None:
    server.is_down = True
    with pytest.raises(ModelUnavailableError):
        await model(server).embed(["text"])
    assert len(server.bodies) == _SETTINGS.max_attempts


async def test_a_refusal_names_the_setting_of_embeddings(model: Make) -> None:
    async with FakeEmbeddingServer(api_key="other", models=frozenset({"large"})) as server:
        with pytest.raises(ModelRefusedError, match="set EMBEDDING_API_KEY"):
            await model(server).embed(["text"])
        with pytest.raises(ModelRefusedError, match="check EMBEDDING_MODEL and EMBEDDING_BASE_URL"):
            await model(server, replace(_SETTINGS, api_key="other")).embed(["text"])
        assert len(server.bodies) == 2
    with pytest.raises(ModelRefusedError, match="EMBEDDING_BASE_URL is not an address"):
        await OpenAIEmbeddings(EmbeddingSettings("small", base_url="nowhere")).embed(["text"])


@pytest.mark.parametrize(
    "answer",
    [
        b"{",
        b"{}",
        b'{"data": []}',
        b'{"data": [{"index": 0}]}',
        b'{"data": [{"index": 1, "embedding": [1]}]}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 0, "embedding": ["a"]}]}',
        b'{"data": [{"index": 0, "embedding": "AAA"}]}',
        b'{"data": [{"index": 0, "embedding": "AADAfw=="}]}',
        b'{"data": [{"index": 0, "embedding": [1e999]}]}',
    ],
)
async def test_an_answer_that_is_none_is_an_error_of_the_server(
    server: FakeEmbeddingServer, model: Make, answer: bytes
) -> None:
    server.failures.extend([answer] * _SETTINGS.max_attempts)
    with pytest.raises(ModelUnavailableError, match="sent a broken answer"):
        await model(server).embed(["text"])


async def test_an_answer_that_is_no_api_tells_which_address_is_wrong(server: FakeEmbeddingServer, model: Make) -> None:
    server.failures.append(b'"<html>"')
    with pytest.raises(ModelRefusedError, match="check EMBEDDING_BASE_URL"):
        await model(server).embed(["text"])


async def test_no_vector_takes_longer_than_its_deadline(server: FakeEmbeddingServer, model: Make) -> None:
    server.hangs = True
    impatient = replace(_SETTINGS, answer_timeout=timedelta(milliseconds=100), max_attempts=1)
    with pytest.raises(ModelUnavailableError, match="did not answer in time"):
        await model(server, impatient).embed(["text"])
