"""Conversations and messages for the tests of stores."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from source.domain.conversation_head import ConversationHead, ConversationState, CreatedReason, StoredConversation
from source.domain.message import OF_BUSINESS, Message, MessageType
from source.domain.thread import PersonRef, Platform, ThreadRef
from source.domain.turn import InboundMessage, ModelUsage, Purpose

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
ANN = PersonRef("ann", "Ann")
BEN = PersonRef("ben", "Ben")
TEAM = PersonRef(OF_BUSINESS, "The team")
MAIN = ThreadRef(Platform.TERMINAL, "main")
GUILD = ThreadRef(Platform.DISCORD, "42", guild_id="7", guild_name="Lighthouse")
CLOSED = ThreadRef(Platform.DISCORD, "43", guild_id="7", guild_name="Lighthouse", circle="staff")
_numbers = itertools.count(1)


def inbound(
    text: str = "Hello", *, event_id: str | None = None, thread: ThreadRef = MAIN, person: PersonRef = ANN
) -> InboundMessage:
    return InboundMessage(event_id or f"event-{next(_numbers)}", thread, person, text, NOW)


def head(
    *, thread: ThreadRef = MAIN, requester: str | None = "ann", at: datetime = NOW, is_active: bool = True
) -> ConversationHead:
    number = next(_numbers)
    return ConversationHead(
        conversation_id=number,
        thread=thread,
        requester=requester,
        created_at=at,
        updated_at=at,
        created_reason=CreatedReason.FIRST_MESSAGE,
        filename=f"{number}.json",
        state=ConversationState.ACTIVE if is_active else ConversationState.ENDED,
    )


def said(text: str = "Hello", *, by: PersonRef | None = ANN, after: float = 0, event_id: str | None = None) -> Message:
    """A chat message, a person's or (`by=None`) Echo's, `after` seconds from NOW."""
    return Message(
        NOW + timedelta(seconds=after),
        MessageType.CHAT,
        text,
        requester=by.external_id if by else None,
        message_id=next(_numbers),
        event_id=event_id,
    )


def call(
    input_tokens: int,
    *,
    after: float = 0,
    output_tokens: int = 10,
    model: str = "model",
    purpose: Purpose = Purpose.REPLY,
    person: str | None = None,
    cost: int | None = None,
    estimated: bool = False,
) -> ModelUsage:
    """A model call that ended `after` seconds from NOW."""
    return ModelUsage(
        model,
        purpose,
        NOW + timedelta(seconds=after),
        input_tokens,
        input_tokens // 2,
        output_tokens,
        estimated=estimated,
        cost=cost,
        person=person,
    )


def whole(conversation_head: ConversationHead, *messages: Message, **people: str) -> StoredConversation:
    """The conversation as a store has it once these messages were said."""
    for message in messages:
        conversation_head = conversation_head.with_message(message)
    return StoredConversation(conversation_head, messages, people)


def renamed(conversation: StoredConversation, title: str) -> StoredConversation:
    return replace(conversation, head=replace(conversation.head, title=title))
