"""What is read back, and what is not, of the time when Echo was away."""

from datetime import UTC, datetime, timedelta

import pytest
from discord.utils import time_snowflake
from structlog.testing import capture_logs

from source.domain.access import AccessRules
from source.domain.thread import Platform
from tests.fakes.discord import FakeDiscord, payloads, threads
from tests.fakes.discord.events import Event, Intent
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord_platform import connected_bot, empty_store, marked, said, thread_of
from tests.fakes.running_echo import eventually


async def test_a_channel_that_is_hidden_from_echo_is_not_asked_for() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            await marked(bot, await said(ada, channel))
        guild.overwrite(channel, server.bot, deny=Permission.READ_MESSAGE_HISTORY)
        await ada.says(channel, "<@bot> can you see this?")
        async with connected_bot(server, store=store) as bot:
            await marked(bot, channel)
    assert not server.requests("GET", "/messages")


async def test_rules_about_roles_hold_for_what_was_missed() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        role = guild.add_role("friends")
        channel = guild.add_text_channel("general")
        ada, grace = guild.add_member("Ada"), guild.add_member("Grace", roles=[role])
        rules = AccessRules.of(allow=[f"role:{role.id}"])
        async with connected_bot(server, store=store) as bot:
            await marked(bot, await said(ada, channel))
        await ada.says(channel, "<@bot> I may not")
        await grace.says(channel, "<@bot> I may")
        async with connected_bot(server, store=store, access=rules) as bot:
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["I may"]
    assert not [message for message in server.messages(channel) if message.author is server.bot]


async def test_no_limit_binds_an_admin_for_what_was_missed() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        role = guild.add_role("keepers")
        channel = guild.add_text_channel("general")
        ada, grace = guild.add_member("Ada"), guild.add_member("Grace", roles=[role])
        rules = AccessRules.of(admins=[f"role:{role.id}"])
        async with connected_bot(server, store=store, access=rules) as bot:
            thread = await thread_of(server, ada, channel)
            await marked(bot, thread)
        await ada.says(thread, "missed")
        await grace.says(thread, "missed too")
        async with connected_bot(server, store=store, access=rules) as bot:
            await bot.turns.until_taken(1)
    assert bot.turns.unlimited == [False, True]


async def test_a_direct_message_is_found_however_long_nothing_was_said_there() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        ada = server.add_guild("Workshop").add_member("Ada")
        long_ago = time_snowflake(datetime.now(UTC) - timedelta(days=30))
        store.note_seen(Platform.DISCORD, {f"dm:{ada.dm.id}": str(long_ago)})
        await ada.says(ada.dm, "missed")
        async with connected_bot(server, store=store) as bot:
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["missed"]


async def test_the_latest_direct_messages_are_asked_for_and_how_many_are_not_is_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("source.adapters.discord.gaps._MOST_DIRECT", 5)
    store = empty_store()
    async with FakeDiscord(checks=False) as server:
        guild = server.add_guild("Workshop")
        people = [guild.add_member(f"Person {number}") for number in range(8)]
        store.note_seen(Platform.DISCORD, {f"dm:{person.dm.id}": str(person.dm.id) for person in people})
        await people[-1].says(people[-1].dm, "missed")
        with capture_logs() as logs:
            async with connected_bot(server, store=store) as bot:
                await bot.turns.until_taken(1)
                await eventually(lambda: len(server.requests("GET", "/messages")) >= 5)
                await bot.has_looked_around()
    assert len(server.requests("GET", "/messages")) == 5
    assert [line["places"] for line in logs if line["event"] == "direct_messages_not_looked_at"] == [3]


async def test_a_thread_with_very_much_to_read_is_read_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source.adapters.discord.catch_up._MOST_KEPT", 60)
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
        for number in range(150):
            await ada.says(thread, f"{number}")
        async with connected_bot(server, store=store) as bot:
            await bot.turns.until_taken(3)
            await marked(bot, thread)
    texts = [[inbound.text for inbound in batch] for batch in bot.turns.taken]
    numbers = [str(number) for number in range(150)]
    assert texts == [numbers[:60], numbers[60:120], numbers[120:]]


async def test_a_mention_behind_much_that_is_not_for_echo_is_found_while_people_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("source.adapters.discord.catch_up._MOST_READ", 100)
    store = empty_store()
    async with FakeDiscord(checks=False) as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            await marked(bot, await said(ada, channel))
        for number in range(320):
            await ada.says(channel, f"chatter {number}")
        await ada.says(channel, "<@bot> missed")
        async with connected_bot(server, store=store) as bot:
            await ada.says(channel, "more chatter")
            batch = await bot.turns.until_taken(1)
            await marked(bot, channel)
    assert [inbound.text for inbound in batch] == ["missed"]
    assert not bot.turns.handled


async def test_threads_that_come_into_sight_later_are_read_as_well() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
        threads.set_archived(server.world, thread, archived=True)
        async with connected_bot(server, store=store) as bot:
            await bot.has_looked_around()
            # What is told when Echo gets access to a channel, here with a message that it was not told of.
            server.gateway.connected[0].intents = 0
            await ada.says(thread, "unseen")
            server.gateway.connected[0].intents = bot.platform.client.intents.value
            sync = {
                "guild_id": str(guild.id),
                "channel_ids": [str(channel.id)],
                "threads": [payloads.thread_object(thread)],
                "members": [],
            }
            server.world.emit(Event("THREAD_LIST_SYNC", sync, Intent.GUILDS, guild.id))
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["unseen"]
