"""Pictures and recordings as words, over the real wire."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from source.adapters.llm.openai_media import MediaSettings, OpenAIMediaReader
from source.domain.errors import ModelAnswerError, ModelRefusedError, ModelUnavailableError
from source.ports.llm import UsageReported
from tests.fakes.openai_script import Fails, HangsBeforeReply, Says, Sends, rate_limited
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.openai_session import AT_ONCE, RecordedSleep

PICTURE = b"\x89PNG picture"
SETTINGS = MediaSettings("test-model", "hearing-model", "Say what is to be seen.", "key")
Make = Callable[..., OpenAIMediaReader]


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as server:
        yield server


@pytest.fixture
def sleep() -> RecordedSleep:
    return RecordedSleep()


@pytest.fixture
async def reader(server: FakeOpenAIServer, sleep: RecordedSleep) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        def make(settings: MediaSettings = SETTINGS) -> OpenAIMediaReader:
            made = OpenAIMediaReader(replace(settings, base_url=server.base_url), sleep=sleep)
            stack.push_async_callback(made.close)
            return made

        yield make


async def test_a_picture_is_described_with_its_caption_in_view(server: FakeOpenAIServer, reader: Make) -> None:
    read = await reader().described(PICTURE, "image/png", "my boat")
    assert read.text == f"A picture of {len(PICTURE)} bytes, sent with: my boat"
    assert (read.model, read.reported) == ("test-model", UsageReported(*_counted(server)))
    messages: Any = server.requests[0]["messages"]
    system, user = messages
    assert system == {"role": "system", "content": "Say what is to be seen."}
    assert user["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")


async def test_a_recording_is_written_down_under_a_name_that_servers_take(
    server: FakeOpenAIServer, reader: Make
) -> None:
    read = await reader().transcribed(b"OggS", "audio/ogg")
    assert (read.text, read.model, read.reported) == (
        "Do you sell tea?",
        "hearing-model",
        UsageReported(40, 0, 6),
    )
    (heard,) = server.audio.heard
    assert (heard.name, heard.media_type, heard.content) == ("voice.ogg", "audio/ogg", b"OggS")


async def test_a_model_that_is_paid_by_the_minute_reports_no_tokens(server: FakeOpenAIServer, reader: Make) -> None:
    server.audio.by_minute = True
    assert (await reader().transcribed(b"OggS", "audio/mpeg")).reported is None
    assert server.audio.heard[0].name == "voice.mp3"


async def test_what_may_pass_is_tried_once_more(server: FakeOpenAIServer, reader: Make, sleep: RecordedSleep) -> None:
    server.queue(rate_limited(seconds=2))
    server.audio.failures.append(Fails(500))
    made = reader()
    await made.described(PICTURE, "image/png", "")
    await made.transcribed(b"OggS", "audio/ogg")
    assert len(sleep.seconds) == 2
    server.queue(Fails(500), Fails(500), Says(["too late"]))
    with pytest.raises(ModelUnavailableError):
        await made.described(PICTURE, "image/png", "")


async def test_what_a_model_cannot_do_is_tried_no_more(server: FakeOpenAIServer, reader: Make) -> None:
    server.queue(Fails(400, "This model does not support image input.", kind="invalid_request_error"))
    with pytest.raises(ModelRefusedError):
        await reader().described(PICTURE, "image/png", "")
    with pytest.raises(ModelRefusedError):
        await reader(replace(SETTINGS, picture_model="unknown")).described(PICTURE, "image/png", "")
    assert len(server.requests) == 2


async def test_a_server_that_knows_no_limit_of_this_name_is_asked_without_it(
    server: FakeOpenAIServer, reader: Make
) -> None:
    server.refuses.add("max_tokens")
    made = reader()
    for _ in range(2):
        await made.described(PICTURE, "image/png", "")
    assert ["max_tokens" in each for each in server.requests] == [True, False, False]


async def test_an_answer_without_words_is_none(server: FakeOpenAIServer, reader: Make) -> None:
    server.queue(Says([" "]), Sends(b'{"choices": []}', "application/json"), Sends(b"[1]", "application/json"))
    server.audio.transcript = ""
    made = reader()
    for _ in range(2):
        with pytest.raises(ModelAnswerError):
            await made.described(PICTURE, "image/png", "")
    with pytest.raises(ModelRefusedError):
        await made.described(PICTURE, "image/png", "")
    with pytest.raises(ModelAnswerError):
        await made.transcribed(b"OggS", "audio/ogg")


async def test_a_server_that_says_nothing_is_not_waited_for(server: FakeOpenAIServer, reader: Make) -> None:
    server.queue(HangsBeforeReply())
    hasty = replace(SETTINGS, answer_timeout=AT_ONCE, max_attempts=1, connect_timeout=timedelta(seconds=20))
    with pytest.raises(ModelUnavailableError):
        await reader(hasty).described(PICTURE, "image/png", "")


def _counted(server: FakeOpenAIServer) -> tuple[int, int, int]:
    usage = server.usage[-1]
    return usage.input_tokens, usage.cached_tokens, usage.output_tokens
