"""What every language model keeps to."""

from collections.abc import AsyncIterator

import pytest

from source.adapters.llm.offline import OfflineModel
from source.adapters.llm.openai_chat import OpenAIChatModel, OpenAIChatSettings
from source.domain.errors import ModelRefusedError
from source.domain.message_text import is_storable
from source.ports.llm import Finished, FinishReason, LanguageModel, Prompt, PromptMessage, Role, UsageReported
from tests.fakes.model_calls import SEARCH, TITLE, after_tool, asking, calls_in, events_of, finish_in, text_in
from tests.fakes.openai_server import FakeOpenAIServer


@pytest.fixture(params=["openai", "offline"])
async def model(request: pytest.FixtureRequest) -> AsyncIterator[LanguageModel]:
    if request.param == "offline":
        yield OfflineModel()
        return
    async with FakeOpenAIServer() as server:
        openai_model = OpenAIChatModel(OpenAIChatSettings("test-model", "key", server.base_url))
        yield openai_model
        await openai_model.close()


async def test_a_reply_has_text_and_finishes_once(model: LanguageModel) -> None:
    events = await events_of(model, asking("Hello"))

    assert text_in(events)
    assert finish_in(events) == [FinishReason.STOP]


async def test_nothing_but_usage_follows_the_finish(model: LanguageModel) -> None:
    events = await events_of(model, asking("Hello"))

    position = next(place for place, event in enumerate(events) if isinstance(event, Finished))
    rest = events[position + 1 :]
    assert len(rest) <= 1
    assert all(isinstance(event, UsageReported) for event in rest)


async def test_every_text_that_comes_out_can_be_stored(model: LanguageModel) -> None:
    events = await events_of(model, asking("half \ud83d of a pair and a \x00"))

    assert is_storable(text_in(events))


async def test_an_answer_of_a_tool_leads_to_a_reply(model: LanguageModel) -> None:
    events = await events_of(model, after_tool("What did I say?", '{"hits": []}'))

    assert text_in(events)
    assert calls_in(events) == []


async def test_a_tool_call_is_whole_and_finishes_the_call(model: LanguageModel) -> None:
    events = await events_of(model, asking("Where is the harbour?", tools=(SEARCH,)))

    for call in calls_in(events):
        assert call.call_id
        assert call.name == SEARCH.name
        assert finish_in(events) == [FinishReason.TOOL_CALLS]
    assert calls_in(events) or text_in(events)


async def test_a_schema_is_met_or_refused_before_the_first_event(model: LanguageModel) -> None:
    stream = model.stream(asking("Hello", schema=TITLE))
    try:
        first = await anext(stream)
    except ModelRefusedError:
        assert model.name == "offline"
    else:
        events = [first, *[event async for event in stream]]
        assert text_in(events).startswith("{")


async def test_a_stream_that_is_closed_early_leaves_the_model_usable(model: LanguageModel) -> None:
    stream = model.stream(asking("Hello"))
    await anext(stream)
    await stream.aclose()

    assert text_in(await events_of(model, asking("Hello again")))


async def test_a_system_message_is_taken(model: LanguageModel) -> None:
    prompt = Prompt((PromptMessage(Role.SYSTEM, "Be kind."), PromptMessage(Role.USER, "Hello")))

    assert text_in(await events_of(model, prompt))


async def test_closing_twice_does_no_harm(model: LanguageModel) -> None:
    await events_of(model, asking("Hello"))

    await model.close()
    await model.close()
