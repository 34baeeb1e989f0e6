"""What was said on Discord, compared with what Echo has of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from source.domain.errors import DeliveryError, StoreUnavailableError, UndeliverableError
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadKey, ThreadRef
from source.ports.metadata import PlatformHistory, Synced
from tests.fakes.discord import FakeDiscord, posting, threads
from tests.fakes.discord.channel import Channel
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.message import Draft, Reference
from tests.fakes.discord.message import Message as Post
from tests.fakes.discord.permissions import Permission
from tests.fakes.discord.person import Person
from tests.fakes.discord_platform import Bot, connected_bot, empty_store, marked, start_bot, thread_of
from tests.fakes.running_echo import eventually
from tests.fakes.store import InMemoryStore


class AcceptedIsSaid:
    """Implements SaidStore: whatever was accepted in a thread was said there, and reads as it did then."""

    def __init__(self, store: InMemoryStore) -> None:
        self._store = store
        self.edited_at: dict[str, datetime] = {}
        self.also: dict[int, Message] = {}

    async def said_in(self, thread: ThreadKey, since: datetime, *, limit: int = 2_000) -> list[Message]:
        await asyncio.sleep(0)
        accepted = sorted(self._store.events.values(), key=lambda event: event.key)
        also = [message for place, message in self.also.items() if str(place) == thread.thread_id]
        return also + [
            Message(
                event.inbound.sent_at,
                MessageType.CHAT,
                event.inbound.text,
                requester=event.inbound.person.external_id,
                message_id=event.key,
                event_id=event.inbound.event_id,
                edited_at=self.edited_at.get(event.inbound.event_id),
            )
            for event in accepted
            if event.inbound.thread.key == thread
        ]


class Visit:
    """A guild with a channel, Ada, and Echo, which can be away between two sessions."""

    def __init__(self, server: FakeDiscord) -> None:
        self.server = server
        self.store = empty_store()
        self.said = AcceptedIsSaid(self.store)
        self.guild: Guild = server.add_guild("Workshop")
        self.channel: Channel = self.guild.add_text_channel("general")
        self.ada: Person = self.guild.add_member("Ada")

    @asynccontextmanager
    async def echo(self) -> AsyncIterator[Bot]:
        async with connected_bot(self.server, store=self.store) as bot:
            await bot.has_looked_around()
            yield bot

    def history(self, bot: Bot) -> PlatformHistory:
        return bot.platform.history(self.said)

    def ref(self, place: Channel) -> ThreadRef:
        guild = place.guild
        return ThreadRef(Platform.DISCORD, str(place.id), str(guild.id) if guild else None)

    def earlier(self, place: Channel, text: str, *, minutes: float) -> Post:
        """Have Ada say something long ago, of which nobody was told."""
        at = datetime.now(UTC) - timedelta(minutes=minutes)
        return posting.put_into_the_past(self.server.world, place, self.ada.user, Draft(text), at)

    async def talk(self, *texts: str) -> tuple[Channel, list[Post]]:
        """Have Ada begin a thread and say more there, while Echo is there."""
        async with self.echo() as bot:
            thread = await thread_of(self.server, self.ada, self.channel)
            posts = [await self.ada.says(thread, text) for text in texts]
            await bot.turns.until(1 + len(texts))
            await marked(bot, thread)
        return thread, posts


@pytest.fixture
async def visit() -> AsyncIterator[Visit]:
    async with FakeDiscord() as server:
        yield Visit(server)


async def test_where_nothing_is_new_nothing_is_asked_of_discord(visit: Visit) -> None:
    thread, _ = await visit.talk("hello")
    async with visit.echo() as bot:
        before = len(visit.server.requests())
        assert await visit.history(bot).sync(visit.ref(thread), full=False) == Synced()
        assert len(visit.server.requests()) == before


async def test_what_an_earlier_look_had_to_give_up_is_taken_in(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("source.adapters.discord.catch_up._MOST_ATTEMPTS", 1)
    thread, _ = await visit.talk("hello")
    await visit.ada.says(thread, "missed")
    await visit.ada.says(thread, "missed too")
    visit.server.faults.refuse(400, 0, method="GET", path="/messages")
    async with visit.echo() as bot:
        await eventually(lambda: not visit.server.faults.pending)
        await eventually(lambda: bot.platform._assembly.catch_up._gaps.of(thread.id) is None)
        assert await visit.history(bot).sync(visit.ref(thread), full=False) == Synced(found=2)
    assert [each.text for each in bot.turns.taken[0]] == ["missed", "missed too"]


async def test_direct_messages_are_looked_at_with_one_request(visit: Visit) -> None:
    async with visit.echo() as bot:
        await visit.ada.says(visit.ada.dm, "hello")
        await bot.turns.until(1)
        await marked(bot, visit.ada.dm)
        before = len(visit.server.requests("GET", "/messages"))
        assert await visit.history(bot).sync(visit.ref(visit.ada.dm), full=False) == Synced()
        assert len(visit.server.requests("GET", "/messages")) == before + 1


async def test_edits_and_deletions_that_nobody_told_echo_of_are_followed(visit: Visit) -> None:
    thread, posts = await visit.talk("how do geers work?", "stays", "never mind", "edited to the same")
    await visit.ada.edits(posts[0], "how do gears work?")
    await visit.ada.deletes(posts[2])
    await visit.ada.edits(posts[3], "edited to the same")
    async with visit.echo() as bot:
        history = visit.history(bot)
        assert await history.sync(visit.ref(thread), full=False) == Synced()
        assert await history.sync(visit.ref(thread), full=True) == Synced(edited=1, deleted=1)
    assert bot.corrections.edits == [(str(posts[0].id), "how do gears work?")]
    assert bot.corrections.deletions == [str(posts[2].id)]


async def test_an_edit_that_was_followed_is_not_followed_again(visit: Visit) -> None:
    thread, posts = await visit.talk("first")
    await visit.ada.edits(posts[0], "second")
    assert posts[0].edited_at is not None
    visit.said.edited_at[str(posts[0].id)] = posts[0].edited_at
    async with visit.echo() as bot:
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced()


async def test_the_message_that_a_thread_hangs_on_is_looked_for_where_it_stands(visit: Visit) -> None:
    thread, _ = await visit.talk("hello")
    begin = visit.channel.messages[thread.id]
    async with visit.echo() as bot:
        history = visit.history(bot)
        assert await history.sync(visit.ref(thread), full=True) == Synced()
    await visit.ada.edits(begin, "<@bot> let us talk of something else")
    async with visit.echo() as bot:
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced(edited=1)
        assert bot.corrections.edits == [(str(begin.id), "let us talk of something else")]
    await visit.ada.deletes(begin)
    async with visit.echo() as bot:
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced(deleted=1)
        assert bot.corrections.deletions == [str(begin.id)]


async def test_the_first_message_of_a_forum_post_stands_in_the_post(visit: Visit) -> None:
    forum = visit.guild.add_forum("questions")
    async with visit.echo() as bot:
        thread, post = await visit.ada.posts(forum, "Gears", "<@bot> how do geers work?")
        await bot.turns.until(1)
    await visit.ada.edits(post, "<@bot> how do gears work?")
    async with visit.echo() as bot:
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced(edited=1)
    await visit.ada.deletes(post)
    async with visit.echo() as bot:
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced(deleted=1)


async def test_what_discord_only_does_not_show_is_not_taken_for_deleted(visit: Visit) -> None:
    thread, posts = await visit.talk("hello")
    posts[0].channel.drop(posts[0])  # in no list, but there
    async with visit.echo() as bot:
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced()
    assert not bot.corrections.deletions


async def test_without_the_right_to_read_nothing_is_followed(visit: Visit) -> None:
    thread, _ = await visit.talk("hello")
    visit.guild.overwrite(visit.channel, visit.server.bot, deny=Permission.READ_MESSAGE_HISTORY)
    async with visit.echo() as bot:
        with pytest.raises(UndeliverableError, match="Read Message History"):
            await visit.history(bot).sync(visit.ref(thread), full=True)
    assert not bot.corrections.deletions


async def test_what_echo_never_took_is_taken_in_once(visit: Visit) -> None:
    thread, _ = await visit.talk("hello")
    oldest = visit.earlier(thread, "three days ago", minutes=3 * 24 * 60)
    visit.said.also[thread.id] = Message(oldest.created_at, MessageType.CHAT, oldest.content, event_id=str(oldest.id))
    visit.earlier(thread, "two days ago", minutes=2 * 24 * 60)
    missed = visit.earlier(thread, "an hour ago", minutes=60)
    visit.earlier(thread, "on its way", minutes=0.1)
    async with visit.echo() as bot:
        history = visit.history(bot)
        assert await history.sync(visit.ref(thread), full=True) == Synced(found=1)
        assert [each.event_id for each in bot.turns.taken[0]] == [str(missed.id)]
        assert await history.sync(visit.ref(thread), full=True) == Synced()


async def test_what_echo_refused_is_not_taken_in_later(visit: Visit) -> None:
    thread, _ = await visit.talk("hello")
    answered = visit.earlier(thread, "too much", minutes=30)
    told = Draft("That is too much for now.", reference=_reference_to(answered))
    posting.post(visit.server.world, thread, visit.server.bot, told)
    async with visit.echo() as bot:
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced()
        silent = visit.earlier(thread, "too much again", minutes=20)
        bot.platform._assembly.teller._note(silent.id)
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced()
    assert not bot.turns.taken


async def test_what_cannot_be_kept_fails_the_sync(visit: Visit) -> None:
    thread, _ = await visit.talk("hello")
    visit.earlier(thread, "an hour ago", minutes=60)
    async with visit.echo() as bot:
        bot.turns.refusing = StoreUnavailableError("full")
        with pytest.raises(DeliveryError, match="cannot be kept"):
            await visit.history(bot).sync(visit.ref(thread), full=True)


async def test_an_archived_thread_is_fetched_only_in_full(visit: Visit) -> None:
    thread, posts = await visit.talk("hello")
    await visit.ada.deletes(posts[0])
    await visit.ada.archives(thread)
    async with visit.echo() as bot:
        before = len(visit.server.requests())
        assert await visit.history(bot).sync(visit.ref(thread), full=False) == Synced()
        assert len(visit.server.requests()) == before
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced(deleted=1)


async def test_a_thread_that_is_gone_says_so_and_keeps_what_was_said(visit: Visit) -> None:
    thread, _ = await visit.talk("hello")
    threads.delete(visit.server.world, thread)
    async with visit.echo() as bot:
        with pytest.raises(UndeliverableError):
            await visit.history(bot).sync(visit.ref(thread), full=True)
    assert not bot.corrections.deletions


async def test_a_guild_that_echo_left_and_an_id_that_is_none_are_said(visit: Visit) -> None:
    thread, _ = await visit.talk("hello")
    async with visit.echo() as bot:
        history = visit.history(bot)
        await bot.platform.client.wait_until_ready()
        with pytest.raises(UndeliverableError, match="not in that Discord server"):
            await history.sync(replace(visit.ref(thread), guild_id="1"), full=True)
        with pytest.raises(UndeliverableError, match="no id"):
            await history.sync(replace(visit.ref(thread), thread_id="abc"), full=True)


async def test_before_there_is_a_connection_the_sync_waits_for_the_next(visit: Visit) -> None:
    visit.server.go_offline()
    bot = start_bot(visit.server, store=visit.store)
    with pytest.raises(DeliveryError, match="not connected"):
        await visit.history(bot).sync(ThreadRef(Platform.DISCORD, "1", "2"), full=False)
    visit.server.go_online()
    await visit.server.wait_ready()
    await bot.leaves()


async def test_a_long_history_is_read_for_a_bounded_number_of_pages(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("source.adapters.discord.comparison._MOST_READ", 200)
    thread, posts = await visit.talk("old one", "old two")
    for number in range(260):
        visit.server.world.snowflakes.next()
        posting.post(visit.server.world, thread, visit.server.bot, Draft(f"line {number}"))
    await visit.ada.deletes(posts[0])
    async with visit.echo() as bot:
        assert await visit.history(bot).sync(visit.ref(thread), full=True) == Synced()
    listed = [call for call in visit.server.requests("GET", "/messages") if call.path.endswith("/messages")]
    assert len([call for call in listed if "after" not in call.query]) == 2
    assert not bot.corrections.deletions


def _reference_to(post: Post) -> Reference:
    return Reference(post.id, post.channel.id, post.channel.guild.id if post.channel.guild else None)
