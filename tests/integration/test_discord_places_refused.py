"""What Echo does not answer on Discord, and what it says instead."""

import pytest

from source.adapters.discord.channel_access import REFUSAL
from source.adapters.discord.intake import UNSAVED
from source.adapters.discord.reception import BLIND, EMPTY
from source.domain.access import AccessRules
from source.domain.errors import RefusedInputError, StoreUnavailableError
from source.domain.turn import InboundMessage
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.faults import Slow
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.person import Person
from tests.fakes.discord_platform import TOO_MANY, Bot, connected_bot


def _workshop(server: FakeDiscord) -> tuple[Guild, Channel, Person]:
    guild = server.add_guild("Workshop")
    return guild, guild.add_text_channel("general"), guild.add_member("Ada", nick="Countess")


async def _nothing_more(bot: Bot, ada: Person, *, after: int) -> None:
    """See that nothing but `after` messages and one more was handled."""
    await ada.says(ada.dm, "the end")
    await bot.turns.until(after + 1)
    assert bot.turns.texts[after:] == ["the end"]


async def test_who_is_not_allowed_is_told_once_and_in_a_closed_channel_not_at_all() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        grace, closed = guild.add_member("Grace"), guild.add_text_channel("closed")
        rules = AccessRules.of(deny=[f"user:{grace.id}", f"channel:{closed.id}"])
        async with connected_bot(server, access=rules) as bot:
            await ada.says(closed, "<@bot> anybody?")
            refused = await grace.says(channel, "<@bot> hello")
            told = await server.answer_in(channel)
            await grace.says(channel, "<@bot> hello?")
            await _nothing_more(bot, ada, after=0)
    assert told.content == REFUSAL
    assert told.reference is not None
    assert told.reference.message_id == refused.id
    assert not told.pings
    assert len([each for each in server.messages(channel) if each.author is server.bot]) == 1
    assert len(server.messages(closed)) == 1


async def test_only_the_allowed_role_may_talk() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        role = guild.add_role("friends")
        grace = guild.add_member("Grace", roles=[role])
        async with connected_bot(server, access=AccessRules.of(allow=[f"role:{role.id}"])) as bot:
            await ada.says(channel, "<@bot> may I?")
            await grace.says(channel, "<@bot> I may")
            await bot.turns.until(1)
    assert bot.turns.texts == ["I may"]


async def test_what_the_core_refuses_is_told_in_its_words() -> None:
    async with FakeDiscord() as server:
        _, _, ada = _workshop(server)
        async with connected_bot(server) as bot:
            bot.turns.refusing = RefusedInputError("Too fast: wait for 12 seconds.")
            await ada.says(ada.dm, "hello")
            told = await server.answer_in(ada.dm)
            bot.turns.refusing = RefusedInputError("Too fast: wait for 11 seconds.")
            await ada.says(ada.dm, "hello?")
            bot.turns.refusing = StoreUnavailableError("disk full")
            await ada.says(ada.dm, "hello!")
            unsaved = await server.answer_in(ada.dm, 2)
    assert (told.content, unsaved.content) == ("Too fast: wait for 12 seconds.", UNSAVED)
    assert not told.pings


async def test_a_refusal_is_told_in_each_place_where_it_is_waited_for() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        elsewhere = guild.add_text_channel("elsewhere")
        async with connected_bot(server) as bot:
            bot.turns.refusing = RefusedInputError("Too fast: wait for 12 seconds.")
            await ada.says(channel, "<@bot> hello")
            await server.answer_in(channel)
            await ada.says(elsewhere, "<@bot> hello")
            told = await server.answer_in(elsewhere)
    assert told.content == "Too fast: wait for 12 seconds."


async def test_a_mention_that_would_be_refused_is_told_so_and_opens_no_thread() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server) as bot:
            bot.turns.limit = 1
            server.faults.plan(Slow(0.2), method="POST", path="/threads")
            await ada.says(channel, "<@bot> one")
            refused = await ada.says(channel, "<@bot> two, before the first has its thread")
            told = await server.answer_in(channel)
            await ada.says(channel, "<@bot> three")
            await bot.turns.until(1)
    assert told.content == TOO_MANY
    assert told.reference is not None
    assert told.reference.message_id == refused.id
    assert bot.turns.texts == ["one"]
    assert len(server.requests("POST", "/threads")) == 1


async def test_an_admin_s_mention_is_not_refused() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server, access=AccessRules.of(admins=[f"user:{ada.id}"])) as bot:
            bot.turns.limit = 0
            await ada.says(channel, "<@bot> one")
            await bot.turns.until(1)
    assert bot.turns.unlimited == [True]


async def test_a_mention_that_says_nothing_is_asked_back_and_opens_no_thread() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server):
            await ada.says(channel, "<@bot>")
            told = await server.answer_in(channel)
    assert told.content == EMPTY
    assert not server.requests("POST", "/threads")


async def test_hidden_content_is_explained_once_in_each_channel() -> None:
    async with FakeDiscord(intents=0) as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server, message_content=False) as bot:
            message = await ada.says(channel, "<@bot> hello")
            await bot.turns.until(1)
            thread = server.channel(message.id)
            await server.answer_in(thread)
            await ada.says(thread, "can you read this?")
            told = await server.answer_in(thread, 2)
            await ada.says(thread, "and this?")
            await ada.says(thread, "<@bot> but this")
            await bot.turns.until(2)
    assert told.content == BLIND
    assert bot.turns.texts == ["hello", "but this"]


async def test_a_message_that_cannot_be_handled_is_admitted_and_the_next_one_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with FakeDiscord() as server:
        _, _, ada = _workshop(server)
        async with connected_bot(server) as bot:
            with monkeypatch.context() as patch:
                patch.setattr("source.adapters.discord.reception.thread_ref", _breaks)
                await ada.says(ada.dm, "hello")
                told = await server.answer_in(ada.dm)
            await ada.says(ada.dm, "hello again")
            await bot.turns.until(1)
    assert told.content.startswith("Something went wrong on my side")
    assert bot.turns.texts == ["hello again"]


async def test_admins_are_bound_by_no_limit() -> None:
    async with FakeDiscord() as server:
        guild, _, ada = _workshop(server)
        grace = guild.add_member("Grace")
        async with connected_bot(server, access=AccessRules.of(admins=[f"user:{ada.id}"])) as bot:
            await ada.says(ada.dm, "hello")
            await bot.turns.until(1)
            await grace.says(grace.dm, "hello")
            await bot.turns.until(2)
    assert bot.turns.unlimited == [True, False]


def _breaks(*_arguments: object) -> InboundMessage:
    raise ZeroDivisionError
