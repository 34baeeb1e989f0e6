"""Conversations to be written to transcripts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GUILD = ThreadRef(Platform.DISCORD, "1234567890", "987654321", "My Server")


def a_head(conversation_id: int = 1, **changes: object) -> ConversationHead:
    head = ConversationHead(
        conversation_id=conversation_id,
        thread=GUILD,
        requester="42",
        created_at=MORNING,
        updated_at=MORNING + timedelta(minutes=5),
        created_reason=CreatedReason.FIRST_MESSAGE,
        filename="",
        last_message_at=MORNING + timedelta(minutes=5),
    )
    return replace(head, **changes)  # type: ignore[arg-type]  # fields by name


def a_conversation(conversation_id: int = 1, *texts: str, **changes: object) -> StoredConversation:
    """A conversation in which "42" says the first text, Echo the second, and so on."""
    messages = tuple(
        Message(
            created_at=MORNING + timedelta(seconds=number),
            message_type=MessageType.CHAT,
            message_content=text,
            requester=None if number % 2 else "42",
            message_id=conversation_id * 1000 + number,
            event_id=None if number % 2 else f"event-{conversation_id}-{number}",
        )
        for number, text in enumerate(texts or ("Hello, Echo!", "Hi! How can I help you?"))
    )
    return StoredConversation(a_head(conversation_id, **changes), messages, {"42": "Ada"})


def named(conversation: StoredConversation, filename: str) -> StoredConversation:
    return replace(conversation, head=replace(conversation.head, filename=filename))


def in_state(conversation: StoredConversation, state: ConversationState) -> StoredConversation:
    return replace(conversation, head=replace(conversation.head, state=state))
