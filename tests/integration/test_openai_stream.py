import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from source.domain.errors import ModelInterruptedError
from source.ports.llm import FinishReason, Prompt, PromptMessage, Role, TextDelta, ToolCall, UsageReported
from tests.fakes.model_calls import (
    SEARCH,
    TITLE,
    after_tool,
    asking,
    calls_in,
    events_of,
    finish_in,
    text_in,
    thinking_in,
    usage_in,
)
from tests.fakes.openai_script import Ending, Says, ScriptedCall, Sends
from tests.fakes.openai_session import AT_ONCE, PATIENT, OpenAISession, openai_session


@pytest.fixture
async def session() -> AsyncIterator[OpenAISession]:
    async with openai_session() as running:
        yield running


async def test_a_reply_comes_in_pieces(session: OpenAISession) -> None:
    session.server.queue(Says(["Hel", "lo, ", "Ana"]))

    events = await events_of(session.model(), asking("Hello"))

    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hel", "lo, ", "Ana"]


async def test_a_piece_is_handed_on_before_the_next_one_is_sent(session: OpenAISession) -> None:
    gate = asyncio.Event()
    session.server.queue(Says(["first", "second"], gate=gate, gate_after=1))
    stream = session.model().stream(asking("Hello"))

    assert await anext(stream) == TextDelta("first")
    gate.set()
    assert await anext(stream) == TextDelta("second")
    await stream.aclose()


async def test_thinking_is_told_apart_from_the_reply(session: OpenAISession) -> None:
    session.server.queue(Says(["Four."], thinking=["two and ", "two"]))
    session.server.queue(Says(["Five."], thinking=["hm"], thinking_field="reasoning"))
    model = session.model()

    first, second = await events_of(model, asking("2+2")), await events_of(model, asking("2+3"))

    assert (thinking_in(first), text_in(first)) == ("two and two", "Four.")
    assert (thinking_in(second), text_in(second)) == ("hm", "Five.")


async def test_a_tool_call_is_put_together_and_answered(session: OpenAISession) -> None:
    call = ScriptedCall("search_messages", ['{"wor', 'ds": "har', 'bour"}'], call_id="call_1")
    session.server.queue(Says(calls=[call]))
    model = session.model()

    events = await events_of(model, asking("Where?", tools=(SEARCH,)))
    answered = await events_of(model, after_tool("Where?", "in the north"))

    assert calls_in(events) == [ToolCall("call_1", "search_messages", '{"words": "harbour"}')]
    assert finish_in(events) == [FinishReason.TOOL_CALLS]
    assert text_in(answered) == "You said: Where?"


async def test_text_may_come_before_a_tool_call(session: OpenAISession) -> None:
    session.server.queue(Says(["Let me see. "], calls=[ScriptedCall("search_messages")]))

    events = await events_of(session.model(), asking("Where?", tools=(SEARCH,)))

    assert text_in(events) == "Let me see. "
    assert len(calls_in(events)) == 1


async def test_usage_is_what_the_server_counted(session: OpenAISession) -> None:
    session.server.queue(Says(["four bytes each."], cached_tokens=3))

    events = await events_of(session.model(), asking("x" * 395))

    assert usage_in(events) == [UsageReported(100, 3, 4)]
    assert events[-1] == usage_in(events)[0]


async def test_a_prompt_that_grows_at_its_end_is_read_from_the_cache(session: OpenAISession) -> None:
    model = session.model()
    opening = (PromptMessage(Role.SYSTEM, "persona " * 700), PromptMessage(Role.USER, "Hello"))
    longer = (*opening, PromptMessage(Role.ASSISTANT, "Hi."), PromptMessage(Role.USER, "How are you?"))

    (first,) = usage_in(await events_of(model, Prompt(opening)))
    (second,) = usage_in(await events_of(model, Prompt(longer)))

    assert first.cached_tokens == 0
    assert second.cached_tokens == first.input_tokens // 128 * 128


async def test_a_server_that_reports_no_usage_is_fine(session: OpenAISession) -> None:
    session.server.queue(Says(["Hello"], reports_usage=False))

    events = await events_of(session.model(), asking("Hello"))

    assert usage_in(events) == []
    assert finish_in(events) == [FinishReason.STOP]


async def test_the_limit_is_reported_when_it_ends_the_reply(session: OpenAISession) -> None:
    session.server.queue(Says(["cut o"], finish_reason="length"))

    assert finish_in(await events_of(session.model(), asking("Hello", max_output_tokens=2))) == [FinishReason.LENGTH]
    assert session.server.requests[0]["max_tokens"] == 2


async def test_a_schema_is_filled(session: OpenAISession) -> None:
    events = await events_of(session.model(), asking("[#7] Ana: The harbour", schema=TITLE))

    assert json.loads(text_in(events)) == {"title": "Ana: The harbour"}


async def test_what_cannot_be_stored_is_replaced_and_pairs_are_joined(session: OpenAISession) -> None:
    session.server.queue(Says(["a\x00", "\ud83d", "\ude00", "\ud83d"]))

    assert text_in(await events_of(session.model(), asking("Hello"))) == "a�😀�"


# aiohttp's advice to those who send files; it is not shown unless warnings are asked for.
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
async def test_a_long_message_is_sent_whole(session: OpenAISession) -> None:
    said = "ä" * 1_000_000

    await events_of(session.model(), asking(said))

    assert session.server.requests[0]["messages"] == [{"role": "user", "content": said}]


async def test_closing_the_stream_closes_the_connection(session: OpenAISession) -> None:
    session.server.queue(Says(["one", "two"], gate=asyncio.Event(), gate_after=1))
    stream = session.model().stream(asking("Hello"))
    await anext(stream)

    await stream.aclose()

    await session.server.disconnected()


@pytest.mark.parametrize("pieces", [[], ["one"]])
async def test_cancelling_the_reader_closes_the_connection(session: OpenAISession, pieces: list[str]) -> None:
    session.server.queue(Says(pieces, ending=Ending.HANG))
    reading = asyncio.create_task(events_of(session.model(), asking("Hello")))
    await session.server.requested()

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    await session.server.disconnected()


async def test_one_connection_serves_call_after_call(session: OpenAISession) -> None:
    model = session.model()

    for _ in range(3):
        await events_of(model, asking("Hello"))

    assert session.server.connections == 1


async def test_calls_run_side_by_side(session: OpenAISession) -> None:
    model = session.model()

    replies = await asyncio.gather(*(events_of(model, asking(f"number {count}")) for count in range(20)))

    assert [text_in(events) for events in replies] == [f"You said: number {count}" for count in range(20)]


async def test_a_stream_without_its_end_mark_ends_with_the_finish(session: OpenAISession) -> None:
    session.server.queue(Says(["Hello"], sends_done=False))

    events = await events_of(session.model(), asking("Hello"))

    assert text_in(events) == "Hello"
    assert len(usage_in(events)) == 1


async def test_a_cut_in_the_middle_interrupts_and_is_not_tried_again(session: OpenAISession) -> None:
    session.server.queue(Says(["one ", "two "], ending=Ending.CUT))
    stream = session.model().stream(asking("Hello"))

    assert await anext(stream) == TextDelta("one ")
    assert await anext(stream) == TextDelta("two ")
    with pytest.raises(ModelInterruptedError):
        await anext(stream)
    assert len(session.server.requests) == 1
    assert session.sleep.seconds == []


async def test_a_stall_in_the_middle_interrupts(session: OpenAISession) -> None:
    session.server.queue(Says(["one"], ending=Ending.HANG))

    with pytest.raises(ModelInterruptedError):
        await events_of(session.model(replace(PATIENT, stall_timeout=AT_ONCE)), asking("Hello"))

    await session.server.disconnected()
    assert len(session.server.requests) == 1


async def test_an_end_without_a_finish_interrupts(session: OpenAISession) -> None:
    session.server.queue(Says(["one"], ending=Ending.NO_FINISH))

    with pytest.raises(ModelInterruptedError):
        await events_of(session.model(), asking("Hello"))


async def test_events_are_read_however_the_server_writes_them(session: OpenAISession) -> None:
    chunk = '{"choices": [\r\ndata: {"index": 0, "delta": {"content": "é😀"}, "finish_reason": "stop"}]}'
    stream = f"\ufeff: hello\r\n\r\nevent: chunk\r\nid: 1\r\ndata:{chunk}\r\n\r\ndata: [DONE]\r\n\r\n"
    session.server.queue(Sends(stream.encode()))

    events = await events_of(session.model(), asking("Hello"))

    assert text_in(events) == "é😀"
    assert finish_in(events) == [FinishReason.STOP]


async def test_what_came_before_a_broken_chunk_is_handed_on(session: OpenAISession) -> None:
    session.server.queue(Sends(CHUNK + b"data: {not JSON\n\n"))
    stream = session.model().stream(asking("Hello"))

    assert await anext(stream) == TextDelta("one")
    with pytest.raises(ModelInterruptedError):
        await anext(stream)


CHUNK = b'data: {"choices": [{"index": 0, "delta": {"content": "one"}}]}\n\n'


@pytest.mark.parametrize(
    "rest",
    [
        b"data: {not JSON\n\n",
        b'data: {"choices": 3}\n\n',
        b'data: "text"\n\n',
        b"data: \xff\xfe\n\n",
        b'data: {"error": {"message": "overloaded", "code": "server_error"}}\n\n',
        b"",
    ],
)
async def test_a_broken_chunk_in_the_middle_interrupts(session: OpenAISession, rest: bytes) -> None:
    session.server.queue(Sends(CHUNK + rest))

    with pytest.raises(ModelInterruptedError) as raised:
        await events_of(session.model(), asking("Hello"))

    assert "overloaded" not in str(raised.value)
