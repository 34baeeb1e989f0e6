"""The fake Discord's messages and threads, driven by an unmodified discord.py."""

import contextlib
import io

import discord
import pytest

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.probe import Probe, connected
from tests.fakes.discord.spec import TOOL, load_spec


async def test_a_client_hears_answers_and_edits() -> None:
    async with FakeDiscord(checks_answers=True) as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            asked = await ada.says(channel, "<@bot> hello")
            heard = await client.hears(f"<@{server.bot.id}> hello")
            assert heard.author.display_name == "Ada"
            reply = await heard.reply("one moment", mention_author=False)
            await reply.edit(content="done")
        message = server.messages(channel)[-1]
        assert [one.content for one in message.versions] == ["one moment", "done"]
        assert message.reference is not None
        assert message.reference.message_id == asked.id
        assert message.edits[0].at >= message.seen_at
        assert not message.pings


async def test_people_edit_delete_and_react() -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            message = await ada.says(channel, "teh cat")
            await ada.edits(message, "the cat")
            await client.told("edit")
            await ada.reacts(message, "👍")
            await client.told("reaction")
            await ada.deletes(message)
            await client.told("delete")
        assert server.messages(channel) == []


async def test_content_is_kept_from_a_bot_without_the_intent_unless_it_is_mentioned() -> None:
    intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server, Probe(intents=intents)) as client:
            await ada.says(channel, "between us")
            await ada.says(channel, "<@bot> for you")
            await ada.says(ada.dm, "in private")
            await client.told("message", 3)
            assert [one.content for one in client.heard] == ["", f"<@{server.bot.id}> for you", "in private"]


@pytest.mark.parametrize(
    ("content", "code"), [("x" * 2001, 50035), ("   ", 50006)], ids=["too long", "nothing but spaces"]
)
async def test_content_that_discord_refuses_is_refused(content: str, code: int) -> None:
    async with FakeDiscord() as server:
        channel = server.add_guild("Workshop").add_text_channel("general")
        async with connected(server) as client:
            with pytest.raises(discord.HTTPException) as caught:
                await client.text_channel(channel.id).send(content)
        assert (caught.value.status, caught.value.code) == (400, code)
        assert server.messages(channel) == []
        server.violations.clear()


async def test_a_violation_fails_the_test_that_made_it() -> None:
    if load_spec() is None:
        pytest.skip(f"Discord's description of its API is not at hand ({TOOL}): requests go unchecked")
    with pytest.raises(AssertionError, match="2001 characters"):
        await _send_too_much()


async def _send_too_much() -> None:
    async with FakeDiscord() as server:
        channel = server.add_guild("Workshop").add_text_channel("general")
        async with connected(server) as client:
            with contextlib.suppress(discord.HTTPException):
                await client.text_channel(channel.id).send("x" * 2001)


async def test_a_nonce_makes_one_message_of_two_requests() -> None:
    async with FakeDiscord() as server:
        channel = server.add_guild("Workshop").add_text_channel("general")
        async with connected(server) as client:
            place = client.text_channel(channel.id)
            first = await place.send("once", nonce="turn-7-0")
            second = await place.send("once", nonce="turn-7-0")
            third = await place.send("once", nonce="turn-8-0")
        assert first.id == second.id != third.id
        assert [one.nonce for one in server.messages(channel)] == ["turn-7-0", "turn-8-0"]


async def test_pings_are_recorded_as_allowed_mentions_decide() -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            place, text = client.text_channel(channel.id), f"@everyone {ada.mention}"
            await place.send(text)
            await place.send(text, allowed_mentions=discord.AllowedMentions.none())
        loud, quiet = server.messages(channel)
        assert loud.pings.user_ids == {ada.id}
        assert not loud.pings.everyone, "the bot may not ping everyone"
        assert not quiet.pings


async def test_a_file_goes_up_and_can_be_downloaded() -> None:
    async with FakeDiscord(checks_answers=True) as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        async with connected(server) as client:
            sent = await client.text_channel(channel.id).send(file=discord.File(io.BytesIO(b"{}"), "chat.json"))
            assert await sent.attachments[0].read() == b"{}"
            await ada.says(channel, "look", files={"notes.txt": b"milk"})
            heard = await client.hears("look")
            assert await heard.attachments[0].read() == b"milk"
        assert server.messages(channel)[0].attachments[0].content == b"{}"


async def test_history_comes_newest_first_a_hundred_at_most() -> None:
    async with FakeDiscord() as server:
        channel, ada = (guild := server.add_guild("Workshop")).add_text_channel("general"), guild.add_member("Ada")
        for number in range(120):
            await ada.says(channel, str(number))
        async with connected(server) as client:
            place = client.text_channel(channel.id)
            anchor = discord.Object(server.messages(channel)[99].id)
            page = await client.http.logs_from(place.id, 100)
            assert [one["content"] for one in page] == [str(one) for one in range(119, 19, -1)]
            after = [one.content async for one in place.history(after=anchor, limit=5)]
            before = [one.content async for one in place.history(before=anchor, limit=2)]
        assert after == ["100", "101", "102", "103", "104"]
        assert before == ["98", "97"]


async def test_a_missing_permission_is_told_by_its_code() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        silent, hidden = guild.add_text_channel("silent"), guild.add_text_channel("hidden")
        guild.overwrite(silent, guild.everyone, deny=Permission.SEND_MESSAGES)
        guild.overwrite(hidden, guild.everyone, deny=Permission.VIEW_CHANNEL)
        async with connected(server) as client:
            assert not client.text_channel(silent.id).permissions_for(client.guilds[0].me).send_messages
            codes = []
            for channel in (silent, hidden):
                with pytest.raises(discord.Forbidden) as caught:
                    await client.text_channel(channel.id).send("hello")
                codes.append(caught.value.code)
        assert codes == [50013, 50001]
