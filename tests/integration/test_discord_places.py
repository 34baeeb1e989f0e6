"""Where Echo answers on Discord, over the wire."""

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_platform import connected_bot


async def test_a_direct_message_is_answered_where_it_was_written() -> None:
    async with FakeDiscord() as server:
        ada = server.add_guild("Workshop").add_member("Ada")
        async with connected_bot(server) as bot:
            await ada.says(ada.dm, "hello")
            inbound = await bot.turns.until(1)
            answer = await server.answer_in(ada.dm)
    assert answer.content == "Answer to: hello"
    assert (inbound.thread.guild_id, inbound.thread.circle) == (None, None)
    assert inbound.thread.thread_id == str(ada.dm.id)


async def test_a_mention_in_a_text_channel_is_answered_in_a_thread_named_after_the_topic() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada", nick="Countess")
        async with connected_bot(server) as bot:
            message = await ada.says(channel, "<@bot> how do **gears** work?")
            inbound = await bot.turns.until(1)
            thread = server.channel(message.id)
            await server.answer_in(thread)
    assert thread.name == "how do gears work?"
    assert inbound.text == "how do **gears** work?"
    assert (inbound.thread.guild_id, inbound.thread.guild_name) == (str(guild.id), "Workshop")
    assert inbound.person.display_name == "Countess"
    assert not any(message.author is server.bot for message in server.messages(channel))
