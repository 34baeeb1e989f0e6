"""Conversations of any length, for filling a store."""

from datetime import datetime, timedelta

from source.domain.conversation_head import ConversationHead, CreatedReason, StoredConversation
from source.domain.identifiers import IdGenerator
from source.domain.message import Message, MessageType
from source.domain.thread import Platform, ThreadRef
from source.domain.transcript_name import transcript_name

PERSON = "Ada"
_TEXT = "message {place} of conversation {number}: the lighthouse keeper saw two ships and wrote their names down"
_SHOWN = 30
_STEP = timedelta(seconds=1)


def made_up(number: int, length: int, *, last_at: datetime, ids: IdGenerator) -> StoredConversation:
    """Return a conversation whose last message was said at `last_at`, with a context as a long one has it."""
    began = last_at - length * _STEP
    thread = ThreadRef(Platform.TERMINAL, f"thread-{number}")
    head = ConversationHead(
        conversation_id=ids.next(began),
        thread=thread,
        requester=PERSON,
        created_at=began,
        updated_at=last_at,
        created_reason=CreatedReason.FIRST_MESSAGE,
        # One name for each: people of the same name on one day share none.
        filename=transcript_name(
            created_at=began, requester=f"{PERSON}-{number}", guild_id=None, platform=thread.platform
        ),
        last_message_at=last_at,
        running_summary="They spoke of ships." if length > _SHOWN else "",
        context_start=max(0, length - _SHOWN),
    )
    messages = tuple(_message(number, place, began + (place + 1) * _STEP, ids) for place in range(length))
    return StoredConversation(head, messages, {PERSON: PERSON})


def _message(number: int, place: int, at: datetime, ids: IdGenerator) -> Message:
    from_person = place % 2 == 0
    return Message(
        at,
        MessageType.CHAT,
        _TEXT.format(place=place, number=number),
        requester=PERSON if from_person else None,
        message_id=ids.next(at),
        event_id=f"event-{number}-{place}" if from_person else None,
    )
