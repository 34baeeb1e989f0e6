"""What becomes of Echo's messages, as Meta tells it: in whatever order, with or without an answer to the sending."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.api_server import PATIENCE_SECONDS
from tests.e2e.whatsapp_business import Business, business_on


@pytest.fixture
async def business(tmp_path: Path) -> AsyncIterator[Business]:
    async with business_on(tmp_path / "conversations", TRANSCRIPT_DELAY_SECONDS="0.1") as business:
        yield business


async def test_statuses_are_followed_in_any_order_and_tell_what_became_of_an_unknown_outcome(
    business: Business,
) -> None:
    business.meta.follow("read", "delivered", "sent")
    await business.says("Hello")
    (answer,) = await business.answers()
    await _until_transcript_says(business, ["read"])
    (reply,) = _said_by_echo(business)
    assert (reply["delivery"], reply["delivery_error"]) == ("read", None)

    # The first call that is cut off shows that the message was read.
    business.graph.faults.cut(taken=True, person=business.ada, times=2)
    business.meta.follow("sent", "delivered")
    await business.says("What?")
    await business.answers(2)
    await _until_transcript_says(business, ["read", "delivered"])
    assert [each["delivery"] for each in _said_by_echo(business)] == ["read", "delivered"]
    assert "delivery_unknown" in business.bot.log

    await business.brings(business.phone.text("And that?", replies_to=answer.id))
    assert len(await business.answers(3)) == 3
    assert business.asked()[-1].endswith(f"> Echo: {answer.text}\n\nAnd that?")


async def _until_transcript_says(business: Business, expected: list[str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := [each["meta"].get("delivery") for each in _replies(business)]) != expected:
        assert time.monotonic() < deadline, (found, business.bot.log)
        await asyncio.sleep(0.1)


def _replies(business: Business) -> list[Any]:
    transcripts = business.bot.folder.glob("*conversation-with-*.json")
    history = [entry for each in sorted(transcripts) for entry in json.loads(each.read_bytes())["history"]]
    return [entry for entry in history if "requester" not in entry["meta"]]


def _said_by_echo(business: Business) -> list[Any]:
    (transcript,) = business.bot.folder.glob("*conversation-with-*.json")
    messages = business.bot.get(f"/conversations/{json.loads(transcript.read_bytes())['conversation_id']}/messages")
    return [each for each in messages if each["role"] == "assistant"]
