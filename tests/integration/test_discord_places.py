"""Where Echo answers on Discord, over the wire."""

import pytest

from source.domain.thread import PersonRef, Platform, ThreadRef
from tests.fakes.discord import FakeDiscord, payloads, posting, threads
from tests.fakes.discord.channel import Channel, ChannelType
from tests.fakes.discord.guild import Guild
from tests.fakes.discord.message import Draft, MessageType
from tests.fakes.discord.permissions import Permission, Role
from tests.fakes.discord.person import Person
from tests.fakes.discord.wire import Json
from tests.fakes.discord_platform import Bot, connected_bot


def _workshop(server: FakeDiscord) -> tuple[Guild, Channel, Person]:
    guild = server.add_guild("Workshop")
    return guild, guild.add_text_channel("general"), guild.add_member("Ada", nick="Countess")


async def _nothing_more(bot: Bot, ada: Person, *, after: int) -> None:
    """See that nothing but `after` messages and one more was handled."""
    await ada.says(ada.dm, "the end")
    await bot.turns.until(after + 1)
    assert bot.turns.texts[after:] == ["the end"]


async def test_a_direct_message_is_answered_where_it_was_written() -> None:
    async with FakeDiscord() as server:
        _, _, ada = _workshop(server)
        async with connected_bot(server) as bot:
            await ada.says(ada.dm, "hello")
            inbound = await bot.turns.until(1)
            answer = await server.answer_in(ada.dm)
    assert answer.content == "Answer to: hello"
    assert inbound.thread == ThreadRef(Platform.DISCORD, str(ada.dm.id))


async def test_a_mention_in_a_text_channel_is_answered_in_a_thread_named_after_the_topic() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        async with connected_bot(server) as bot:
            message = await ada.says(channel, "<@bot> how do **gears** work?")
            inbound = await bot.turns.until(1)
            thread = server.channel(message.id)
            await server.answer_in(thread)
    assert thread.name == "how do gears work?"
    assert inbound.text == "how do **gears** work?"
    assert inbound.thread == ThreadRef(Platform.DISCORD, str(thread.id), str(guild.id), "Workshop")
    assert inbound.person == PersonRef(str(ada.id), "Countess")
    assert inbound.event_id == str(message.id)
    assert not any(each.author is server.bot for each in server.messages(channel))


async def test_in_echos_thread_nobody_needs_to_mention_it() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        grace = guild.add_member("Grace")
        async with connected_bot(server) as bot:
            message = await ada.says(channel, "<@bot> hello")
            await bot.turns.until(1)
            thread = server.channel(message.id)
            await grace.says(thread, "may I join?")
            inbound = await bot.turns.until(2)
    assert (inbound.text, inbound.person.display_name) == ("may I join?", "Grace")
    assert inbound.thread.thread_id == str(thread.id)


async def test_in_other_peoples_threads_echo_speaks_only_when_mentioned() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server) as bot:
            thread = await ada.opens_thread(await ada.says(channel, "plans"), "plans")
            await ada.says(thread, "between us")
            await ada.says(thread, "<@bot> what do you think?")
            await bot.turns.until(1)
            await ada.says(thread, "between us again")
            await _nothing_more(bot, ada, after=1)
    assert bot.turns.handled[0].thread.thread_id == str(thread.id)


async def test_a_message_without_a_mention_in_a_text_channel_is_none_of_echos_business() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        role = guild.add_role("everyone's friends")
        async with connected_bot(server) as bot:
            await ada.says(channel, "hello everybody")
            await ada.says(channel, "@everyone listen")
            await ada.says(channel, f"<@&{role.id}> listen")
            await _nothing_more(bot, ada, after=0)


async def test_bots_webhooks_and_system_messages_are_not_answered() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server) as bot:
            message = await ada.says(channel, "<@bot> hello")
            await bot.turns.until(1)
            thread = server.channel(message.id)
            other = Person(server.world, server.world.add_user("Robot", is_bot=True), ada.guild)
            await other.says(ada.dm, "hello, Echo")
            posting.post(server.world, thread, ada.user, Draft("", kind=MessageType.CHANNEL_NAME_CHANGE))
            await _nothing_more(bot, ada, after=1)


async def test_a_forum_post_that_mentions_echo_is_its_own_from_then_on() -> None:
    async with FakeDiscord() as server:
        guild, _, ada = _workshop(server)
        forum = guild.add_forum("questions")
        async with connected_bot(server) as bot:
            other, _ = await ada.posts(forum, "Cats", "not for Echo")
            await ada.says(other, "nor is this")
            post, _ = await ada.posts(forum, "Gears", "<@bot> how do they work?")
            await bot.turns.until(1)
            await ada.says(post, "in detail, please")
            await bot.turns.until(2)
            await ada.says(other, "<@bot> but this is")
            await bot.turns.until(3)
    assert bot.turns.texts == ["how do they work?", "in detail, please", "but this is"]
    assert bot.turns.handled[1].thread.thread_id == str(post.id)


async def test_beside_a_voice_channel_echo_answers_in_place_when_mentioned() -> None:
    async with FakeDiscord() as server:
        guild, _, ada = _workshop(server)
        voice = guild.add_voice_channel("table")
        async with connected_bot(server) as bot:
            await ada.says(voice, "can you hear me?")
            await ada.says(voice, "<@bot> and you?")
            inbound = await bot.turns.until(1)
            await server.answer_in(voice)
    assert (inbound.text, inbound.thread.thread_id) == ("and you?", str(voice.id))


async def test_a_message_that_has_a_thread_already_is_answered_there() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server) as bot:
            server.faults.refuse(400, 160004, method="POST", path="/threads")
            message = await ada.says(channel, "<@bot> hello")
            inbound = await bot.turns.until(1)
    assert inbound.thread.thread_id == str(message.id)


@pytest.mark.parametrize(("status", "code"), [(403, 50013), (400, 160006), (403, 50001)])
async def test_where_no_thread_can_be_opened_the_channel_itself_is_used(status: int, code: int) -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server) as bot:
            server.faults.refuse(status, code, method="POST", path="/threads")
            await ada.says(channel, "<@bot> hello")
            inbound = await bot.turns.until(1)
            await server.answer_in(channel)
    assert inbound.thread.thread_id == str(channel.id)


async def test_without_the_permission_no_thread_is_even_asked_for() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        guild.overwrite(channel, guild.everyone, deny=Permission.CREATE_PUBLIC_THREADS)
        async with connected_bot(server) as bot:
            await ada.says(channel, "<@bot> hello")
            inbound = await bot.turns.until(1)
    assert inbound.thread.thread_id == str(channel.id)
    assert not server.requests("POST", "/threads")


async def test_a_message_that_was_deleted_before_its_thread_was_opened_is_forgotten() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        async with connected_bot(server) as bot:
            server.faults.refuse(404, 10008, method="POST", path="/threads")
            await ada.says(channel, "<@bot> never mind")
            await server.until(lambda: server.faults.struck)
            await _nothing_more(bot, ada, after=0)


async def test_a_channel_that_not_everyone_can_see_has_a_circle_of_its_own() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        guild.overwrite(channel, guild.everyone, deny=Permission.VIEW_CHANNEL)
        guild.overwrite(channel, ada, allow=Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)
        guild.overwrite(channel, server.bot, allow=Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES)
        async with connected_bot(server) as bot:
            message = await ada.says(channel, "<@bot> a secret")
            await bot.turns.until(1)
            await ada.says(server.channel(message.id), "another one")
            await bot.turns.until(2)
    assert [inbound.thread.circle for inbound in bot.turns.handled] == [str(channel.id)] * 2


@pytest.mark.parametrize(("permission", "is_closed"), [(Permission.CONNECT, True), (Permission.SEND_MESSAGES, False)])
async def test_a_voice_channel_that_not_everyone_may_enter_has_a_circle_of_its_own(
    permission: Permission, is_closed: bool
) -> None:
    async with FakeDiscord(checks=False) as server:
        guild = server.add_guild("Workshop")
        ada, voice = guild.add_member("Ada"), guild.add_voice_channel("table")
        guild.overwrite(voice, guild.everyone, deny=permission)
        guild.overwrite(voice, ada, allow=permission)
        guild.overwrite(voice, server.bot, allow=permission)
        async with connected_bot(server) as bot:
            await ada.says(voice, "<@bot> hello")
            inbound = await bot.turns.until(1)
    assert inbound.thread.circle == (str(voice.id) if is_closed else None)


async def test_a_private_thread_is_a_circle_of_its_own() -> None:
    async with FakeDiscord() as server:
        _, channel, ada = _workshop(server)
        thread = threads.create(server.world, channel, ada.user, "secret", kind=ChannelType.PRIVATE_THREAD)
        threads.add_member(server.world, thread, server.bot)
        async with connected_bot(server) as bot:
            await ada.says(thread, "<@bot> hello")
            inbound = await bot.turns.until(1)
    assert inbound.thread.circle == str(thread.id)


async def test_echos_own_role_counts_as_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        role, plain = guild.add_role("Echo"), payloads.role_object

        def managed(each: Role) -> Json:
            tags = {"managed": True, "tags": {"bot_id": str(server.bot.id)}} if each is role else {}
            return {**plain(each), **tags}

        monkeypatch.setattr(payloads, "role_object", managed)
        async with connected_bot(server) as bot:
            await ada.says(channel, f"<@&{role.id}> hello")
            inbound = await bot.turns.until(1)
    assert inbound.text == "hello"


async def test_a_reply_to_echo_that_notifies_it_counts_as_a_mention() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        guild.overwrite(channel, guild.everyone, deny=Permission.CREATE_PUBLIC_THREADS)
        async with connected_bot(server) as bot:
            await ada.says(channel, "<@bot> hello")
            answer = await server.answer_in(channel)
            await ada.says(channel, "go on", replying_to=answer)
            inbound = await bot.turns.until(2)
    assert (inbound.text, inbound.reply_to) == ("go on", str(answer.id))


async def test_a_thread_that_was_archived_is_known_again_when_somebody_writes_there() -> None:
    async with FakeDiscord() as server:
        guild, channel, ada = _workshop(server)
        (thread,) = guild.add_threads(channel, 1, archived=True)
        async with connected_bot(server) as bot:
            await ada.says(thread, "back again")
            inbound = await bot.turns.until(1)
    assert inbound.thread.thread_id == str(thread.id)
