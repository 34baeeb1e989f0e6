"""The model is down, hangs, is cut off or refuses: the person is told, nothing is lost, and later it is answered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from source.domain.thread import Platform, ThreadRef
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import (
    CutsBeforeReply,
    Ending,
    Fails,
    HangsBeforeReply,
    Says,
    Sends,
    Step,
    context_too_long,
    quota_exhausted,
    rate_limited,
)
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import Talk, database_rows, eventually, prompt_of, running_echo

OTHER = ThreadRef(Platform.TERMINAL, "other")
FAULTS: dict[str, Step] = {
    "down": Fails(500),
    "overloaded": Fails(503),
    "no key": Fails(401, "Incorrect API key provided.", kind="invalid_request_error", code="invalid_api_key"),
    "no such model": Fails(404, "The model does not exist.", kind="invalid_request_error", code="model_not_found"),
    "too many requests": rate_limited(seconds=60),
    "no money left": quota_exhausted(),
    "cut before the first piece": CutsBeforeReply(),
    "cut before any text": Says([], ending=Ending.CUT),
    "hangs": HangsBeforeReply(),
    "hangs before any text": Says([], ending=Ending.HANG),
    "not what was asked for": Sends(b"<html>welcome to this hotel's network</html>", "text/html"),
    "broken stream": Sends(b"data: {not json\n\n"),
}
_LONGEST_RETRY = 11 * 60


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_a_message_is_kept_and_answered_once_the_fault_is_gone(
    tmp_path: Path, server: FakeOpenAIServer, fault: Step
) -> None:
    quick = {"model_max_attempts": 1, "model_first_token_seconds": 0.3, "model_stall_seconds": 0.3}
    async with running_echo(tmp_path, server, FakeClock(), **quick) as talk:
        server.queue(fault)
        failed = await talk.say("Hello")
        kept = database_rows(tmp_path, "SELECT state FROM events")
        talk.clock.advance(seconds=_LONGEST_RETRY)
        await eventually(lambda: len(talk.channel.delivered) == 1)
        conversation = await talk.conversation()

    assert failed.failure is not None
    assert failed.failure.endswith(".")
    assert "kept" in failed.failure
    assert failed.delivered is None
    assert kept == [("accepted",)]
    assert talk.channel.delivered == ["You said: Hello"]
    assert [message.message_content for message in conversation.messages] == ["Hello", "You said: Hello"]


async def test_a_reply_that_is_cut_in_the_middle_is_kept_as_far_as_it_came(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        server.queue(Says(["Once upon ", "a "], ending=Ending.CUT))
        reply = await talk.say("Tell me a story")
        following = await talk.say("Go on")
        conversation = await talk.conversation()

    assert (reply.delivered, reply.interrupted) == ("Once upon a ", True)
    assert conversation.messages[1].interrupted
    assert following.delivered == "You said: Go on"
    assert len(server.requests) == 2


async def test_a_reply_that_stalls_in_the_middle_is_kept_as_far_as_it_came(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_stall_seconds=0.3) as talk:
        server.queue(Says(["Once upon "], ending=Ending.HANG))
        reply = await talk.say("Tell me a story")

    assert (reply.delivered, reply.interrupted) == ("Once upon ", True)


async def test_the_next_message_has_the_kept_one_answered_too(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        server.queue(Fails(500))
        await talk.say("First")
        await talk.say("Second")
        talk.clock.advance(seconds=_LONGEST_RETRY)
        last = await talk.say("Third")
        conversation = await talk.conversation()

    said = [message.message_content for message in conversation.messages]
    assert said == ["First", "Second", "You said: Second", "Third", "You said: Third"]
    assert last.delivered == "You said: Third"


async def test_another_thread_goes_on_while_one_is_stuck(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_first_token_seconds=0.3, model_max_attempts=1) as talk:
        server.queue(HangsBeforeReply())
        stuck = asyncio.create_task(talk.say("Hello"))
        await server.requested()
        reply = await talk.say("Hello", thread=OTHER)
        assert not stuck.done()
        await stuck

    assert reply.delivered == "You said: Hello"


async def test_a_person_is_told_once_however_often_it_is_tried(tmp_path: Path, server: FakeOpenAIServer) -> None:
    patient = {"model_max_attempts": 1, "answer_max_age_minutes": 525_600}
    async with running_echo(tmp_path, server, FakeClock(), **patient) as talk:
        server.queue(*[Fails(500)] * 4)
        await talk.say("Hello")
        await _retried(talk, server, requests=5)
        await eventually(lambda: len(talk.channel.delivered) == 1)

    assert _failures(talk) == 1


async def test_a_stop_and_a_start_in_the_middle_of_a_fault_lose_nothing(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, model_max_attempts=1) as talk:
        server.queue(Fails(500))
        await talk.say("Hello")
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.echo.turns.recover(talk.channel)
        conversation = await talk.conversation()

    assert talk.channel.delivered == ["You said: Hello"]
    assert len(conversation.messages) == 2


async def test_a_fault_that_is_over_does_not_hold_up_a_stop(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        server.queue(Fails(500))
        await talk.say("First")
        await talk.say("Second")
        async with asyncio.timeout(20):
            await talk.echo.turns.drain(timedelta(minutes=5))

    assert talk.channel.delivered == ["You said: Second"]


async def test_a_prompt_that_the_model_finds_too_long_is_cut_until_it_fits(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        for number in range(8):
            await talk.say(f"Number {number}")
        server.queue(context_too_long(), context_too_long())
        reply = await talk.say("Last")
        conversation = await talk.conversation()

    shown = [len(prompt_of(body)) for body in server.requests[-3:]]
    assert reply.delivered == "You said: Last"
    assert shown == sorted(shown, reverse=True)
    assert shown[0] > shown[-1]
    assert len(conversation.messages) == 18


async def test_a_summary_that_fails_delays_nothing_and_is_made_of_excerpts(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        await talk.say("My boat is called Aurora")
        talk.clock.advance(hours=49)
        server.queue(Fails(500))
        reply = await talk.say("Good morning")
        conversation = await talk.conversation()

    assert reply.delivered == "You said: Good morning"
    assert "Aurora" in conversation.head.carried_summary


def _failures(talk: Talk) -> int:
    return sum(reply.failure is not None for reply in talk.channel.replies)


async def _retried(talk: Talk, server: FakeOpenAIServer, *, requests: int) -> None:
    """Let time pass until Echo has asked the model so many times in all."""
    async with asyncio.timeout(20):
        while len(server.requests) < requests:
            talk.clock.advance(seconds=_LONGEST_RETRY)
            await asyncio.sleep(0)
