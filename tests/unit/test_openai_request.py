import json
from collections.abc import Mapping

import pytest
from pydantic import BaseModel, ConfigDict, Field

from source.adapters.llm.openai_request import RequestBuilder
from source.adapters.llm.openai_settings import OpenAIChatSettings
from source.adapters.llm.strict_schema import strict_schema
from source.ports.llm import JsonSchema, Prompt, PromptMessage, Role
from tests.fakes.model_calls import SEARCH, TITLE, after_tool, asking
from tests.fakes.openai_rules import problem_of_body, strictness_problem


class Point(BaseModel):
    text: str = Field(default="", max_length=80)
    message_ids: list[int] = []


class Shape(BaseModel):
    title: str
    points: list[Point] = []
    mood: str | None = None


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str


class Open(BaseModel):
    words: dict[str, int]


def builder(*, is_openai: bool = False) -> RequestBuilder:
    return RequestBuilder("test-model", is_openai=is_openai)


def contents(body: Mapping[str, object]) -> list[object]:
    messages = body["messages"]
    assert isinstance(messages, list)
    return [message["content"] for message in messages]


def test_a_plain_prompt_asks_for_a_stream_with_usage_and_nothing_else() -> None:
    assert builder().body(asking("Hello")) == {
        "model": "test-model",
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_the_same_prompt_gives_the_same_bytes() -> None:
    prompt = asking("Hello", tools=(SEARCH,), schema=TITLE, max_output_tokens=7)

    assert json.dumps(builder().body(prompt)) == json.dumps(builder().body(prompt))


@pytest.mark.parametrize(
    "prompt", [asking("a", tools=(SEARCH,), schema=TITLE, max_output_tokens=7), after_tool("a", "{}")]
)
def test_the_server_finds_nothing_to_refuse(prompt: Prompt) -> None:
    assert problem_of_body(builder(is_openai=True).body(prompt)) is None


def test_only_openai_gets_a_cache_key() -> None:
    prompt = Prompt((PromptMessage(Role.USER, "Hello"),), cache_key="conversation 1")

    assert builder(is_openai=True).body(prompt)["prompt_cache_key"] == "conversation 1"
    assert "prompt_cache_key" not in builder().body(prompt)


def test_only_the_address_of_openai_is_openai() -> None:
    assert OpenAIChatSettings("m").is_openai
    assert not OpenAIChatSettings("m", base_url="http://127.0.0.1:11434/v1").is_openai
    assert not OpenAIChatSettings("m", base_url="https://api.openai.com.example.org/v1").is_openai
    assert not OpenAIChatSettings("m", base_url="http://[broken").is_openai


def test_the_key_is_not_shown() -> None:
    assert "sk-1" not in repr(OpenAIChatSettings("m", api_key="sk-1"))


def test_the_limit_has_the_name_that_the_server_knows() -> None:
    prompt = asking("Hello", max_output_tokens=7)

    assert builder(is_openai=True).body(prompt)["max_completion_tokens"] == 7
    assert builder().body(prompt)["max_tokens"] == 7


def test_a_refused_limit_goes_by_its_other_name_then_not_at_all() -> None:
    requests, prompt = builder(), asking("Hello", max_output_tokens=7)

    assert requests.go_without("max_tokens", requests.body(prompt))
    assert requests.body(prompt)["max_completion_tokens"] == 7
    assert requests.go_without("max_completion_tokens", requests.body(prompt))
    assert not {"max_tokens", "max_completion_tokens"} & set(requests.body(prompt))


def test_a_refused_shape_is_asked_for_in_simpler_ways() -> None:
    requests, prompt = builder(), asking("Hello", schema=TITLE)

    assert requests.go_without("response_format", requests.body(prompt))
    simpler = requests.body(prompt)
    assert simpler["response_format"] == {"type": "json_object"}
    assert "JSON" in str(contents(simpler)[-1])
    assert requests.go_without("response_format", simpler)
    simplest = requests.body(prompt)
    assert "response_format" not in simplest
    assert '"title"' in str(contents(simplest)[-1])


def test_two_calls_that_were_refused_at_the_same_time_take_one_step_back() -> None:
    requests, prompt = builder(), asking("Hello", schema=TITLE, max_output_tokens=7)
    first, second = requests.body(prompt), requests.body(prompt)

    for parameter in ("response_format", "max_tokens"):
        assert requests.go_without(parameter, first)
        assert requests.go_without(parameter, second)

    assert requests.body(prompt)["response_format"] == {"type": "json_object"}
    assert requests.body(prompt)["max_completion_tokens"] == 7


def test_what_was_not_sent_cannot_be_left_out() -> None:
    requests = builder()

    assert not requests.go_without("tools", requests.body(asking("Hello")))


def test_without_tools_their_answers_are_words() -> None:
    requests, prompt = builder(), after_tool("Where?", "in the north")
    assert requests.go_without("tools", requests.body(prompt))

    body = requests.body(prompt)

    assert "tools" not in body
    assert contents(body) == ["Where?", "(Result of a tool) in the north"]
    assert problem_of_body(body) is None


def test_an_empty_reply_is_not_sent() -> None:
    prompt = Prompt((PromptMessage(Role.ASSISTANT, ""), PromptMessage(Role.USER, "Hello")))

    assert contents(builder().body(prompt)) == ["Hello"]


def test_what_cannot_be_encoded_is_replaced() -> None:
    assert contents(builder().body(asking("a\ud83d"))) == ["a�"]


@pytest.mark.parametrize("model", [Shape, Closed])
def test_a_schema_is_made_strict(model: type[BaseModel]) -> None:
    strict = strict_schema(model.model_json_schema())

    assert strict is not None
    assert strictness_problem(strict) is None
    assert set(strict["properties"]) == set(model.model_fields)  # type: ignore[call-overload]


def test_a_property_called_title_or_default_stays() -> None:
    strict = strict_schema(
        {"type": "object", "properties": {"title": {"type": "string"}, "default": {"type": "string"}}}
    )

    assert strict is not None
    assert strict["required"] == ["title", "default"]


def test_a_schema_with_open_objects_is_sent_as_it_is() -> None:
    schema = Open.model_json_schema()
    prompt = asking("Hello", schema=JsonSchema("open", schema))

    assert strict_schema(schema) is None
    assert builder().body(prompt)["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "open", "schema": schema, "strict": False},
    }
