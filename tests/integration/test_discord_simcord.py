"""How the adapter reads what discord.py's own parsers make of Discord's events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import discord
import simcord

from source.adapters.discord.platform import DiscordPlatform
from source.adapters.discord.settings import DiscordSettings
from source.ports.clock import SystemClock
from tests.fakes.discord_platform import NotedCorrections, NotedTurns, PlainChannel, parts_for
from tests.fakes.store import InMemoryStore


@dataclass
class Scene:
    env: Any
    guild: Any
    channel: Any
    ada: Any
    user: Any
    turns: NotedTurns
    corrections: NotedCorrections

    def thread(self) -> Any:
        """The thread that Echo opened."""
        (thread,) = self.channel.threads
        return thread


@asynccontextmanager
async def _scene() -> AsyncIterator[Scene]:
    parts, turns, corrections = parts_for(InMemoryStore(SystemClock()))
    platform = DiscordPlatform(parts, DiscordSettings(token="token", shard_count=1), replies=PlainChannel)
    async with simcord.run(platform.client) as env:
        guild = env.create_guild()
        channel = guild.create_text_channel("general")
        user = env.create_user("ada")
        ada = guild.add_member(user, nick="Countess")
        yield Scene(env, guild, channel, ada, user, turns, corrections)
        await platform.close()


def _echo(scene: Scene) -> str:
    return f"<@{scene.env.bot.user.id}>"


async def test_a_mention_opens_a_thread_and_the_talk_goes_on_there() -> None:
    async with _scene() as scene:
        await scene.ada.send(scene.channel, f"{_echo(scene)} what is a gear?")
        thread = scene.thread()
        assert thread.name == "what is a gear?"
        assert thread.last_message.content == "Answer to: what is a gear?"
        await scene.ada.send(thread, "and two of them?")
        assert thread.last_message.content == "Answer to: and two of them?"
    assert [inbound.person.display_name for inbound in scene.turns.handled] == ["Countess", "Countess"]


async def test_a_forwarded_message_comes_as_text() -> None:
    async with _scene() as scene:
        await scene.ada.send(scene.channel, f"{_echo(scene)} hello")
        original = await scene.ada.send(scene.channel, "gears are round\nand have teeth")
        await scene.ada.forward(original, scene.thread())
    assert scene.turns.texts == ["hello", "[forwarded]\n> gears are round\n> and have teeth"]


async def test_what_discord_says_by_itself_is_not_answered() -> None:
    async with _scene() as scene:
        await scene.ada.send(scene.channel, f"{_echo(scene)} hello")
        joined = simcord.enums.MessageType.NEW_MEMBER
        scene.guild.create_system_message(scene.channel, joined, author=scene.ada)
        pinned = simcord.enums.MessageType.PINS_ADD
        message = scene.channel.history()[0]
        scene.guild.create_system_message(scene.thread(), pinned, author=scene.ada, referenced_message=message)
        await scene.env.settle()
    assert scene.turns.texts == ["hello"]


async def test_a_webhook_is_not_answered() -> None:
    async with _scene() as scene:
        webhook = scene.guild.create_webhook(scene.channel)
        await webhook.send(f"{_echo(scene)} hello")
    assert scene.turns.texts == []


async def test_announcement_channels_have_threads_and_stages_are_answered_in_place() -> None:
    async with _scene() as scene:
        news = scene.guild.create_news_channel("news")
        stage = scene.guild.create_stage_channel("stage")
        await scene.ada.send(news, f"{_echo(scene)} what is new?")
        await scene.ada.send(stage, f"{_echo(scene)} who speaks?")
        assert [thread.name for thread in news.threads] == ["what is new?"]
        assert stage.last_message.content == "Answer to: who speaks?"
    assert scene.turns.texts == ["what is new?", "who speaks?"]


async def test_a_channel_for_few_is_a_circle() -> None:
    async with _scene() as scene:
        hidden = discord.PermissionOverwrite(view_channel=False)
        shown = discord.PermissionOverwrite(view_channel=True, send_messages=True)
        few = scene.guild.create_text_channel(
            "few", overwrites={scene.guild.default_role: hidden, scene.ada: shown, scene.env.bot.user: shown}
        )
        await scene.ada.send(few, f"{_echo(scene)} a secret")
    assert [inbound.thread.circle for inbound in scene.turns.handled] == [str(few.id)]


async def test_direct_messages_are_answered_and_an_edit_is_followed() -> None:
    async with _scene() as scene:
        message = await scene.user.send_dm("helo")
        await scene.user.edit(message, "hello")
    assert scene.turns.texts == ["helo"]
    assert scene.corrections.edits == [(str(message.id), "hello")]
