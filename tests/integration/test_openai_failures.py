import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from source.domain.errors import ContextTooLongError, ModelRefusedError, ModelUnavailableError
from tests.fakes.model_calls import asking, events_of, text_in
from tests.fakes.openai_script import (
    CutsBeforeReply,
    Ending,
    Fails,
    HangsBeforeReply,
    Says,
    ScriptedCall,
    Sends,
    Step,
    context_too_long,
    quota_exhausted,
    rate_limited,
)
from tests.fakes.openai_session import AT_ONCE, PATIENT, OpenAISession, openai_session

HELLO = asking("Hello")
ANSWER = "You said: Hello"


@pytest.fixture
async def session() -> AsyncIterator[OpenAISession]:
    async with openai_session() as running:
        yield running


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that takes no more connections: its queue of one is full, so that packets are dropped."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    "step",
    [
        Fails(500),
        Fails(503),
        rate_limited(),
        CutsBeforeReply(),
        Says([], ending=Ending.CUT),
        Says([], ending=Ending.NO_FINISH),
        Sends(b"data: {not JSON\n\n"),
        Sends(b'data: {"error": {"message": "overloaded"}}\n\n'),
        Sends(b""),
        Says(calls=[ScriptedCall("search_messages", ['{"wor'])], ending=Ending.CUT),
    ],
    ids=lambda step: type(step).__name__,
)
async def test_what_fails_before_the_first_event_is_tried_again(session: OpenAISession, step: Step) -> None:
    session.server.queue(step)

    assert text_in(await events_of(session.model(), HELLO)) == ANSWER
    assert len(session.server.requests) == 2
    assert len(session.sleep.seconds) == 1


async def test_attempts_are_bounded(session: OpenAISession) -> None:
    session.server.queue(*[Fails(500)] * 10)

    with pytest.raises(ModelUnavailableError):
        await events_of(session.model(replace(PATIENT, max_attempts=4)), HELLO)

    assert len(session.server.requests) == 4
    assert len(session.sleep.seconds) == 3


async def test_pauses_are_random_and_bounded(session: OpenAISession) -> None:
    session.server.queue(*[Fails(500)] * 40)
    settings = replace(PATIENT, max_attempts=20, first_pause=timedelta(seconds=1), longest_pause=timedelta(seconds=8))

    with pytest.raises(ModelUnavailableError):
        await events_of(session.model(settings), HELLO)

    pauses = session.sleep.seconds
    assert all(0 <= pause <= 8 for pause in pauses)
    assert pauses[0] <= 1
    assert max(pauses) > 1
    assert len(set(pauses)) == len(pauses)


@pytest.mark.parametrize(
    ("step", "least"), [(rate_limited(seconds=3), 3.0), (rate_limited(seconds=3, milliseconds=1500), 1.5)]
)
async def test_it_waits_as_long_as_the_server_asks(session: OpenAISession, step: Fails, least: float) -> None:
    session.server.queue(step)

    assert text_in(await events_of(session.model(), HELLO)) == ANSWER
    assert least <= session.sleep.seconds[0] <= least + 0.5


async def test_it_does_not_wait_longer_than_its_longest_pause(session: OpenAISession) -> None:
    session.server.queue(rate_limited(seconds=3600))

    with pytest.raises(ModelUnavailableError) as raised:
        await events_of(session.model(), HELLO)

    assert raised.value.retry_after == timedelta(hours=1)
    assert session.sleep.seconds == []
    assert len(session.server.requests) == 1


async def test_no_attempt_begins_after_it_gave_up(session: OpenAISession) -> None:
    session.server.queue(*[Fails(500)] * 10)

    with pytest.raises(ModelUnavailableError):
        await events_of(session.model(replace(PATIENT, max_attempts=10, give_up_after=timedelta(0))), HELLO)

    assert len(session.server.requests) == 1


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (quota_exhausted(), ModelRefusedError),
        (context_too_long(), ContextTooLongError),
        (Fails(401, code="invalid_api_key"), ModelRefusedError),
        (Fails(403), ModelRefusedError),
        (Fails(400, "bad request"), ModelRefusedError),
        (Sends(b"<html></html>", content_type="text/html"), ModelRefusedError),
        (Sends(b'{"choices": []}', content_type="application/json"), ModelRefusedError),
    ],
    ids=["quota", "too long", "key", "forbidden", "bad", "HTML", "JSON"],
)
async def test_what_waiting_does_not_heal_is_not_tried_again(
    session: OpenAISession, step: Step, kind: type[Exception]
) -> None:
    session.server.queue(step)

    with pytest.raises(kind):
        await events_of(session.model(), HELLO)

    assert len(session.server.requests) == 1
    assert session.sleep.seconds == []


@pytest.mark.parametrize(
    "step",
    [
        Sends(b"data: {not JSON\n\n", stays_open=True),
        Sends(b'data: {"choices": 3}\n\n', stays_open=True),
        Sends(b'{"choices": [', content_type="application/json", stays_open=True),
    ],
    ids=["no JSON", "no chunk", "no stream"],
)
async def test_a_connection_is_closed_when_its_reply_is_given_up(session: OpenAISession, step: Step) -> None:
    session.server.queue(step)

    # Held on to, the error keeps its frames alive, so that nothing but closing closes the connection.
    with pytest.raises((ModelUnavailableError, ModelRefusedError)) as raised:
        await events_of(session.model(replace(PATIENT, max_attempts=1)), HELLO)

    await session.server.disconnected()
    assert raised.value.__traceback__ is not None


async def test_a_proxy_does_not_stand_before_this_machine(
    session: OpenAISession, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")

    assert text_in(await events_of(session.model(), HELLO)) == ANSWER


async def test_a_wrong_model_is_the_operators_to_change(session: OpenAISession) -> None:
    with pytest.raises(ModelRefusedError, match="OPENAI_MODEL"):
        await events_of(session.model(replace(PATIENT, model="no-such-model")), HELLO)


async def test_a_server_without_keys_needs_none(session: OpenAISession) -> None:
    assert text_in(await events_of(session.model(replace(PATIENT, api_key=None)), HELLO)) == ANSWER


@pytest.mark.parametrize("key", ["ключ", "two\nlines", "half \ud83d"])
async def test_a_key_that_is_none_is_the_operators_to_change(session: OpenAISession, key: str) -> None:
    with pytest.raises(ModelRefusedError, match="OPENAI_API_KEY") as raised:
        await events_of(session.model(replace(PATIENT, api_key=key)), HELLO)

    assert key not in str(raised.value)
    assert session.sleep.seconds == []


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/v1", "http://[broken/v1", "127.0.0.1", "http://127.0.0.1:99999/v1"]
)
async def test_an_address_that_is_none_is_the_operators_to_change(session: OpenAISession, address: str) -> None:
    with pytest.raises(ModelRefusedError, match="OPENAI_BASE_URL"):
        await events_of(session.model_at(replace(PATIENT, base_url=address)), HELLO)

    assert session.sleep.seconds == []


async def test_a_server_that_is_down_is_tried_again(session: OpenAISession, closed_port: int) -> None:
    settings = replace(PATIENT, base_url=f"http://127.0.0.1:{closed_port}/v1")

    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        await events_of(session.model_at(settings), HELLO)

    assert len(session.sleep.seconds) == settings.max_attempts - 1


@pytest.mark.parametrize("answer", [b"220 smtp ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nAna said\r\n\r\n", b""])
async def test_a_server_of_another_kind_is_unavailable_and_not_quoted(session: OpenAISession, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailableError, match="broken answer") as raised:
            await events_of(session.model_at(replace(PATIENT, base_url=address)), HELLO)

    assert "Ana" not in str(raised.value)
    assert "smtp" not in str(raised.value)


async def test_connecting_takes_no_longer_than_its_time(session: OpenAISession, deaf_port: int) -> None:
    settings = replace(PATIENT, base_url=f"http://127.0.0.1:{deaf_port}/v1", connect_timeout=AT_ONCE, max_attempts=1)

    with pytest.raises(ModelUnavailableError, match="in time"):
        await events_of(session.model_at(settings), HELLO)


@pytest.mark.parametrize("step", [HangsBeforeReply(), Says([], ending=Ending.HANG)], ids=["silent", "only the role"])
async def test_the_first_piece_comes_in_its_time_or_never(session: OpenAISession, step: Step) -> None:
    session.server.queue(step)

    with pytest.raises(ModelUnavailableError):
        await events_of(session.model(replace(PATIENT, first_token_timeout=AT_ONCE, max_attempts=1)), HELLO)

    await session.server.disconnected()


async def test_a_tool_call_that_stalls_is_tried_again(session: OpenAISession) -> None:
    session.server.queue(Says(calls=[ScriptedCall("search_messages", ['{"wor'])], ending=Ending.HANG))

    assert (
        text_in(await events_of(session.model(replace(PATIENT, stall_timeout=timedelta(seconds=0.7))), HELLO)) == ANSWER
    )
    assert len(session.sleep.seconds) == 1


async def test_cancelling_during_a_pause_ends_the_call(session: OpenAISession) -> None:
    session.server.queue(Fails(500))
    asleep = asyncio.Event()

    async def sleep_for_ever(_: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    model = session.model()
    model._sleep = sleep_for_ever
    reading = asyncio.create_task(events_of(model, HELLO))
    await asleep.wait()

    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    assert len(session.server.requests) == 1
