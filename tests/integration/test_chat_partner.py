"""Echo as the chat in the terminal talks with it, in one process."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from source.app.chat import EchoPartner
from source.domain.errors import StoreUnavailableError
from source.domain.turn import InboundMessage
from tests.fakes.clock import FakeClock
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import running_echo


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_whose_message_was_not_kept_is_asked_to_send_it_again(
    tmp_path: Path, server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: InboundMessage) -> None:
        await asyncio.sleep(0)
        raise StoreUnavailableError("the disk is full")

    async with running_echo(tmp_path, server, FakeClock()) as talk:
        partner = EchoPartner(talk.echo, tmp_path)
        inbound = talk.inbound("Hello")
        with monkeypatch.context() as broken:
            broken.setattr(talk.echo.store, "accept", refuse)
            with pytest.raises(StoreUnavailableError) as told:
                await partner.answer(inbound, talk.channel)
        assert str(told.value) == "the disk is full. Your message was not kept: send it again in a moment."
        await partner.answer(inbound, talk.channel)
        assert talk.channel.replies[-1].delivered == "You said: Hello"
