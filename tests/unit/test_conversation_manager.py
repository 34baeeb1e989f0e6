"""The seed's Python API to the letter, and what its authors missed."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import TypedDict

import pytest

from source.domain.errors import TranscriptUnwritableError
from source.domain.eviction import MostBytes, MostConversations
from source.domain.thread import Platform, ThreadRef
from source.services.conversation_manager import Conversation, InMemoryConversationManager, Message, MessageType
from tests.fakes.clock import FakeClock
from tests.fakes.transcripts import HeldTranscripts, InMemoryTranscripts


class Guild(TypedDict):
    guild_id: str
    guild_name: str
    requester: str


GUILD: Guild = {"guild_id": "456", "guild_name": "Test", "requester": "789"}


def chat(text: str, requester: str | None = None) -> Message:
    return Message(created_at=datetime.now(), message_type=MessageType.CHAT, message_content=text, requester=requester)


def made(files: InMemoryTranscripts | None = None, **options: object) -> tuple[InMemoryConversationManager, FakeClock]:
    clock = FakeClock()
    return InMemoryConversationManager(files, clock=clock, **options), clock  # type: ignore[arg-type]


async def test_the_documented_example_works_as_it_is_written() -> None:
    files = InMemoryTranscripts()
    manager = InMemoryConversationManager(conversation_file_manager=files)
    conversation = manager.create_conversation(
        thread_id="1234567890", guild_id="987654321", guild_name="My Discord Server", requester="123456789012345678"
    )
    manager.add_message_to_conversation(thread_id="1234567890", message=chat("Hello, Echo!", "123456789012345678"))
    manager.add_message_to_conversation(
        thread_id="1234567890",
        message=Message(
            created_at=datetime.now(), message_type=MessageType.THINKING, message_content="Let me think..."
        ),
    )
    manager.add_message_to_conversation(
        thread_id="1234567890",
        message=Message(
            created_at=datetime.now(),
            message_type=MessageType.TOOL_CALL,
            message_content="Calling search_documents tool",
            tools=[{"name": "search_documents", "params": {"query": "python async programming", "limit": 5}}],
        ),
    )
    assert manager.get_conversation(thread_id="1234567890") is conversation
    assert len(conversation.history) == 3
    assert conversation.participants == ["123456789012345678"]
    assert conversation.updated_at >= conversation.created_at
    assert manager.is_conversation_thread("1234567890")
    assert not manager.is_conversation_thread("1")
    today = datetime.now().date().isoformat()
    assert conversation.filename == f"{today}_conversation-with-123456789012345678-in-987654321.json"
    assert await conversation.save_conversation() is True
    assert await manager.save_all_conversations() == {"1234567890": True}
    assert list(manager.get_all_conversations()) == ["1234567890"]
    assert conversation.tool_calls()[0]["name"] == "search_documents"
    manager.remove_conversation(thread_id="1234567890")
    assert manager.get_all_conversations() == {}
    await manager.shutdown()


async def test_saving_without_a_file_manager_says_so() -> None:
    conversation = Conversation(
        thread_id="123", created_at=datetime.now(), guild_id="456", guild_name="Test", requester="789"
    )
    with pytest.raises(ValueError, match=r"^conversation_file_manager is not set\. Cannot save conversation\.$"):
        await conversation.save_conversation()


def test_the_idle_time_is_five_minutes_and_can_be_set_on_the_class() -> None:
    assert InMemoryConversationManager.IDLE_TIME == 300


async def test_an_idle_conversation_is_saved_before_it_leaves_memory() -> None:
    files = InMemoryTranscripts()
    manager, clock = made(files)
    manager.create_conversation(thread_id="1", **GUILD)
    manager.add_message_to_conversation(thread_id="1", message=chat("hello", "789"))
    clock.advance(seconds=299)
    assert await manager.sweep() == 0
    clock.advance(seconds=1)
    assert await manager.sweep() == 1
    assert not manager.is_conversation_thread("1")
    assert [
        entry.conversation.messages[0].message_content async for entry in files.entries() if entry.conversation
    ] == ["hello"]
    await manager.shutdown()


async def test_a_message_resets_the_idle_timer() -> None:
    manager, clock = made(InMemoryTranscripts())
    manager.create_conversation(thread_id="1", **GUILD)
    clock.advance(seconds=299)
    manager.add_message_to_conversation(thread_id="1", message=chat("still here", "789"))
    clock.advance(seconds=299)
    assert await manager.sweep() == 0
    await manager.shutdown()


async def test_a_conversation_whose_save_fails_stays_in_memory_until_it_succeeds() -> None:
    files = InMemoryTranscripts()
    manager, clock = made(files)
    manager.create_conversation(thread_id="1", **GUILD)
    files.unwritable = TranscriptUnwritableError("the disk is full")
    clock.advance(seconds=400)
    assert await manager.sweep() == 0
    assert manager.is_conversation_thread("1")
    files.unwritable = None
    clock.advance(seconds=60)
    assert await manager.sweep() == 1
    await manager.shutdown()


async def test_a_conversation_in_use_never_leaves_memory() -> None:
    manager, clock = made(InMemoryTranscripts())
    manager.create_conversation(thread_id="1", platform=Platform.TERMINAL, **GUILD)
    async with manager.turn(ThreadRef(Platform.TERMINAL, "1")) as seat:
        clock.advance(seconds=1000)
        assert await manager.sweep() == 0
        assert manager.get_conversation("1", platform=Platform.TERMINAL) is seat.conversation
    await manager.shutdown()


async def test_a_conversation_that_is_handed_from_turn_to_turn_never_leaves_memory() -> None:
    """The lock looks free for a moment while a waiter wakes: users are counted, the lock is not asked."""
    manager, clock = made(InMemoryTranscripts())
    thread = ThreadRef(Platform.TERMINAL, "1")
    conversation = manager.create_conversation(thread_id="1", platform=Platform.TERMINAL, **GUILD)
    seen: list[bool] = []

    async def waiter() -> None:
        async with manager.turn(thread) as seat:
            seen.append(seat.conversation is conversation)

    async with manager.turn(thread):
        waiting = asyncio.create_task(waiter())
        await asyncio.sleep(0)
        clock.advance(seconds=1000)
    assert await manager.sweep() == 0
    await waiting
    assert seen == [True]
    await manager.shutdown()


async def test_a_turn_that_starts_during_the_write_keeps_its_conversation() -> None:
    files = HeldTranscripts()
    manager, clock = made(files)
    conversation = manager.create_conversation(thread_id="1", platform=Platform.TERMINAL, **GUILD)
    clock.advance(seconds=1000)
    sweeping = asyncio.create_task(manager.sweep())
    await files.reached.wait()
    async with manager.turn(ThreadRef(Platform.TERMINAL, "1")) as seat:
        files.let_go.set()
        assert await sweeping == 0
        assert seat.conversation is conversation
    assert manager.get_conversation("1", platform=Platform.TERMINAL) is conversation
    await manager.shutdown()


async def test_most_conversations_lets_the_longest_idle_go_first() -> None:
    manager, clock = made(InMemoryTranscripts(), strategies=(MostConversations(2),))
    for number in range(4):
        manager.create_conversation(thread_id=str(number), **GUILD)
        clock.advance(seconds=1)
    manager.add_message_to_conversation(thread_id="0", message=chat("back", "789"))
    assert await manager.sweep() == 2
    assert set(manager.get_all_conversations()) == {"0", "3"}
    await manager.shutdown()


async def test_most_bytes_lets_go_until_the_text_fits() -> None:
    manager, _ = made(InMemoryTranscripts(), strategies=(MostBytes(250),))
    for number in range(4):
        manager.create_conversation(thread_id=str(number), **GUILD)
        manager.add_message_to_conversation(thread_id=str(number), message=chat("x" * 100, "789"))
    assert manager.metrics().size_bytes == 400
    assert await manager.sweep() == 2
    assert manager.metrics().size_bytes == 200
    await manager.shutdown()


async def test_a_new_conversation_in_a_thread_ends_the_old_one_and_saves_it() -> None:
    files = InMemoryTranscripts()
    manager, _ = made(files)
    first = manager.create_conversation(thread_id="1", **GUILD)
    manager.add_message_to_conversation(thread_id="1", message=chat("one", "789"))
    second = manager.create_conversation(thread_id="1", **GUILD)
    manager.add_message_to_conversation(thread_id="1", message=chat("two", "789"))
    assert second.head.parent_conversation_id == first.conversation_id
    await manager.shutdown()
    saved = [entry async for entry in files.entries()]
    assert len({entry.filename for entry in saved}) == 2
    texts = sorted(entry.conversation.messages[0].message_content for entry in saved if entry.conversation)
    assert texts == ["one", "two"]


async def test_the_same_thread_id_on_two_platforms_is_two_threads() -> None:
    manager, _ = made(InMemoryTranscripts())
    discord = manager.create_conversation(thread_id="1", **GUILD)
    terminal = manager.create_conversation(thread_id="1", platform=Platform.TERMINAL, **GUILD)
    assert manager.get_conversation("1") is discord
    assert manager.get_all_conversations() == {"1": discord, "terminal:1": terminal}
    await manager.shutdown()


async def test_a_message_for_an_unknown_thread_is_refused() -> None:
    manager, _ = made(InMemoryTranscripts())
    with pytest.raises(KeyError, match="create_conversation"):
        manager.add_message_to_conversation(thread_id="nowhere", message=chat("hello"))


async def test_filters_find_conversations_in_memory() -> None:
    manager, _ = made(InMemoryTranscripts())
    manager.create_conversation(thread_id="1", guild_id="a", guild_name="A", requester="ana")
    manager.create_conversation(thread_id="2", guild_id="b", guild_name="B", requester="ben")
    manager.add_message_to_conversation(thread_id="2", message=chat("About BERLIN", "ana"))
    assert [each.thread_id for each in manager.find_conversations(guild_id="b")] == ["2"]
    assert [each.thread_id for each in manager.find_conversations(requester="ana")] == ["1", "2"]
    assert [each.thread_id for each in manager.find_conversations(containing="berlin")] == ["2"]
    await manager.shutdown()


async def test_messages_added_from_many_threads_are_all_there() -> None:
    files = InMemoryTranscripts()
    manager, _ = made(files)
    manager.create_conversation(thread_id="1", **GUILD)

    def talk(name: str) -> None:
        for number in range(200):
            manager.add_message_to_conversation(thread_id="1", message=chat(f"{name}-{number}", name))

    workers = [threading.Thread(target=talk, args=(f"w{number}",)) for number in range(4)]
    for worker in workers:
        worker.start()
    await asyncio.gather(*(asyncio.to_thread(worker.join) for worker in workers))
    conversation = manager.get_conversation("1")
    assert conversation is not None
    texts = [message.message_content for message in conversation.history]
    assert len(set(texts)) == len(texts) == 800
    assert len({message.message_id for message in conversation.history}) == 800
    await manager.shutdown()
    saved = await files.load(conversation.filename)
    assert len(saved.messages) == 800


async def test_transcripts_follow_their_conversation_after_a_delay() -> None:
    files = HeldTranscripts()
    manager, clock = made(files, transcript_delay=timedelta(seconds=2))
    await manager.start()
    await asyncio.sleep(0)
    conversation = manager.create_conversation(thread_id="1", **GUILD)
    manager.add_message_to_conversation(thread_id="1", message=chat("hello", "789"))
    clock.advance(seconds=1)
    await asyncio.sleep(0)
    assert not files.reached.is_set()
    clock.advance(seconds=2.5)
    await files.reached.wait()
    files.let_go.set()
    await manager.shutdown()
    assert conversation.is_saved
    assert (await files.load(conversation.filename)).messages[0].created_at.astimezone(UTC) <= datetime.now(UTC)


async def test_without_anything_to_save_with_conversations_leave_when_idle_and_count_as_unsaved() -> None:
    manager, clock = made()
    manager.create_conversation(thread_id="1", **GUILD)
    manager.add_message_to_conversation(thread_id="1", message=chat("hello", "789"))
    assert await manager.save_all_conversations() == {"1": False}
    clock.advance(seconds=300)
    assert await manager.sweep() == 1
    await manager.shutdown()


async def test_a_saved_conversation_keeps_no_second_copy_of_its_messages() -> None:
    manager, _ = made(InMemoryTranscripts())
    conversation = manager.create_conversation(thread_id="1", **GUILD)
    manager.add_message_to_conversation(thread_id="1", message=chat("hello", "789"))
    steps = (conversation.has_unstored, await conversation.save_conversation(), conversation.has_unstored)
    assert steps == (True, True, False)
    await manager.shutdown()
