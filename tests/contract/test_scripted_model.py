"""The scripted model keeps to what every language model keeps to."""

import pytest

from source.ports.llm import LanguageModel, ToolCall
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
from tests.fakes.language_model import ScriptedModel, tool_round
from tests.fakes.model_calls import SEARCH, asking, calls_in, events_of

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


@pytest.fixture
def model() -> LanguageModel:
    return ScriptedModel()


async def test_a_round_of_tools_is_whole() -> None:
    call = ToolCall("call_1", SEARCH.name, "{}")
    assert calls_in(await events_of(ScriptedModel(tool_round(call)), asking("Hello"))) == [call]
