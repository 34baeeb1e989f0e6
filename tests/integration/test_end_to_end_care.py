"""Cases that are easy to get wrong: old messages, several people, two ways in, and who owns a database."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from source.adapters.llm.offline import OfflineModel
from source.app.composition import open_echo
from source.domain.errors import DeliveryError, FolderInUseError, StoreUnavailableError
from source.domain.message import Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.ports.recall import Eyes
from source.ports.store import Scope
from source.services.tools import SearchMessages
from tests.fakes.channel import FakeChannel, FakeReply
from tests.fakes.clock import FakeClock
from tests.fakes.openai_script import Fails
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.running_echo import (
    ADA,
    Talk,
    database_rows,
    eventually,
    forget_database,
    running_echo,
    settings_for,
)

BEN = PersonRef("ben", "Ben")
GUILD = ThreadRef(Platform.DISCORD, "42", guild_id="7", guild_name="Club")


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAIServer]:
    async with FakeOpenAIServer() as running:
        yield running


async def test_a_live_message_is_answered_however_short_the_patience_after_a_restart(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), answer_max_age_minutes=0) as talk:
        assert (await talk.say("Hello")).delivered == "You said: Hello"


async def test_a_long_outage_ends_with_the_answer_that_was_promised(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), model_max_attempts=1) as talk:
        server.queue(Fails(500))
        await talk.say("Hello")
        talk.clock.advance(hours=3)
        await eventually(lambda: bool(talk.channel.delivered))

    assert talk.channel.delivered == ["You said: Hello"]


async def test_a_message_that_is_too_old_at_a_restart_is_told_to_have_been_missed(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    clock = FakeClock()
    async with running_echo(tmp_path, server, clock, model_max_attempts=1) as talk:
        server.queue(Fails(500))
        await talk.say("Hello")
    clock.advance(hours=3)
    async with running_echo(tmp_path, server, clock) as talk:
        await talk.echo.turns.recover(talk.channel)
        conversation = await talk.conversation()

    [told] = talk.channel.delivered
    assert told.startswith("I was interrupted")
    assert [message.interrupted for message in conversation.messages] == [False, True]
    assert len(server.requests) == 1


async def test_a_search_finds_only_what_everyone_who_is_answered_may_see(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    def scope(person: PersonRef) -> Scope:
        return Scope(Platform.DISCORD, person.external_id, "7")

    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My salary is a secret", thread=GUILD, person=BEN)
        search = SearchMessages(talk.echo.recall, lambda: 3_000)
        alone = await search.run({"words": "salary"}, Eyes((scope(BEN),)))
        together = await search.run({"words": "salary"}, Eyes((scope(BEN), scope(ADA))))

    assert "secret" in alone
    assert together == '{"found": []}'


async def test_a_turn_in_a_conversation_that_the_plain_api_began_keeps_both(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        manager = talk.echo.manager
        manager.create_conversation("main", None, None, "ada", platform=Platform.TERMINAL)
        before = Message(talk.clock.now(), MessageType.CHAT, "Before", requester="ada")
        manager.add_message_to_conversation("main", before, platform=Platform.TERMINAL)
        reply = await talk.say("Hello")
        conversation = await talk.conversation()

    assert reply.delivered == "You said: Hello"
    assert [message.message_content for message in conversation.messages] == ["Before", "Hello", "You said: Hello"]


async def test_a_summary_that_a_caller_wrote_reaches_the_store_although_a_turn_came_between(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        conversation = talk.echo.manager.get_conversation("main", platform=Platform.TERMINAL)
        assert conversation is not None
        conversation.summary = "Mine"
        await talk.say("Hello again")
        assert await conversation.save_conversation()
        assert (await talk.conversation()).head.summary == "Mine"


async def test_two_folders_cannot_own_one_database(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'shared' / 'echo.db'}"
    one = settings_for(tmp_path / "one", database_url=database)
    other = settings_for(tmp_path / "other", database_url=database)
    async with open_echo(one, model=OfflineModel()):
        with pytest.raises(FolderInUseError):
            async with open_echo(other, model=OfflineModel()):
                pass


class _NoNotices(FakeReply):
    async def notice(self, line: str) -> None:
        raise DeliveryError(f"no room for {len(line)} characters")


class _NoNoticesChannel(FakeChannel):
    def open_reply(self, thread: ThreadRef, answering: Sequence[int] = ()) -> FakeReply:
        reply = _NoNotices(thread, self)
        self.replies.append(reply)
        return reply


async def test_a_notice_that_cannot_be_shown_does_not_cost_the_answer(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        talk.clock.advance(hours=49)
        channel = _NoNoticesChannel()
        await talk.echo.turns.handle(talk.inbound("Back"), channel)

    assert channel.delivered == ["You said: Back"]


async def test_new_after_archive_follows_what_was_archived(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("My cat is called Miro")
        await talk.command("archive")
        await talk.command("new")
        archived, new = await talk.conversations()

    assert new.head.parent_conversation_id == archived.head.conversation_id
    assert new.head.carried_summary == archived.head.summary != ""


async def test_without_summaries_no_model_is_asked_for_one_at_the_end_of_a_window(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock(), include_summary=False) as talk:
        await talk.say("My cat is called Miro")
        talk.clock.advance(hours=49)
        await talk.say("Back")
        ended, new = await talk.conversations()

    assert len(server.requests) == 2
    assert new.head.carried_summary == ""
    assert "Miro" in ended.head.summary


async def test_a_short_quiet_is_told_in_minutes(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock(), conversation_timeout_hours=0.5) as talk:
        await talk.say("Hello")
        talk.clock.advance(minutes=45)
        reply = await talk.say("Back")

    assert reply.notices[0].startswith("New conversation after 45 minutes of quiet")


async def test_an_end_after_a_clock_that_jumped_back_takes_no_time_away(
    tmp_path: Path, server: FakeOpenAIServer
) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
        before = (await talk.conversation()).head.updated_at
        talk.clock.jump(hours=-5)
        await talk.command("archive")
        [archived] = await talk.conversations()

    assert archived.head.updated_at >= before
    assert database_rows(tmp_path, "SELECT count(*) FROM conversations WHERE is_active") == [(0,)]


async def test_a_message_from_the_far_future_spoils_no_ids(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        manager = talk.echo.manager
        conversation = manager.create_conversation("main", None, None, "ada", platform=Platform.TERMINAL)
        later = Message(talk.clock.now() + timedelta(days=80_000), MessageType.CHAT, "Later", requester="ada")
        added = manager.add_message_to_conversation("main", later, platform=Platform.TERMINAL)
        assert replace(added, message_id=0) == later
        assert conversation.conversation_id < added.message_id < 2**53


async def test_a_lost_database_is_not_followed_by_an_empty_one(tmp_path: Path, server: FakeOpenAIServer) -> None:
    async with running_echo(tmp_path, server, FakeClock()) as talk:
        await talk.say("Hello")
    forget_database(tmp_path)
    with pytest.raises(StoreUnavailableError, match="rebuild --from transcripts"):
        async with running_echo(tmp_path, server, FakeClock()):
            pass


async def test_what_echo_says_while_offline_is_not_what_was_talked_about(tmp_path: Path) -> None:
    async with open_echo(settings_for(tmp_path), model=OfflineModel()) as echo:
        talk = Talk(echo, FakeClock(), settings_for(tmp_path))
        await talk.say("My cat is called Miro")
        summary, found = await talk.command("summary"), await talk.command("search offline key")

    assert "Miro" in summary
    assert "offline" not in summary
    assert found == "Nothing that was said here holds those words."
