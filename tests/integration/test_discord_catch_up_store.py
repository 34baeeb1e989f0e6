"""Live messages that cannot be made durable when they come."""

import pytest

from source.adapters.discord.intake import UNSAVED
from source.domain.errors import StoreUnavailableError
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_platform import connected_bot, empty_store, marked, thread_of
from tests.fakes.running_echo import eventually

_FULL = StoreUnavailableError("disk full")


async def test_what_could_not_be_saved_is_taken_in_order_once_it_can() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        ada = server.add_guild("Workshop").add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            bot.turns.refusing = _FULL
            for text in ("one", "two", "three"):
                await ada.says(ada.dm, text)
            told = await server.answer_in(ada.dm)
            await eventually(lambda: bot.turns.attempts >= 2)
            bot.turns.refusing = None
            await eventually(lambda: len(store.events) == 3)
            await marked(bot, ada.dm)
    order = [event.inbound.text for event in sorted(store.events.values(), key=lambda event: event.key)]
    assert order == ["one", "two", "three"]
    assert told.content == UNSAVED


async def test_a_mention_that_could_not_be_saved_is_answered_in_its_thread() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            bot.turns.refusing = _FULL
            message = await ada.says(channel, "<@bot> one")
            await eventually(lambda: bot.turns.attempts >= 1)
            bot.turns.refusing = None
            batch = await bot.turns.until_taken(1)
    assert [(inbound.text, inbound.thread.thread_id) for inbound in batch] == [("one", str(message.id))]


async def test_what_could_not_be_saved_for_long_is_found_at_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source.adapters.discord.catch_up._MOST_ATTEMPTS", 3)
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
            bot.turns.refusing = _FULL
            await ada.says(thread, "one")
            await eventually(lambda: bot.turns.attempts >= 2)
        async with connected_bot(server, store=store) as bot:
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["one"]


async def test_what_was_given_up_is_read_along_with_what_fails_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source.adapters.discord.catch_up._MOST_ATTEMPTS", 2)
    store = empty_store()
    async with FakeDiscord() as server:
        ada = server.add_guild("Workshop").add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            gaps = bot.platform._assembly.catch_up._gaps
            bot.turns.refusing = _FULL
            await ada.says(ada.dm, "one")
            await eventually(lambda: bot.turns.attempts == 1 and gaps.of(ada.dm.id) is None)
            await ada.says(ada.dm, "two")
            await eventually(lambda: gaps.of(ada.dm.id) is not None)
            bot.turns.refusing = None
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["one", "two"]
