"""Echo ends in time, and whoever reads half an answer is told that the rest comes later."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_talks import PATIENCE, Talks, echo_at
from tests.fakes.openai_script import Says
from tests.fakes.openai_server import FakeOpenAIServer

ANSWERED_LATER = "I am being restarted. Your message is kept, and I will answer it when I am back."


async def test_an_answer_without_an_end_is_cut_at_the_end_and_given_after_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("source.adapters.discord.platform._FINISH", timedelta(seconds=1))
    async with FakeDiscord() as discord, FakeOpenAIServer() as model:
        place = Talks(discord, model)
        model.queue(Says(["I begin ", "and never end"], gate=asyncio.Event(), gate_after=1))
        async with echo_at(discord, model, tmp_path):
            thread = await place.thread_of(await place.ada.says(place.channel, "<@bot> Hello"))
            await discord.until(lambda: place.answers(thread), patience=PATIENCE)
            began = time.monotonic()
        seconds = time.monotonic() - began
        cut, told = place.answers(thread)

        assert cut.content.startswith("I begin")
        assert "stopped before its end" in cut.content
        assert not any(str(button["custom_id"]).startswith("echo:stop:") for button in cut.buttons)
        assert told.content == ANSWERED_LATER
        assert 1 <= seconds < 5

        async with echo_at(discord, model, tmp_path):
            said = "You said: Ada: Hello"
            await discord.until(lambda: said in [each.content for each in place.answers(thread)], patience=PATIENCE)


async def test_an_answer_that_ends_in_time_is_whole(tmp_path: Path) -> None:
    async with FakeDiscord() as discord, FakeOpenAIServer() as model:
        place, gate = Talks(discord, model), asyncio.Event()
        model.queue(Says(["I begin ", "and end."], gate=gate, gate_after=1))
        async with echo_at(discord, model, tmp_path):
            thread = await place.thread_of(await place.ada.says(place.channel, "<@bot> Hello"))
            await discord.until(lambda: place.answers(thread), patience=PATIENCE)
            asyncio.get_running_loop().call_later(0.5, gate.set)
        assert [answer.content for answer in place.answers(thread)] == ["I begin and end."]
