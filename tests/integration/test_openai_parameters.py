import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from source.domain.errors import ModelRefusedError
from tests.fakes.model_calls import SEARCH, TITLE, asking, events_of, finish_in, text_in, usage_in
from tests.fakes.openai_script import Fails
from tests.fakes.openai_session import OpenAISession, openai_session


@pytest.fixture
async def session() -> AsyncIterator[OpenAISession]:
    async with openai_session() as running:
        yield running


FULL = asking("Hello", tools=(SEARCH,), schema=TITLE, max_output_tokens=50)


@pytest.mark.parametrize("parameter", ["stream_options", "tools", "max_tokens", "response_format"])
async def test_a_refused_parameter_is_left_out_from_then_on(session: OpenAISession, parameter: str) -> None:
    session.server.refuses.add(parameter)
    model = session.model()

    first = await events_of(model, FULL)
    refused = len(session.server.requests) - 1
    second = await events_of(model, FULL)

    assert text_in(first)
    assert text_in(second)
    assert refused >= 1
    assert len(session.server.requests) == refused + 2
    assert parameter not in session.server.requests[-1]
    assert session.sleep.seconds == []


async def test_it_is_logged_once(session: OpenAISession) -> None:
    session.server.refuses.add("tools")
    model = session.model()

    with capture_logs() as logs:
        await events_of(model, FULL)
        await events_of(model, FULL)

    assert logs == [
        {
            "event": "model_parameter_refused",
            "log_level": "warning",
            "model": "test-model",
            "parameter": "tools",
        }
    ]


async def test_a_server_that_takes_nothing_still_answers(session: OpenAISession) -> None:
    session.server.refuses.update({"stream_options", "tools", "max_tokens", "max_completion_tokens", "response_format"})

    events = await events_of(session.model(), FULL)

    assert text_in(events).startswith("You said: Hello")
    assert len(finish_in(events)) == 1
    assert usage_in(events) == []
    assert set(session.server.requests[-1]) == {"model", "messages", "stream"}


async def test_a_server_that_knows_no_schema_is_asked_for_an_object(session: OpenAISession) -> None:
    session.server.refuses.add("json_schema")

    events = await events_of(session.model(), asking("Hello", schema=TITLE))

    assert session.server.requests[-1]["response_format"] == {"type": "json_object"}
    assert isinstance(json.loads(text_in(events)), dict)


async def test_calls_side_by_side_learn_it_together(session: OpenAISession) -> None:
    session.server.refuses.add("json_schema")
    model = session.model()

    replies = await asyncio.gather(*(events_of(model, FULL) for _ in range(5)))

    assert all(text_in(events) for events in replies)
    assert session.server.requests[-1]["response_format"] == {"type": "json_object"}


async def test_another_model_learns_for_itself(session: OpenAISession) -> None:
    session.server.refuses.add("tools")
    await events_of(session.model(), FULL)
    session.server.refuses.clear()

    await events_of(session.model(), FULL)

    assert "tools" in session.server.requests[-1]


async def test_a_refusal_of_what_was_not_sent_is_a_refusal(session: OpenAISession) -> None:
    session.server.queue(Fails(400, "Unsupported parameter", param="tools"))

    with pytest.raises(ModelRefusedError):
        await events_of(session.model(), asking("Hello"))

    assert len(session.server.requests) == 1
