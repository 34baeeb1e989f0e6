"""What is said while a conversation is being saved."""

import asyncio

from source.domain.message import Message, MessageType
from source.services.conversation import Conversation
from tests.fakes.held_store import HeldStore
from tests.fakes.transcript_samples import MORNING
from tests.fakes.transcripts import InMemoryTranscripts


def said(text: str) -> Message:
    return Message(MORNING, MessageType.CHAT, text, requester="42")


async def test_a_message_added_during_a_save_is_stored_by_the_next() -> None:
    store, files = HeldStore(), InMemoryTranscripts()
    conversation = Conversation("1", MORNING, None, None, "42", conversation_file_manager=files)
    conversation.store = store
    conversation.add_message(said("One"))
    saving = asyncio.create_task(conversation.save_conversation())
    await store.reached.wait()
    conversation.add_message(said("Two"))
    store.let_go.set()
    steps = (await saving, conversation.is_saved, conversation.has_unstored, await conversation.save_conversation())

    assert steps == (True, False, True, True)
    assert [message.message_content for message in store.messages[conversation.conversation_id]] == ["One", "Two"]
    assert len((await files.load(conversation.filename)).messages) == 2


async def test_two_who_save_at_the_same_time_give_nothing_twice() -> None:
    store, files = HeldStore(), InMemoryTranscripts()
    conversation = Conversation("1", MORNING, None, None, "42", conversation_file_manager=files)
    conversation.store = store
    conversation.add_message(said("One"))
    saving = asyncio.create_task(conversation.save_conversation())
    await store.reached.wait()
    settling = asyncio.create_task(conversation.settle())
    await asyncio.sleep(0)
    store.let_go.set()
    await settling

    assert await saving
    assert [message.message_content for message in store.messages[conversation.conversation_id]] == ["One"]
