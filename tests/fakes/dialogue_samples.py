"""Messages and heads of made-up conversations."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from source.domain.conversation_head import ConversationHead, CreatedReason
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = {"ana": "Ana", "ben": "Ben"}


def head_of(*, carried_summary: str = "", running_summary: str = "", created_at: datetime = BEGAN) -> ConversationHead:
    return ConversationHead(
        conversation_id=1,
        thread=ThreadRef(Platform.TERMINAL, "t"),
        requester="ana",
        created_at=created_at,
        updated_at=created_at,
        created_reason=CreatedReason.FIRST_MESSAGE,
        filename="conversation.json",
        carried_summary=carried_summary,
        running_summary=running_summary,
    )


def said(text: str, requester: str | None = "ana", *, kind: MessageType = MessageType.CHAT) -> Message:
    return Message(BEGAN, kind, text, requester=requester)


def dialogue(*said_in_turn: str | tuple[str | None, str] | Message, began: datetime = BEGAN) -> list[Message]:
    """A minute between messages, ids from 100; bare texts are Ana's and Echo's in turn, a pair names who speaks."""
    messages: list[Message] = []
    for place, each in enumerate(said_in_turn):
        if isinstance(each, str):
            message = said(each, "ana" if place % 2 == 0 else None)
        else:
            message = each if isinstance(each, Message) else said(each[1], each[0])
        messages.append(replace(message, created_at=began + timedelta(minutes=place), message_id=100 + place))
    return messages


def lisbon() -> list[Message]:
    return dialogue(
        "Hi!",
        "Hello Ana, how are you?",
        "I moved to Lisbon last month. My new job at Hotjar starts on 12 March.",
        "Congratulations on the job at Hotjar!",
        "Can you help me plan a trip to Porto for 3 people?",
        "Of course. The train from Lisbon to Porto takes about 3 hours.",
        "What about hotels?",
    )
