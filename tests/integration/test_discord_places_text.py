"""What the core is given of a message on Discord."""

from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.person import Person
from tests.fakes.discord_platform import Bot, connected_bot


def _workshop(server: FakeDiscord) -> tuple[Guild, Channel, Person]:
    guild = server.add_guild("Workshop")
    return guild, guild.add_text_channel("general"), guild.add_member("Ada", nick="Countess")


async def _nothing_more(bot: Bot, ada: Person, *, after: int) -> None:
    """See that nothing but `after` messages and one more was handled."""
    await ada.says(ada.dm, "the end")
    await bot.turns.until(after + 1)
    assert bot.turns.texts[after:] == ["the end"]


async def test_a_reply_to_something_else_brings_a_short_quote_along() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        grace = guild.add_member("Grace")
        async with connected_bot(server) as bot:
            remark = await grace.says(channel, "gears are\nround " + "and round " * 40)
            await ada.says(channel, "<@bot> is that so?", replying_to=remark)
            inbound = await bot.turns.until(1)
    quoted, _, text = inbound.text.partition("\n\n")
    assert quoted.startswith("> Grace: gears are round and round")
    assert len(quoted) <= len("> Grace: ") + 200
    assert text == "is that so?"
    assert inbound.reply_to == str(remark.id)


async def test_a_short_text_file_is_read_and_others_are_named() -> None:
    async with FakeDiscord() as server:
        _, _, ada = _workshop(server)
        files = {"notes.md": b"# Gears\n```\ncode\n```", "gear.png": b"\x89PNG" * 600, "big.txt": b"x" * 70_000}
        async with connected_bot(server) as bot:
            await ada.says(ada.dm, "look", files=files)
            inbound = await bot.turns.until(1)
    assert inbound.text.startswith("look\n\nnotes.md:\n````\n# Gears\n```\ncode\n```\n````\n\n[attached: gear.png, ")
    assert "[attached: big.txt, " in inbound.text


async def test_messages_are_taken_in_the_order_in_which_they_were_written() -> None:
    async with FakeDiscord() as server:
        _, _, ada = _workshop(server)
        async with connected_bot(server) as bot:
            await ada.says(ada.dm, "first", files={"slow.txt": b"a file takes a request"})
            await ada.says(ada.dm, "second")
            await bot.turns.until(2)
    assert [text.split()[0] for text in bot.turns.texts] == ["first", "second"]


async def test_the_same_event_twice_is_answered_once() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server) as bot:
            message = await ada.says(channel, "<@bot> hello")
            server.gateway.duplicate_last_event("MESSAGE_CREATE")
            await bot.turns.until(1)
            await server.answer_in(server.channel(message.id))
            await _nothing_more(bot, ada, after=1)
    assert len(server.messages(message.id)) == 2
