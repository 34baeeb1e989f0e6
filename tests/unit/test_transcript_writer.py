"""The manager's writer of transcripts: what fails alone, and what changes while it is written."""

from datetime import datetime, timedelta

from source.domain.message import Message, MessageType
from source.services.conversation_manager import Conversation, InMemoryConversationManager
from tests.fakes.clock import FakeClock
from tests.fakes.transcripts import InMemoryTranscripts


def chat(text: str) -> Message:
    return Message(datetime(2026, 3, 2, 9, 0), MessageType.CHAT, text, requester="789")


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
            datetime(2026, 3, 2, 9, 0), MessageType.TOOL_CALL, "Calling", tools=[{"name": "x", "params": nested(900)}]
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
