"""A model that is shown placeholders keeps to what every language model keeps to, and nobody notices but the model."""

import json

import pytest

from source.domain.errors import ModelInterruptedError
from source.ports.llm import (
    Finished,
    FinishReason,
    JsonSchema,
    LanguageModel,
    Prompt,
    PromptMessage,
    Role,
    TextDelta,
    ThinkingDelta,
    ToolCall,
)
from source.services.scrubbed_model import ScrubbedModel
from tests.contract.test_language_model import (
    test_a_reply_has_text_and_finishes_once,
    test_a_schema_is_met_or_refused_before_the_first_event,
    test_a_stream_that_is_closed_early_leaves_the_model_usable,
    test_a_system_message_is_taken,
    test_a_tool_call_is_whole_and_finishes_the_call,
    test_an_answer_of_a_tool_leads_to_a_reply,
    test_closing_twice_does_no_harm,
    test_every_text_that_comes_out_can_be_stored,
    test_nothing_but_usage_follows_the_finish,
)
from tests.fakes.language_model import ScriptedModel
from tests.fakes.model_calls import events_of
from tests.unit.test_personal_data import FINDER, KEY

__all__ = [
    "test_a_reply_has_text_and_finishes_once",
    "test_a_schema_is_met_or_refused_before_the_first_event",
    "test_a_stream_that_is_closed_early_leaves_the_model_usable",
    "test_a_system_message_is_taken",
    "test_a_tool_call_is_whole_and_finishes_the_call",
    "test_an_answer_of_a_tool_leads_to_a_reply",
    "test_closing_twice_does_no_harm",
    "test_every_text_that_comes_out_can_be_stored",
    "test_nothing_but_usage_follows_the_finish",
]

ADA, BO = "ada@example.org", "bo@example.org"
STOP = Finished(FinishReason.STOP)


@pytest.fixture
def model() -> LanguageModel:
    return ScrubbedModel(ScriptedModel(), FINDER)


def saying(text: str, *more: PromptMessage, schema: JsonSchema | None = None) -> Prompt:
    persona = PromptMessage(Role.SYSTEM, "You are Echo.")
    return Prompt((persona, PromptMessage(Role.USER, text), *more), schema=schema)


async def test_the_model_sees_placeholders_in_texts_calls_and_answers_of_tools() -> None:
    inner = ScriptedModel("All right.")
    call = ToolCall("call_1", "search", json.dumps({"words": ADA, "card": 4111111111111111}))
    answer = json.dumps({"hits": [{"text": f"I am\n{ADA}"}, {"text": BO}]})
    prompt = saying(
        f"I am {ADA}",
        PromptMessage(Role.ASSISTANT, "Calling search", tool_calls=(call,)),
        PromptMessage(Role.TOOL, answer, tool_call_id="call_1"),
    )
    await events_of(ScrubbedModel(inner, FINDER), prompt)
    seen = inner.prompts[0].messages
    assert seen[1].content == "I am [email 1]"
    assert json.loads(seen[2].tool_calls[0].arguments) == {"words": "[email 1]", "card": "[card 1]"}
    assert json.loads(seen[3].content) == {"hits": [{"text": "I am\n[email 1]"}, {"text": "[email 2]"}]}


async def test_the_model_is_told_what_placeholders_are_before_there_is_one() -> None:
    inner = ScriptedModel("Hello.", "Hello.")
    scrubbed = ScrubbedModel(inner, FINDER)
    for text in ("Hi", ADA):
        await events_of(scrubbed, saying(text))
    first, second = (prompt.messages[0].content for prompt in inner.prompts)
    assert first == second
    assert first.startswith("You are Echo.")
    assert "[email 1]" in first


async def test_a_reply_a_thought_and_a_call_have_the_data_again() -> None:
    call = ToolCall("call_1", "search", '{"words": "[email 1]"}')
    inner = ScriptedModel(
        [ThinkingDelta("Who is [em"), ThinkingDelta("ail 1]?"), TextDelta("Dear [Ema"), TextDelta("il 1]"), call, STOP]
    )
    events = await events_of(ScrubbedModel(inner, FINDER), saying(ADA))
    assert "".join(event.text for event in events if isinstance(event, ThinkingDelta)) == f"Who is {ADA}?"
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == f"Dear {ADA}"
    assert [json.loads(event.arguments) for event in events if isinstance(event, ToolCall)] == [{"words": ADA}]
    assert events[-1] == STOP


async def test_what_is_held_back_is_told_before_the_end() -> None:
    inner = ScriptedModel([TextDelta("see [email"), STOP])
    assert await events_of(ScrubbedModel(inner, FINDER), saying(ADA)) == [TextDelta("see "), TextDelta("[email"), STOP]


async def test_what_is_held_back_is_told_before_a_stream_breaks() -> None:
    inner = ScriptedModel([TextDelta("see [email"), ModelInterruptedError("cut")])
    said: list[object] = []

    async def listen() -> None:
        async for event in ScrubbedModel(inner, FINDER).stream(saying(ADA)):
            said.append(event)  # noqa: PERF401  # the loop breaks in the middle

    with pytest.raises(ModelInterruptedError):
        await listen()
    assert said == [TextDelta("see "), TextDelta("[email")]


async def test_what_comes_back_into_an_answer_of_a_shape_leaves_it_json() -> None:
    schema = JsonSchema("memory", {"type": "object", "properties": {"fact": {"type": "string"}}})
    inner = ScriptedModel([TextDelta('{"fact": "the key is [secret'), TextDelta(' 1]"}'), STOP])
    events = await events_of(ScrubbedModel(inner, FINDER), saying(KEY, schema=schema))
    answer = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert json.loads(answer) == {"fact": f"the key is {KEY}"}


async def test_a_prompt_that_grows_keeps_its_beginning() -> None:
    inner = ScriptedModel("One.", "Two.")
    scrubbed = ScrubbedModel(inner, FINDER)
    prompt = saying(f"{ADA} and {BO}")
    await events_of(scrubbed, prompt)
    more = (PromptMessage(Role.ASSISTANT, f"Noted: {BO}"), PromptMessage(Role.USER, "x@example.org, [email 1]"))
    await events_of(scrubbed, Prompt((*prompt.messages, *more)))
    first, second = (prompt.messages for prompt in inner.prompts)
    assert second[: len(first)] == first
    assert [message.content for message in second[2:]] == ["Noted: [email 2]", "[email 3], [text 1]"]
