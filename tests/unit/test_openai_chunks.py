import pytest

from source.adapters.llm.openai_chunks import ReplyReader
from source.ports.llm import Finished, FinishReason, ModelEvent, TextDelta, ThinkingDelta, ToolCall, UsageReported


def chunk(*, finish: str | None = None, **delta: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def calls(*deltas: dict[str, object]) -> dict[str, object]:
    return chunk(tool_calls=list(deltas))


def read(*chunks: object) -> list[ModelEvent]:
    reader = ReplyReader()
    return [event for each in chunks for event in reader.read(each)]


def test_a_role_chunk_is_no_beginning() -> None:
    reader = ReplyReader()

    assert reader.read(chunk(role="assistant", content="")) == []
    assert not reader.began


def test_thinking_comes_under_either_name() -> None:
    assert read(chunk(reasoning_content="a"), chunk(reasoning="b")) == [ThinkingDelta("a"), ThinkingDelta("b")]


def test_a_refusal_is_what_the_model_says() -> None:
    assert read(chunk(refusal="I cannot.")) == [TextDelta("I cannot.")]


def test_halves_of_a_pair_in_two_deltas_become_one_character() -> None:
    assert read(chunk(content="a\ud83d"), chunk(content="\ude00b")) == [TextDelta("a"), TextDelta("😀b")]


def test_a_half_that_stays_alone_is_replaced() -> None:
    events = read(chunk(content="a\ud83d"), chunk(content="b\ude00"), chunk(content="\ud83d", finish="stop"))

    assert events == [TextDelta("a"), TextDelta("�b�"), TextDelta("�"), Finished(FinishReason.STOP)]


def test_halves_of_thinking_and_text_do_not_mix() -> None:
    events = read(chunk(reasoning="\ud83d"), chunk(content="x"), chunk(finish="stop"))

    assert events == [TextDelta("x"), ThinkingDelta("�"), Finished(FinishReason.STOP)]


def test_nul_is_replaced() -> None:
    assert read(chunk(content="a\x00")) == [TextDelta("a�")]


def test_an_id_of_a_tool_call_can_be_stored() -> None:
    events = read(calls({"index": 0, "id": "c\x00\ud800", "function": {"name": "search"}}), chunk(finish="tool_calls"))

    assert events[0] == ToolCall("c��", "search", "{}")


def test_pieces_of_a_tool_call_become_one() -> None:
    events = read(
        calls({"index": 0, "id": "c1", "function": {"name": "search", "arguments": ""}}),
        calls({"index": 0, "function": {"arguments": '{"wo'}}),
        calls({"index": 0, "function": {"arguments": 'rds": "\ud83d'}}),
        calls({"index": 0, "function": {"arguments": '\ude00"}'}}),
        chunk(finish="tool_calls"),
    )

    assert events == [ToolCall("c1", "search", '{"words": "😀"}'), Finished(FinishReason.TOOL_CALLS)]


def test_the_beginning_of_a_tool_call_is_a_beginning() -> None:
    reader = ReplyReader()

    assert reader.read(calls({"index": 0, "id": "c1", "function": {"name": "search"}})) == []
    assert reader.began


def test_calls_that_run_side_by_side_are_kept_apart() -> None:
    events = read(
        calls(
            {"index": 0, "id": "c1", "function": {"name": "one"}}, {"index": 1, "id": "c2", "function": {"name": "two"}}
        ),
        calls({"index": 1, "function": {"arguments": "[2]"}}),
        calls({"index": 0, "function": {"arguments": "[1]"}}),
        chunk(finish="tool_calls"),
    )

    assert events[:2] == [ToolCall("c1", "one", "[1]"), ToolCall("c2", "two", "[2]")]


def test_whole_calls_that_all_have_index_0_are_kept_apart_by_their_ids() -> None:
    events = read(
        calls({"index": 0, "id": "c1", "function": {"name": "one", "arguments": "[1]"}}),
        calls({"index": 0, "id": "c2", "function": {"name": "one", "arguments": "[2]"}}),
        chunk(finish="tool_calls"),
    )

    assert events[:2] == [ToolCall("c1", "one", "[1]"), ToolCall("c2", "one", "[2]")]


def test_calls_without_index_and_id_are_kept_apart_by_their_names() -> None:
    events = read(
        calls({"function": {"name": "one", "arguments": "[1"}}, {"function": {"arguments": "]"}}),
        calls({"function": {"name": "two"}}),
        chunk(finish="stop"),
    )

    assert [(call.name, call.arguments) for call in events if isinstance(call, ToolCall)] == [
        ("one", "[1]"),
        ("two", "{}"),
    ]
    assert len({call.call_id for call in events if isinstance(call, ToolCall)}) == 2


def test_an_empty_id_continues_a_call() -> None:
    events = read(
        calls({"index": 0, "id": "c1", "function": {"name": "one"}}),
        calls({"index": 0, "id": "", "function": {"arguments": "[1]"}}),
        chunk(finish="tool_calls"),
    )

    assert events[0] == ToolCall("c1", "one", "[1]")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("eos", FinishReason.STOP),
    ],
)
def test_the_reason_to_finish_is_read(said: str, reason: FinishReason) -> None:
    assert read(chunk(content="x", finish=said)) == [TextDelta("x"), Finished(reason)]


def test_stop_after_tool_calls_means_tool_calls() -> None:
    events = read(calls({"index": 0, "id": "c1", "function": {"name": "one"}}), chunk(finish="stop"))

    assert events[-1] == Finished(FinishReason.TOOL_CALLS)


def test_it_finishes_once() -> None:
    assert read(chunk(finish="stop"), chunk(content="more"), chunk(finish="stop")) == [Finished(FinishReason.STOP)]


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
            UsageReported(9, 4, 2),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": None}, UsageReported(9, 0, 2)),
        ({"prompt_tokens": 9}, UsageReported(9, 0, 0)),
        ({"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 5}, UsageReported(9, 5, 2)),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 99}},
            UsageReported(9, 9, 2),
        ),
        ({"prompt_tokens": 9.0, "completion_tokens": "2", "prompt_cache_hit_tokens": 0}, UsageReported(9, 0, 2)),
        ({"completion_tokens": 2}, None),
        ({}, None),
        (None, None),
    ],
)
def test_usage_is_read_with_whatever_is_missing(usage: object, expected: UsageReported | None) -> None:
    reader = ReplyReader()
    reader.read({"choices": [], "usage": usage})

    assert reader.usage == expected


@pytest.mark.parametrize("data", [{}, {"choices": None}, {"choices": [{}]}, {"choices": [{"delta": None}]}, {"id": 3}])
def test_a_chunk_that_lacks_parts_says_nothing(data: object) -> None:
    assert read(data) == []


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        "text",
        [],
        {"choices": "none"},
        {"choices": {}},
        {"choices": [None]},
        {"choices": [{"delta": []}]},
        {"choices": [{"finish_reason": 3}]},
        {"usage": 3},
        {"usage": {"prompt_tokens": 9.5}},
        {"usage": {"prompt_tokens": "many"}},
        {"usage": {"prompt_tokens": float("inf")}},
        {"usage": {"prompt_tokens": True}},
        {"usage": {"prompt_tokens": 9, "prompt_tokens_details": [1]}},
        chunk(finish="error"),
        chunk(content={"a": 1}),
        chunk(refusal=3),
        chunk(reasoning_content=["a"]),
        chunk(tool_calls={"index": 0}),
        calls({"index": []}),
        calls({"index": 0, "id": 3}),
        calls({"index": 0, "function": "search"}),
        calls({"index": 0, "function": {"name": "search", "arguments": {}}}),
    ],
)
def test_what_is_no_chunk_is_an_error(data: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (`int` raises it as well as the reader)
        read(data)


def test_a_tool_call_without_a_name_is_an_error() -> None:
    with pytest.raises(ValueError, match="without a name"):
        read(calls({"index": 0, "id": "c1", "function": {"arguments": "{}"}}), chunk(finish="tool_calls"))
