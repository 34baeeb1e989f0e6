"""Who talks over HTTP where a person answers is told that, and not that an answer will come."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.app.chat import run_chat
from source.domain.attendance import Mode
from source.domain.errors import SettingsError
from source.domain.message import OF_BUSINESS
from tests.fakes.chat_api import SESSION, Desk, a_desk, said, streaming
from tests.fakes.openai_script import Says

HEARD = "Your message is kept for people to read. I will not answer it."


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(tmp_path) as opened:
        yield opened


async def _take_over(desk: Desk) -> None:
    await desk.api.talk.echo.taking_over.put(SESSION, Mode.HUMAN, None, asked_by="api:desk")


async def test_a_message_to_a_person_is_kept_and_said_to_be_also_when_it_is_sent_again(desk: Desk) -> None:
    await _take_over(desk)
    for _ in range(2):
        answer = await desk.api.post("/api/chat", said("Hello", message_id="m1"))
        assert (answer.status, answer.json["status"], answer.json["sentence"]) == (202, "kept", HEARD)
    assert await desk.texts() == ["Hello"]
    assert desk.model.requests == []


async def test_a_stream_that_a_person_interrupts_ends_with_that(desk: Desk) -> None:
    gate = asyncio.Event()
    desk.model.queue(Says(["Good ", "day"], gate=gate, gate_after=1))
    async with streaming(desk.api, "/api/chat", said("Hello")) as stream:
        await stream.until("delta")
        await _take_over(desk)
        last = (await stream.rest())[-1]
    gate.set()
    assert (last.name, last.data["sentence"]) == ("failed", HEARD)
    assert await desk.texts() == ["Hello"]


async def test_nobody_talks_in_the_name_of_the_business(desk: Desk) -> None:
    answer = await desk.api.post("/api/chat", said("Hello", user_id=OF_BUSINESS))
    assert answer.status == 422
    assert "name who speaks" in str(answer.json)
    with pytest.raises(SettingsError, match="--user"):
        await run_chat(desk.api.talk.settings, user=OF_BUSINESS, thread="main")
