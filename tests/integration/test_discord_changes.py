"""Edits and deletions of what people wrote, and places that are gone."""

from structlog.testing import capture_logs

from source.domain.thread import Platform
from tests.fakes.discord import FakeDiscord, posting, threads
from tests.fakes.discord.events import Event, Intent
from tests.fakes.discord_platform import connected_bot, marked, thread_of
from tests.fakes.running_echo import eventually


async def test_an_edit_is_handed_on_as_the_message_reads_now() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            message = await ada.says(channel, "<@bot> how do geers work?")
            await bot.turns.until(1)
            await ada.edits(message, "<@bot> how do gears work?")
            await bot.corrections.until(1)
    assert bot.corrections.edits == [(str(message.id), "how do gears work?")]


async def test_a_preview_of_a_link_is_no_edit() -> None:
    async with FakeDiscord() as server:
        ada = server.add_guild("Workshop").add_member("Ada")
        async with connected_bot(server) as bot:
            message = await ada.says(ada.dm, "look at https://example.org")
            await bot.turns.until(1)
            # Discord tells the embeds of a link this way.
            posting.tell(server.world, "MESSAGE_UPDATE", message)
            await ada.edits(message, "look at https://example.com")
            await bot.corrections.until(1)
    assert bot.corrections.edits == [(str(message.id), "look at https://example.com")]


async def test_an_edit_of_what_echo_never_took_is_left_alone() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            other = await ada.says(channel, "not for Echo")
            await ada.edits(other, "still not for Echo")
            message = await ada.says(ada.dm, "for Echo")
            await bot.turns.until(1)
            await ada.edits(message, "for Echo, in other words")
            await bot.corrections.until(1)
    assert bot.corrections.edits == [(str(message.id), "for Echo, in other words")]


async def test_an_edit_that_comes_while_its_message_is_being_taken_is_not_lost() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            bot.turns.answers = False
            server.faults.rate_limit(retry_after=0.2, method="POST", path="/threads")
            # The thread is there already: opening it changes the message, and Discord tells that as well.
            server.faults.refuse(400, 160004, method="POST", path="/threads")
            message = await ada.says(channel, "<@bot> how do geers work?")
            await server.until(lambda: server.faults.struck)
            await ada.edits(message, "<@bot> how do gears work?")
            await bot.corrections.until(1)
            assert bot.turns.texts == ["how do geers work?"]
    assert bot.corrections.edits == [(str(message.id), "how do gears work?")]


async def test_the_edit_of_a_forum_post_does_not_wait_for_itself() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        forum, ada = guild.add_forum("questions"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            _, message = await ada.posts(forum, "Gears", "<@bot> how do geers work?")
            await bot.turns.until(1)
            await ada.edits(message, "<@bot> how do gears work?")
            await bot.corrections.until(1)


async def test_deletions_are_handed_on_one_by_one_and_in_bulk() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            first = await ada.says(ada.dm, "first")
            await bot.turns.until(1)
            await ada.deletes(first)
            await bot.corrections.until(1)
            many = [await ada.says(channel, f"<@bot> number {number}") for number in range(3)]
            await bot.turns.until(4)
            ids = {"ids": [str(message.id) for message in many], "channel_id": str(channel.id)}
            event = {**ids, "guild_id": str(guild.id)}
            server.world.emit(Event("MESSAGE_DELETE_BULK", event, Intent.GUILD_MESSAGES, guild.id))
            await bot.corrections.until(4)
    assert bot.corrections.deletions == [str(message.id) for message in (first, *many)]


async def test_the_deletion_of_what_echo_never_took_is_left_alone() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            kept = await ada.says(ada.dm, "for Echo")
            await bot.turns.until(1)
            many = [await ada.says(channel, f"number {number}") for number in range(3)]
            await ada.deletes(many[0])
            ids = {"ids": [str(message.id) for message in many], "channel_id": str(channel.id)}
            event = {**ids, "guild_id": str(guild.id)}
            server.world.emit(Event("MESSAGE_DELETE_BULK", event, Intent.GUILD_MESSAGES, guild.id))
            await ada.deletes(kept)
            await bot.corrections.until(1)
    assert bot.corrections.deletions == [str(kept.id)]


async def test_a_deletion_that_comes_while_its_message_is_being_taken_is_not_lost() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            bot.turns.answers = False
            server.faults.rate_limit(retry_after=0.2, method="POST", path="/threads")
            server.faults.refuse(400, 160004, method="POST", path="/threads")
            message = await ada.says(channel, "<@bot> oh no")
            await server.until(lambda: server.faults.struck)
            await ada.deletes(message)
            await bot.corrections.until(1)
    assert bot.corrections.deletions == [str(message.id)]


async def test_places_that_are_gone_leave_no_marks() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            first, second = [await thread_of(server, ada, channel) for _ in range(2)]
            for place in (channel, first, second):
                await marked(bot, place)
            threads.delete(server.world, first)
            await eventually(lambda: (Platform.DISCORD, str(first.id)) not in bot.store.marks)
            assert (Platform.DISCORD, str(second.id)) in bot.store.marks
            known = bot.platform.client.get_guild(guild.id)
            bot.platform.client.dispatch("guild_remove", known)
            await eventually(lambda: not bot.store.marks.keys() & {(Platform.DISCORD, str(second.id))})
            assert (Platform.DISCORD, str(channel.id)) not in bot.store.marks


async def test_places_that_are_gone_are_noted_and_nothing_else_happens() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            await bot.has_looked_around()
            with capture_logs() as lines:
                message = await ada.says(channel, "<@bot> hello")
                await bot.turns.until(1)
                threads.delete(server.world, server.channel(message.id))
                await eventually(lambda: "thread_deleted" in [line["event"] for line in lines])
    assert not bot.corrections.deletions
