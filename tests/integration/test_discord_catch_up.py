"""Messages that came while Echo was away."""

import asyncio
from datetime import timedelta

import pytest

from source.domain.thread import Platform
from tests.fakes.discord import FakeDiscord
from tests.fakes.discord_platform import connected_bot, empty_store, marked, said, start_bot, thread_of
from tests.fakes.running_echo import eventually


async def test_what_was_said_in_threads_while_echo_was_stopped_is_answered_together_in_each() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            first = await thread_of(server, ada, channel)
            second = await thread_of(server, ada, channel)
        for number in range(3):
            await ada.says(first, f"missed {number}")
        await ada.says(second, "missed too")
        async with connected_bot(server, store=store) as bot:
            await bot.turns.until_taken(2)
    taken = {batch[0].thread.thread_id: [inbound.text for inbound in batch] for batch in bot.turns.taken}
    assert taken == {str(first.id): ["missed 0", "missed 1", "missed 2"], str(second.id): ["missed too"]}
    assert not bot.turns.handled


async def test_thirty_seconds_without_a_session_are_made_up_for() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server) as bot:
            thread = await thread_of(server, ada, channel)
            await ada.says(ada.dm, "hello")
            await server.answer_in(ada.dm)
            server.go_offline(forget=True)
            for number in range(5):
                await ada.says(thread, f"missed {number}")
            await ada.says(ada.dm, "missed in private")
            await ada.says(channel, "<@bot> missed mention")
            await ada.says(channel, "not for Echo")
            server.go_online()
            await bot.turns.until_taken(3)
    texts = sorted([inbound.text for inbound in batch] for batch in bot.turns.taken)
    assert texts == [
        ["missed 0", "missed 1", "missed 2", "missed 3", "missed 4"],
        ["missed in private"],
        ["missed mention"],
    ]
    assert sorted(bot.turns.texts) == ["hello", "let us talk"]


async def test_a_message_that_comes_during_the_catch_up_is_answered_after_the_older_ones_and_once() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
        await ada.says(thread, "older")
        server.faults.hang(method="GET", path=f"/channels/{thread.id}/messages")
        bot = start_bot(server, store=store)
        await server.until(lambda: server.faults.struck)
        await ada.says(thread, "newer")
        await ada.says(thread, "newest")
        server.faults.clear()
        await bot.turns.until(2)
        await bot.leaves()
    order = [event.inbound.text for event in sorted(store.events.values(), key=lambda event: event.key)]
    assert order == ["let us talk", "older", "newer", "newest"]


async def test_a_place_where_nothing_new_came_costs_no_request() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
            await marked(bot, thread)
        async with connected_bot(server, store=store) as bot:
            await bot.has_looked_around()
            await ada.says(thread, "all caught up")
            await bot.turns.until(1)
    assert not server.requests("GET", "/messages")


async def test_ten_thousand_threads_are_looked_at_without_a_request_for_each() -> None:
    store = empty_store()
    async with FakeDiscord(checks=False) as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        threads = guild.add_threads(channel, 10_000)
        store.note_seen(Platform.DISCORD, {str(thread.id): str(thread.last_message_id) for thread in threads})
        await ada.says(threads[5_000], "missed")
        started = asyncio.get_running_loop().time()
        async with connected_bot(server, store=store) as bot:
            await bot.turns.until_taken(1)
            took = asyncio.get_running_loop().time() - started
    assert [inbound.text for inbound in bot.turns.taken[0]] == ["missed"]
    assert len(server.requests("GET", "/messages")) == 1
    assert len(server.requests()) < 10
    assert took < 10


async def test_a_place_that_echo_never_saw_is_not_read_back_but_gets_its_mark() -> None:
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        await ada.says(channel, "<@bot> you were not here yet")
        async with connected_bot(server) as bot:
            await marked(bot, channel)
    assert not bot.turns.taken
    assert not server.requests("GET", "/messages")


async def test_a_forum_post_that_was_written_while_echo_was_away_is_answered() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        forum, ada = guild.add_forum("questions"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            await eventually(lambda: (Platform.DISCORD, str(forum.id)) in store.marks)
        await ada.posts(forum, "Gears", "<@bot> how do they work?")
        await ada.posts(forum, "Cats", "not for Echo")
        async with connected_bot(server, store=store) as bot:
            await bot.turns.until_taken(1)
    assert [[inbound.text for inbound in batch] for batch in bot.turns.taken] == [["how do they work?"]]


async def test_what_is_older_than_the_age_is_left_alone() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
        await ada.says(thread, "missed")
        async with connected_bot(server, store=store, catch_up_age=timedelta(0)) as bot:
            await marked(bot, thread)
    assert not bot.turns.taken


async def test_a_history_that_cannot_be_read_now_is_read_a_little_later() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
        await ada.says(thread, "missed")
        server.faults.refuse(400, 0, method="GET", path="/messages", times=2)
        async with connected_bot(server, store=store) as bot:
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["missed"]


async def test_a_message_that_comes_while_the_history_cannot_be_read_waits_for_the_older_ones() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
        await ada.says(thread, "missed")
        server.faults.refuse(400, 0, method="GET", path="/messages", times=2)
        bot = start_bot(server, store=store)
        await server.until(lambda: server.faults.struck)
        await ada.says(thread, "live")
        await bot.turns.until(1)
        await bot.leaves()
    order = [event.inbound.text for event in sorted(store.events.values(), key=lambda event: event.key)]
    assert order == ["let us talk", "missed", "live"]


async def test_what_is_read_because_somebody_writes_there_is_read_again_after_a_failure() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            await marked(bot, await said(ada, channel))
        await ada.says(channel, "<@bot> missed")
        server.faults.refuse(400, 0, method="GET", path="/messages", times=2)
        async with connected_bot(server, store=store) as bot:
            await ada.says(channel, "<@bot> live")
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["missed"]


async def test_a_history_that_stays_unreadable_is_read_at_the_next_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source.adapters.discord.catch_up._MOST_ATTEMPTS", 5)
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            thread = await thread_of(server, ada, channel)
        await ada.says(thread, "missed")
        server.faults.refuse(400, 0, method="GET", path="/messages", times=5)
        async with connected_bot(server, store=store) as bot:
            await eventually(lambda: not server.faults.pending)
            await ada.says(thread, "live")
            await bot.turns.until(1)
        async with connected_bot(server, store=store) as bot:
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["missed"]


async def test_a_message_in_hand_at_a_crash_is_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source.adapters.discord.platform._FINISH", timedelta(0))
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada")
        async with connected_bot(server, store=store) as bot:
            await bot.has_looked_around()
            server.faults.hang(method="POST", path="/threads")
            await ada.says(channel, "<@bot> a question")
            await server.until(lambda: server.faults.struck)
            await ada.says(channel, "something else")
        assert not store.events
        async with connected_bot(server, store=store) as bot:
            batch = await bot.turns.until_taken(1)
    assert [inbound.text for inbound in batch] == ["a question"]


async def test_a_mention_that_was_missed_twice_opens_one_thread() -> None:
    store = empty_store()
    async with FakeDiscord() as server:
        guild = server.add_guild("Workshop")
        channel, ada = guild.add_text_channel("general"), guild.add_member("Ada", nick="Countess")
        async with connected_bot(server, store=store) as bot:
            await marked(bot, await said(ada, channel))
        message = await ada.says(channel, "<@bot> a question")
        # A process that was killed between the opening of the thread and the acceptance.
        await ada.opens_thread(message, "opened before the crash")
        async with connected_bot(server, store=store) as bot:
            batch = await bot.turns.until_taken(1)
    assert batch[0].thread.thread_id == str(message.id)
    assert batch[0].person.display_name == "Countess"
