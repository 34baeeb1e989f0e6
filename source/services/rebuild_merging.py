"""A transcript against what the store knows of the same conversation: what happened later counts."""

from dataclasses import replace

from source.domain.conversation_head import ConversationHead, StoredConversation
from source.domain.message import Message, as_utc


def merged(stored: StoredConversation, transcript: StoredConversation) -> StoredConversation:
    """Return what is to be restored: a transcript is written a moment after the store, and may be from before a crash.

    What was deleted, superseded or edited since stays so.
    """
    known = {message.message_id: message for message in stored.messages}
    messages = tuple(_later(known.get(message.message_id), message) for message in transcript.messages)
    return StoredConversation(_later_head(stored.head, transcript.head), messages, transcript.people)


def _later_head(stored: ConversationHead, head: ConversationHead) -> ConversationHead:
    if stored.updated_at > head.updated_at:
        return replace(stored, filename=head.filename)
    # A file from before its place was closed must not open it.
    circle = stored.thread.circle or head.thread.circle
    return head if circle == head.thread.circle else replace(head, thread=replace(head.thread, circle=circle))


def _later(stored: Message | None, message: Message) -> Message:
    if stored is None or not message.is_kept:
        return message
    if not stored.is_kept or _is_edited_after(stored, message):
        return stored
    return message


def _is_edited_after(stored: Message, message: Message) -> bool:
    if stored.edited_at is None:
        return False
    return message.edited_at is None or as_utc(stored.edited_at) > as_utc(message.edited_at)
