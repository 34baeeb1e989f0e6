"""Staying connected to Discord through everything that a network and a gateway do."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from structlog.testing import capture_logs

from source.adapters.discord.client import ReconnectPauses
from source.adapters.discord.commands import DiscordCommands
from source.domain.errors import SettingsError, StoreUnavailableError
from source.domain.thread import Platform
from source.ports.clock import SystemClock
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.faults import Broken, Slow
from tests.fakes.discord_platform import Bot, connected_bot, start_bot
from tests.fakes.running_echo import eventually
from tests.fakes.store import InMemoryStore


async def _answers(server: FakeDiscord, bot: Bot, text: str) -> None:
    """Say something in a new guild's direct messages and wait for the answer."""
    person = server.add_guild("Somewhere").add_member("Ada")
    await person.says(person.dm, text)
    await server.answer_in(person.dm)
    assert bot.turns.texts[-1] == text


async def test_what_was_said_while_the_line_was_cut_is_told_by_discord_and_answered_once() -> None:
    async with FakeDiscord() as server:
        ada = server.add_guild("Workshop").add_member("Ada")
        async with connected_bot(server) as bot:
            server.gateway.drop_connections()
            await ada.says(ada.dm, "are you there?")
            await bot.turns.until(1)
            await server.answer_in(ada.dm)
            assert server.gateway.resumes == 1
            assert not server.requests("GET", "/messages")
    assert bot.turns.texts == ["are you there?"]


async def test_a_session_that_cannot_be_resumed_is_followed_by_a_new_one() -> None:
    async with FakeDiscord() as server, connected_bot(server) as bot:
        server.gateway.invalidate_session(resumable=False)
        await server.until(lambda: server.gateway.identifies == 2)
        await server.wait_ready()
        await _answers(server, bot, "hello again")


async def test_a_gateway_that_asks_to_reconnect_is_obeyed() -> None:
    async with FakeDiscord() as server, connected_bot(server) as bot:
        server.gateway.reconnect_op7()
        await server.until(lambda: server.gateway.resumes == 1)
        await _answers(server, bot, "hello again")


async def test_a_first_connection_that_fails_is_tried_again() -> None:
    async with FakeDiscord() as server:
        server.go_offline()
        bot = start_bot(server)
        await eventually(lambda: bot.platform.client.link.is_unreachable)
        server.go_online()
        await server.wait_ready()
        await _answers(server, bot, "hello")
        await bot.leaves()


async def test_a_gateway_that_is_away_at_first_is_waited_for() -> None:
    async with FakeDiscord() as server:
        server.gateway.go_offline()
        bot = start_bot(server)
        await server.until(lambda: server.requests("GET", "/gateway/bot"))
        await eventually(lambda: bot.platform.client.link.is_unreachable)
        assert len(server.requests("GET", "/users/@me")) == 1
        server.gateway.go_online()
        await server.wait_ready()
        await _answers(server, bot, "hello")
        await bot.leaves()


async def test_a_discord_that_is_down_for_long_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("source.adapters.discord.client.ReconnectPauses.delay", _tells_and_returns_at_once())
    async with FakeDiscord() as server, connected_bot(server) as bot:
        await _answers(server, bot, "good night")
        with capture_logs() as lines:
            server.go_offline(forget=True)
            await eventually(lambda: bot.platform.client.link.is_unreachable)
            server.go_online()
            await server.wait_ready()
            await _answers(server, bot, "good morning")
    told = [line["event"] for line in lines if line["event"].startswith("discord_") and line["log_level"] != "error"]
    assert told == ["discord_disconnected", "discord_unreachable", "discord_connected"]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def _tells_and_returns_at_once() -> Callable[[ReconnectPauses], float]:
    real = ReconnectPauses.delay

    def delay(pauses: ReconnectPauses) -> float:
        real(pauses)
        return 0.01

    return delay


async def test_an_hour_of_refused_connections_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """discord.py's own way calls itself for each attempt, and ends in a RecursionError."""
    attempts = 0

    async def refused(*_args: object, **_options: object) -> DiscordWebSocket:
        nonlocal attempts
        attempts += 1
        raise ConnectionRefusedError("nobody listens")

    async with FakeDiscord() as server:
        working = DiscordWebSocket.from_client
        monkeypatch.setattr(DiscordWebSocket, "from_client", refused)
        bot = start_bot(server)
        bot.platform.client._clock = _NoPauses()
        await eventually(lambda: attempts >= 2_000)
        monkeypatch.setattr(DiscordWebSocket, "from_client", working)
        await server.wait_ready()
        await bot.leaves()


class _NoPauses(SystemClock):
    async def sleep(self, _seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_login_that_the_server_fails_is_tried_again(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = asyncio.sleep
    # discord.py pauses between its own attempts.
    monkeypatch.setattr("discord.http.asyncio.sleep", lambda _seconds: real(0))
    async with FakeDiscord() as server:
        server.faults.plan(Broken(status), method="GET", path="/users/@me", times=7)
        bot = start_bot(server)
        await server.wait_ready()
        await bot.leaves()
    assert len(server.requests("GET", "/users/@me")) == 8


async def test_a_wrong_token_is_explained_and_not_tried_again() -> None:
    async with FakeDiscord() as server:
        bot = start_bot(server, token="wrong")
        with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
            await bot.running
    assert len(server.requests("GET", "/users/@me")) == 1


async def test_an_intent_that_is_not_enabled_is_explained_and_not_tried_again() -> None:
    async with FakeDiscord(intents=0) as server:
        bot = start_bot(server)
        with pytest.raises(SettingsError, match="Message Content"):
            await bot.running
    assert server.gateway.identifies == 0


async def test_without_the_intent_echo_connects_when_it_does_not_ask_for_it() -> None:
    async with FakeDiscord(intents=0) as server, connected_bot(server, message_content=False) as bot:
        await _answers(server, bot, "hello")


async def test_shards_that_do_not_exist_are_explained() -> None:
    async with FakeDiscord() as server:
        bot = start_bot(server, shard_ids=(4,), shard_count=2)
        with pytest.raises(SettingsError, match="SHARD_IDS"):
            await bot.running


async def test_a_token_that_is_revoked_while_echo_runs_ends_it_with_a_sentence() -> None:
    async with FakeDiscord() as server:
        bot = start_bot(server)
        await server.wait_ready()
        server.gateway.disconnect(4004)
        with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
            await bot.running


async def test_each_shard_of_a_process_hears_its_own_guilds() -> None:
    async with FakeDiscord() as server:
        guilds = [server.add_guild(f"Guild {number}") for number in range(4)]
        people = [guild.add_member("Ada") for guild in guilds]
        channels = [guild.add_text_channel("general") for guild in guilds]
        bot = start_bot(server, shard_count=2, shard_ids=(1,))
        await server.wait_ready()
        for person, channel in zip(people, channels, strict=True):
            await person.says(channel, "<@bot> hello")
        own = [channel for guild, channel in zip(guilds, channels, strict=True) if (guild.id >> 22) % 2 == 1]
        await bot.turns.until(len(own))
        await bot.leaves()
    assert 0 < len(own) < 4
    assert len(bot.turns.handled) == len(own)


async def test_two_shards_in_one_process_hear_everything() -> None:
    async with FakeDiscord() as server:
        guilds = [server.add_guild(f"Guild {number}") for number in range(4)]
        bot = start_bot(server, shard_count=2)
        await server.wait_ready(shards=2)
        for guild in guilds:
            await guild.add_member("Ada").says(guild.add_text_channel("general"), "<@bot> hello")
        await bot.turns.until(4)
        await bot.leaves()


async def test_a_configured_gateway_is_kept_to_whatever_discord_names() -> None:
    async with FakeDiscord() as server:
        server.world.gateway_url = server.gateway.url = "ws://127.0.0.1:9/elsewhere"
        async with connected_bot(server) as bot:
            server.gateway.drop_connections()
            await server.until(lambda: server.gateway.resumes == 1)
            await _answers(server, bot, "hello")


async def test_the_addresses_are_discords_again_afterwards() -> None:
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    async with FakeDiscord() as server, connected_bot(server):
        assert server.api_base == Route.BASE
    assert before == (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY)


async def test_an_event_that_breaks_discord_py_does_not_silence_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeDiscord() as server, connected_bot(server) as bot:
        state = bot.platform.client._connection
        monkeypatch.setitem(state.parsers, "TYPING_START", None)
        monkeypatch.setitem(state.parsers, "CHANNEL_CREATE", None)
        server.add_guild("Workshop").add_text_channel("general")
        await server.until(lambda: server.gateway.identifies == 2)
        await server.wait_ready()
        await _answers(server, bot, "hello")


async def test_a_reconnection_has_what_was_left_undone_done() -> None:
    async with FakeDiscord() as server, connected_bot(server) as bot:
        before = bot.turns.recoveries
        server.gateway.drop_connections()
        await server.until(lambda: server.gateway.resumes == 1)
        await eventually(lambda: bot.turns.recoveries > before)


async def test_stopping_takes_nothing_new_lets_what_began_end_and_is_quick() -> None:
    async with FakeDiscord() as server:
        ada = server.add_guild("Workshop").add_member("Ada")
        bot = start_bot(server)
        await server.wait_ready()
        bot.turns.held = asyncio.Event()
        server.faults.plan(Slow(0.2), method="POST", path="/messages")
        await ada.says(ada.dm, "the last question")
        await bot.turns.until(1)
        bot.stop.set()
        await server.until(lambda: not server.gateway.connected)
        await ada.says(ada.dm, "too late")
        await eventually(lambda: not bot.platform._is_open)
        bot.turns.held.set()
        async with asyncio.timeout(3):
            await bot.running
        answer = await server.answer_in(ada.dm)
    assert answer.content == "Answer to: the last question"
    assert bot.turns.texts == ["the last question"]
    assert server.gateway.close_codes[-1] == 1000


async def test_a_command_that_runs_when_echo_stops_can_still_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, finish, closed = asyncio.Event(), asyncio.Event(), list[bool]()

    async def handle(_commands: DiscordCommands, _interaction: object) -> None:
        begun.set()
        await finish.wait()
        closed.append(bot.platform.client.is_closed())

    monkeypatch.setattr(DiscordCommands, "handle", handle)
    interaction: Any = SimpleNamespace(id=1)
    async with FakeDiscord() as server:
        bot = start_bot(server)
        await server.wait_ready()
        bot.platform.client.dispatch("interaction", interaction)
        await begun.wait()
        bot.stop.set()
        await asyncio.wait({bot.running}, timeout=0.3)
        finish.set()
        await bot.running
    assert closed == [False]


async def test_marks_that_cannot_be_read_end_the_start_in_order() -> None:
    class Unreadable(InMemoryStore):
        async def seen(self, platform: Platform) -> dict[str, str]:
            await asyncio.sleep(0)
            raise StoreUnavailableError("locked")

    async with FakeDiscord() as server:
        bot = start_bot(server, store=Unreadable(SystemClock()))
        with pytest.raises(StoreUnavailableError):
            await bot.running
    assert not server.requests()


async def test_a_gateway_that_does_not_say_goodbye_is_left_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(_socket: DiscordWebSocket, code: int = 4000) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("source.adapters.discord.client._CLOSE_TIMEOUT", timedelta(seconds=0.05))
    async with FakeDiscord() as server:
        bot = start_bot(server)
        await server.wait_ready()
        monkeypatch.setattr(DiscordWebSocket, "close", hangs)
        async with asyncio.timeout(3):
            await bot.leaves()
        await eventually(lambda: not server.gateway.connected)
