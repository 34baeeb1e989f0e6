"""The manager's writer of transcripts: what fails alone, and what changes while it is written."""

import asyncio
from datetime import datetime, timedelta

import pytest

from source.domain.errors import TranscriptUnwritableError
from source.domain.identifiers import IdGenerator
from source.domain.message import Message, MessageType
from source.services.conversation_manager import Conversation, InMemoryConversationManager
from source.services.transcript_writer import TranscriptWriter
from tests.fakes.clock import FakeClock
from tests.fakes.transcript_samples import a_conversation
from tests.fakes.transcripts import HeldTranscripts, InMemoryTranscripts


def chat(text: str) -> Message:
    return Message(datetime(2026, 3, 2, 9, 0), MessageType.CHAT, text, requester="789")


def copy_on(files: InMemoryTranscripts, *texts: str) -> Conversation:
    """A copy of one conversation as the store has it, with its transcript not written."""
    conversation = Conversation.loaded(a_conversation(1, *texts), IdGenerator())
    conversation.conversation_file_manager = files
    conversation.mark_unwritten()
    return conversation


def nested(depth: int) -> dict[str, object]:
    params: dict[str, object] = {}
    for _ in range(depth):
        params = {"inner": params}
    return params


def begun(manager: InMemoryConversationManager, thread_id: str) -> Conversation:
    return manager.create_conversation(thread_id=thread_id, guild_id="456", guild_name="Test", requester="789")


async def test_a_conversation_that_cannot_be_encoded_does_not_keep_others_from_their_transcripts() -> None:
    files = InMemoryTranscripts()
    manager = InMemoryConversationManager(files, clock=FakeClock(), transcript_delay=timedelta(0))
    deep = begun(manager, "1").add_message(
        Message(
            datetime(2026, 3, 2, 9, 0),
            MessageType.TOOL_CALL,
            "Calling",
            tools=[{"name": "x", "params": nested(100_000)}],
        )
    )
    other = begun(manager, "2")
    other.add_message(chat("hello"))
    await manager.write_transcripts()
    written_beside_it = other.is_saved
    other.add_message(chat("goodbye"))
    await manager.shutdown()

    assert written_beside_it
    assert [message.message_content for message in (await files.load(other.filename)).messages] == ["hello", "goodbye"]
    kept = manager.get_conversation("1")
    assert kept is not None
    assert list(kept.history) == [deep], "what could not be written stays in memory"


@pytest.mark.parametrize("unwritable", [None, TranscriptUnwritableError("the disk is full")])
async def test_a_copy_that_is_forgotten_while_it_is_written_does_not_wait_again(
    unwritable: TranscriptUnwritableError | None,
) -> None:
    files, writer = HeldTranscripts(), TranscriptWriter(FakeClock(), delay=timedelta(0))
    files.unwritable = unwritable
    forgotten = copy_on(files, "one")
    writer.note(forgotten)
    writing = asyncio.create_task(writer.write_all())
    await files.reached.wait()
    forgotten.mark_unwritten()
    writer.forget(forgotten)
    files.let_go.set()
    await writing

    assert len(writer) == 0
    assert writer.active_in(forgotten.head.thread.key) is None


@pytest.mark.parametrize("unwritable", [None, TranscriptUnwritableError("the disk is full")])
async def test_a_copy_that_comes_after_one_was_forgotten_during_its_write_is_written(
    unwritable: TranscriptUnwritableError | None,
) -> None:
    files, writer = HeldTranscripts(), TranscriptWriter(FakeClock(), delay=timedelta(0))
    files.unwritable = unwritable
    forgotten, newer = copy_on(files, "one"), copy_on(files, "one", "two")
    writer.note(forgotten)
    writing = asyncio.create_task(writer.write_all())
    await files.reached.wait()
    writer.forget(forgotten)
    writer.note(newer)
    files.let_go.set()
    await writing
    files.unwritable = None
    await writer.write_due()

    assert newer.is_saved
    assert len((await files.load(newer.filename)).messages) == 2


async def test_the_newest_copy_of_a_conversation_is_the_one_that_is_written() -> None:
    files, writer = InMemoryTranscripts(), TranscriptWriter(FakeClock(), delay=timedelta(0))
    older, newest = copy_on(files, "one"), copy_on(files, "one", "two")
    writer.note(older)
    writer.note(newest)
    await writer.write_all()

    assert (newest.is_saved, older.is_saved) == (True, False)
    assert len((await files.load(newest.filename)).messages) == 2
