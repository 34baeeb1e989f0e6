"""The fake server itself, as the real one's own package sees it."""

import json
from collections.abc import AsyncIterator
from typing import Literal

import openai
import pytest
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict, Field

from source.adapters.llm.strict_schema import strict_schema
from tests.fakes.openai_answers import JsonFiller
from tests.fakes.openai_script import Says, ScriptedCall
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.openai_tokens import PromptCache

USER = {"role": "user", "content": "Hello"}
CALLING = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
}
ANSWERING = {"role": "tool", "tool_call_id": "c1", "content": "found"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}


def asks_json(schema: dict[str, object], **more: object) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "shape", "schema": schema, **more}}


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer(api_key="right") as running:
        yield running


@pytest.fixture
async def client(server: FakeOpenAIServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key="right", base_url=server.base_url, max_retries=0) as running:
        yield running


async def post(client: openai.AsyncOpenAI, **body: object) -> dict[str, object]:
    answer = await client.post(
        "/chat/completions", body={"model": "test-model", "messages": [USER]} | body, cast_to=object
    )
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"temprature": 1}, "temprature"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, "messages.[0].content"),
        ({"messages": [USER, ANSWERING]}, "messages.[1].role"),
        ({"messages": [USER, CALLING, ANSWERING, ANSWERING]}, "messages.[3].role"),
        ({"messages": [USER, CALLING]}, "messages"),
        ({"messages": [USER, CALLING, USER]}, "messages.[2].role"),
        ({"messages": [USER | {"tool_calls": CALLING["tool_calls"]}]}, "messages.[0].tool_calls"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"tools": []}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools[0]"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
            "tools[0].function.parameters",
        ),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"response_format": {"type": "json_object"}}, "messages"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": asks_json({"type": "array"})}, "response_format"),
        ({"response_format": asks_json(STRICT | {"additionalProperties": True}, strict=True)}, "response_format"),
        ({"response_format": asks_json(STRICT | {"required": []}, strict=True)}, "response_format"),
    ],
)
async def test_what_the_real_server_refuses_is_refused(
    client: openai.AsyncOpenAI, body: dict[str, object], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        await post(client, **body)

    assert raised.value.param == param


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [USER, CALLING, ANSWERING]},
        {"messages": [USER, CALLING | {"content": None}, ANSWERING, USER]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]},
        {"tools": [TOOL], "tool_choice": "auto", "temperature": 0.2, "max_completion_tokens": 5},
        {"response_format": asks_json(STRICT, strict=True)},
    ],
)
async def test_what_the_real_server_takes_is_taken(client: openai.AsyncOpenAI, body: dict[str, object]) -> None:
    assert (await post(client, **body))["object"] == "chat.completion"


@pytest.mark.parametrize("key", ["wrong", ""])
async def test_a_wrong_key_is_refused(server: FakeOpenAIServer, client: openai.AsyncOpenAI, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}" if key else ""}
    with pytest.raises(openai.AuthenticationError):
        await client.with_options(default_headers=headers).models.list()


async def test_an_unknown_model_is_not_found(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        await post(client, model="other")

    assert raised.value.code == "model_not_found"


async def test_models_are_listed(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["test-model"]


async def test_a_reply_without_stream_is_whole(server: FakeOpenAIServer, client: openai.AsyncOpenAI) -> None:
    server.queue(Says(["Hello", " Ana"], calls=[ScriptedCall("f", ['{"a"', ": 1}"])]))

    completion = await client.chat.completions.create(model="test-model", messages=[{"role": "user", "content": "Hi"}])

    message = completion.choices[0].message
    assert message.content == "Hello Ana"
    assert message.tool_calls is not None
    assert completion.choices[0].finish_reason == "tool_calls"
    assert completion.usage is not None
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


async def test_the_real_package_reads_the_stream(server: FakeOpenAIServer, client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="test-model",
        messages=[{"role": "user", "content": "Hi"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "You said: Hi"
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert server.requests[0]["messages"] == [{"role": "user", "content": "Hi"}]


class Point(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=40)
    message_ids: list[int] = Field(min_length=1)


class Summary(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(max_length=20)
    points: list[Point] = Field(max_length=2)
    mood: str | None
    open_issues: list[Point]
    certain: bool


async def test_a_schema_is_filled_with_messages_that_the_prompt_marks(client: openai.AsyncOpenAI) -> None:
    schema = strict_schema(Summary.model_json_schema())
    assert schema is not None
    content = "\n".join(f"[#{number}] Ana (2026-11-18): I said {number}" for number in (11, 12, 13, 14, 15, 16))

    body = {"messages": [{"role": "user", "content": content}], "response_format": asks_json(schema, strict=True)}
    answer = ChatCompletion.model_validate(await post(client, **body))

    summary = Summary.model_validate_json(answer.choices[0].message.content or "")
    assert summary.title == "Ana (2026-11-18): I "
    assert [point.message_ids for point in summary.points] == [[11], [13]]
    assert [point.text for point in summary.open_issues] == [f"Ana (2026-11-18): I said {n}" for n in (11, 13, 15)]


class EveryKind(BaseModel):
    kind: Literal["a", "b"]
    one: Literal[1]
    count: int = Field(ge=3)
    either: None | str  # noqa: RUF036 (null first is the harder order)
    long: str = Field(min_length=30, max_length=31)
    many: list[str] = Field(min_length=4)
    message_ids: list[int]
    share: float
    inner: Point | None


@pytest.mark.parametrize("prompt", ["", "no marks at all", "[#1] one", "[#1] [#2]\n[#3]"])
def test_whatever_the_prompt_the_value_fits_its_schema(prompt: str) -> None:
    schema = EveryKind.model_json_schema()

    value = json.dumps(JsonFiller(schema, prompt).value())

    EveryKind.model_validate_json(value)
    assert value == json.dumps(JsonFiller(schema, prompt).value())


@pytest.mark.parametrize(
    ("earlier", "now", "cached"),
    [
        (4096, 4096, 1024),
        (4095, 4096, 0),
        (4607, 5000, 1024),
        (4608, 5000, 1152),
        (0, 9000, 0),
    ],
)
def test_the_cache_counts_the_common_beginning_in_steps(earlier: int, now: int, cached: int) -> None:
    text = bytes(range(256)) * 40
    cache = PromptCache()
    cache.read_and_keep("m", text[:earlier])

    assert cache.read_and_keep("m", text[:now]) == cached
    assert cache.read_and_keep("other", text[:now]) == 0
