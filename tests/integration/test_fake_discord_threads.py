"""The fake Discord's threads and forums, driven by an unmodified discord.py."""

import discord
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.probe import connected


async def test_a_thread_grows_from_a_message() -> None:
    async with FakeDiscord(checks_answers=True) as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            message = await ada.says(channel, "<@bot> bread")
            heard = await client.hears(message.content)
            thread = await heard.create_thread(name="Bread", auto_archive_duration=1440)
            await thread.send("Flour first.")
            assert thread.id == message.id
            assert client.guilds[0].get_thread(thread.id) is not None
        assert message.thread is not None
        assert [one.content for one in server.messages(thread.id)] == ["", "Flour first."]


async def test_a_message_has_one_thread() -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            await ada.opens_thread(await ada.says(channel, "bread"), "Bread")
            heard = await client.hears("bread")
            with pytest.raises(discord.HTTPException) as caught:
                await heard.create_thread(name="Bread again")
        assert caught.value.code == 160004


async def test_a_thread_without_a_message_is_announced_in_its_channel() -> None:
    async with FakeDiscord(checks_answers=True) as server:
        channel = server.add_guild("Workshop").add_text_channel("general")
        async with connected(server) as client:
            place = client.text_channel(channel.id)
            thread = await place.create_thread(name="Ideas", type=discord.ChannelType.public_thread)
            announced = await client.hears("Ideas")
        assert announced.type is discord.MessageType.thread_created
        assert server.messages(thread.id) == []


async def test_a_post_brings_an_archived_thread_back() -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            place = client.text_channel(channel.id)
            thread = await place.create_thread(name="Ideas", type=discord.ChannelType.public_thread)
            message = await thread.send("one")
            await thread.edit(archived=True)
            with pytest.raises(discord.HTTPException) as caught:
                await message.edit(content="two")
            assert caught.value.code == 50083
            with pytest.raises(discord.HTTPException) as caught:
                await message.add_reaction("👍")
            assert caught.value.code == 50083
            await ada.says(server.channel(thread.id), "still here?")
            await client.hears("still here?")
            await message.edit(content="two")
        assert message.channel.id == thread.id
        assert server.messages(thread.id)[0].content == "two"


async def test_a_locked_thread_takes_no_post() -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        thread = await ada.opens_thread(await ada.says(channel, "bread"), "Bread")
        await ada.archives(thread, locked=True)
        async with connected(server) as client:
            found = await client.fetch_channel(thread.id)
            assert isinstance(found, discord.Thread)
            with pytest.raises(discord.HTTPException) as caught:
                await found.send("hello")
        assert caught.value.code == 160005


async def test_a_forum_post_is_a_thread_with_its_first_message() -> None:
    async with FakeDiscord(checks_answers=True) as server:
        guild = server.add_guild("Workshop")
        forum, ada = guild.add_forum("help", tags=["bread"]), guild.add_member("Ada")
        async with connected(server) as client:
            place = client.get_channel(forum.id)
            assert isinstance(place, discord.ForumChannel)
            made = await place.create_thread(
                name="Yeast", content="Which yeast?", applied_tags=[place.available_tags[0]]
            )
            thread, first = await ada.posts(forum, "Salt", "How much salt?")
            heard = await client.hears("How much salt?")
        assert made.thread.id == made.message.id
        assert heard.id == thread.id == first.id
        assert isinstance(heard.channel, discord.Thread)


async def test_ten_thousand_threads_come_with_their_guild() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel = guild.add_text_channel("general")
        guild.add_threads(channel, 10_000)
        guild.add_threads(channel, 3, archived=True)
        async with connected(server) as client:
            assert len(client.guilds[0].threads) == 10_000
            assert all(one.last_message_id for one in client.guilds[0].threads)
            archived = [one async for one in client.text_channel(channel.id).archived_threads()]
        assert len(archived) == 3
